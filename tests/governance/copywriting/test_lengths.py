"""Limits of channels at their border, in the unit each counts: what is over is flagged, whole, and never cut."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from catalog.models import Attribute
from catalog.products.load import load_states
from catalog.products.state import flatten
from channels.demo.shop import ensure_channels
from channels.models import Channel
from governance.copywriting.lengths import length
from governance.models import CopyItem, Draft, PromptTemplate
from tests.governance.copywriting.conftest import Desk

OBEDIENT = "sandbox-obedient"  # says what its facts say, to the letter
WRITTEN = {
    "plain": "a",
    "composed": "é",
    "combining mark": "q\u0308",  # there is no one character for it
    "astral": "😀",
    "joined": "👨‍👩‍👧",
    "flag": "🇫🇷",
}
# Attribute, channel and field that it feeds, how much that takes, and whether it counts bytes.
FIELDS = [
    ("name", "google", "Title", 150, False),
    ("name", "amazon", "Title", 200, False),
    ("description", "google", "Description", 5000, False),
    ("description", "amazon", "Description", 2000, True),
]


@pytest.fixture
def mara(desk: Desk) -> Client:
    ensure_channels()
    client = Client()
    client.force_login(desk.world.people["mara"])
    return client


def filled(sign: str, most: int, *, in_bytes: bool) -> str:
    """A text of exactly so many characters or bytes, with the sign wherever there is room for it, to the very end."""
    size = length(sign, in_bytes=in_bytes)
    return "a" * (most % size) + sign * (most // size)


def drafted(desk: Desk, attribute: str, text: str) -> Draft:
    """A draft for an attribute that comes back from the provider as this text."""
    desk.template = PromptTemplate.objects.create(code="border", attribute=Attribute.objects.get(code=attribute))
    desk.price(OBEDIENT)
    return desk.draft(desk.version(OBEDIENT, inputs=["fabric"]), desk.product(fabric=text))


@pytest.mark.parametrize("sign", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize(("attribute", "channel", "field", "most", "in_bytes"), FIELDS)
def test_a_text_at_the_border_of_a_limit_passes_and_one_beyond_is_flagged_and_whole(
    models: Desk, mara: Client, attribute: str, channel: str, field: str, most: int, in_bytes: bool, sign: str
) -> None:
    where = f"{Channel.objects.get(code=channel).label}: {field}"
    text = filled(sign, most, in_bytes=in_bytes)
    beyond = f"{text}a" if len(sign) > 1 else f"{text}{sign}"
    size = length(beyond, in_bytes=in_bytes)
    draft = drafted(models, attribute, text)
    assert draft.text == text
    assert where not in str(draft.claims)
    longer = models.draft(draft.version, models.product("longer", fabric=beyond))
    assert longer.text == beyond
    of = "bytes" if in_bytes else "characters"
    assert {"problem": f"It has {size} {of}; {where} takes {most}."} in longer.claims
    assert longer.flags > draft.flags
    for each, taken in ((draft, most), (longer, size)):
        shown = mara.get(f"/texts/drafts/{each.pk}/").content.decode()
        rows = re.findall(rf"<li data-most=[^>]*><span>{where}[ <].*?</li>", shown)
        (told,) = [row for row in rows if ("data-in-bytes" in row) == in_bytes]
        assert f"<span data-length>{taken}</span> of {most}" in told
        assert ("data-over" in told) == (taken > most)


@pytest.mark.parametrize("sign", WRITTEN.values(), ids=WRITTEN.keys())
def test_what_is_too_long_for_its_attribute_is_a_draft_to_be_shortened(models: Desk, mara: Client, sign: str) -> None:
    Attribute.objects.filter(code="name").update(limits={"max_length": 60})
    text = filled(sign, 60, in_bytes=False)
    fits = drafted(models, "name", text)
    longer = models.draft(fits.version, models.product("longer", fabric=f"b{text}"))
    assert longer.text == f"b{text}"
    assert "this prompt takes 60" not in str(fits.claims)
    assert {"problem": "It has 61 characters; this prompt takes 60."} in longer.claims
    assert CopyItem.objects.get(pk=longer.item_id).state == "done"
    address = f"/texts/drafts/{longer.pk}/"
    answer = mara.post(address, {"do": "accept", "text": longer.text, "comment": "As it is."})
    assert answer.status_code == 422
    assert "at most 60 are possible" in answer.content.decode()
    assert mara.post(address, {"do": "accept", "text": text, "comment": "Shortened."}).status_code == 302
    state = load_states(ids=[longer.proposal.product_id], lock=False)["longer"]
    assert flatten(state)[""]["name@en_US"] == text


def test_accents_count_as_they_are_kept() -> None:
    """A model may write an accent as a character of its own; what is kept has one for both."""
    assert length("e\u0301" * 150) == 150
    assert length("e\u0301" * 150, in_bytes=True) == 300
    assert length(" 👨‍👩‍👧 ") == 5
    assert length("👨‍👩‍👧", in_bytes=True) == 18


def test_a_text_that_is_too_long_for_a_channel_is_taken_with_a_reason_only(models: Desk, mara: Client) -> None:
    draft = drafted(models, "name", "a" * 151)
    address = f"/texts/drafts/{draft.pk}/"
    answer = mara.post(address, {"do": "accept", "text": draft.text})
    assert answer.status_code == 422
    assert "Title takes 150. Shorten it, or say why it may be that long." in answer.content.decode()
    answer = mara.post(address, {"do": "accept", "text": draft.text, "comment": "Google gets another title."})
    assert answer.status_code == 302
