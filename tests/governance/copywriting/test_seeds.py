"""Known errors in the queue, and the figures of what became of texts."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ChangeSet
from channels.sandbox.openai.endpoint import HONEST
from governance import proposals
from governance.audit.chain import seal_all
from governance.copywriting import seeds
from governance.copywriting.drafts import CannotDecide
from governance.copywriting.figures import BY, figures
from governance.models import AuditEntry, Draft, Proposal, ProviderCall, SeededDraft, SeedPolicy
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_pages import page, post


@pytest.fixture
def mara(desk: Desk, client: Client) -> Client:
    """A reviewer; every draft is one of the share."""
    SeedPolicy.objects.create(pk=1, percent=100)
    client.force_login(desk.world.people["mara"])
    return client


def long_ago() -> dt.datetime:
    return timezone.now() - dt.timedelta(days=1)


def test_a_seed_is_shown_first_and_a_miss_is_told_at_once(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    before = desk.world.flat("tee")
    address = f"/texts/drafts/{draft.pk}/"
    text = page(mara, address)
    seed = SeededDraft.objects.get()
    assert seed.kind == "number"
    assert seed.text in text.replace("&#x27;", "'")
    assert seed.text != draft.text
    assert 'data-verdict="contradicted"' in text
    assert page(mara, address).count(seed.after) == text.count(seed.after)  # the same when loaded again
    text = post(mara, address, do="accept", text=seed.text, comment="sure")
    assert f"Missed. This draft held a known error, put there to check: “{seed.after}” instead of" in text
    assert desk.world.flat("tee") == before
    assert Proposal.objects.get().state == "open"
    assert draft.text in text
    assert "is written." in post(mara, address, do="accept", text=draft.text)
    seed.refresh_from_db()
    assert seed.caught is False


@pytest.mark.parametrize("how", ["reject", "mend"])
def test_a_seed_that_is_turned_down_or_mended_is_caught(mara: Client, desk: Desk, how: str) -> None:
    draft = desk.draft(desk.version(), desk.product())
    address = f"/texts/drafts/{draft.pk}/"
    page(mara, address)
    given = {"do": "reject", "why": "wrong"} if how == "reject" else {"do": "accept", "text": draft.text}
    assert "Well seen." in post(mara, address, **given)
    assert SeededDraft.objects.get().caught is True
    assert Proposal.objects.get().state == "open"
    assert "description@en_US" not in desk.world.flat("tee")[""]


def test_the_text_of_a_seed_is_written_by_no_way_at_all(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    page(mara, f"/texts/drafts/{draft.pk}/")
    seed, before = SeededDraft.objects.get(), desk.world.flat("tee")
    user = desk.world.people["mara"]
    for wrong in (seed.text, f"<p>{seed.text}</p>", f"  {seed.text}\n"):
        with acting(user=user, source=ChangeSet.Source.PAGE), pytest.raises(CannotDecide) as refused:
            proposals.accept(proposal=draft.proposal, user=user, instead=wrong, edited=True, comment="sure")
        assert refused.value.code == "seed"
    answer = mara.post(
        f"/api/v1/proposals/{draft.proposal.pk}/accept/",
        {"value": seed.text, "comment": "sure"},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "seed")
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=seed.text, comment="sure")
    post(mara, f"/texts/drafts/{draft.pk}/", do="accept", text=seed.text, comment="sure")  # an old page, once more
    assert desk.world.flat("tee") == before


def test_a_text_without_numbers_gets_a_claim_that_nothing_proves(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(inputs=["fabric"]), desk.product())
    change = seeds.worsened(draft)
    assert change
    assert (change.kind, change.text.startswith(draft.text)) == ("claim", True)
    found = seeds.offer(draft, desk.world.people["mara"])
    assert found
    assert found.flags == 1


def test_the_share_is_about_what_was_set(desk: Desk) -> None:
    SeedPolicy.objects.create(pk=1, percent=5)
    user = desk.world.people["mara"]
    drawn = sum(seeds._is_drawn(Draft(pk=pk), user) for pk in range(4000))
    assert 140 <= drawn <= 260


def test_who_misses_too_many_approves_one_by_one(mara: Client, desk: Desk) -> None:
    draft, user = desk.draft(desk.version(), desk.product()), desk.world.people["rafael"]
    rows = [Draft(**_copied(draft, n)) for n in range(20)]
    Draft.objects.bulk_create(rows)
    for number, each in enumerate(rows):
        SeededDraft.objects.create(draft=each, reviewer=user, text="x", kind="number", caught=number < 15)
    assert seeds.caught_by(user) == (20, 15)
    assert not seeds.may_batch(user)
    desk.world.verb("submit", draft.proposal.product, "mara")
    rafael = Client()
    rafael.force_login(user)
    product = draft.proposal.product
    page(rafael, f"/review/{product.pk}/")
    from governance.models import Standing

    pick = f"{product.pk} {Standing.objects.get(product=product).content_hash}"
    assert "Approve product by product" in post(rafael, "/review/batch/", pick=pick)
    assert Standing.objects.get(product=product).live is None
    SeededDraft.objects.update(caught=True)
    assert "1 products are approved." in post(rafael, "/review/batch/", pick=pick)


def _copied(draft: Draft, number: int) -> dict[str, Any]:
    row = draft.proposal
    copy = Proposal.objects.create(
        product=row.product, key=row.key, value=row.value, source="ai", state="replaced", reason=str(number)
    )
    return {"proposal": copy, "version": draft.version, "locale": draft.locale, "text": draft.text, "facts_hash": "x"}


def test_figures_are_what_the_rows_say(models: Desk) -> None:
    """Random decisions, counted a second time by hand."""
    dice = random.Random(7)
    version, mara, rafael = models.version(HONEST), models.world.people["mara"], models.world.people["ada"]
    fates = []
    for number in range(8):
        draft = models.draft(version, models.product(f"p{number}"))
        fate, user = dice.choice(["take", "edit", "reject", "wait"]), dice.choice([mara, rafael])
        with acting(user=user, source=ChangeSet.Source.PAGE):
            if fate == "reject":
                proposals.reject(proposal=draft.proposal, user=user, why="style")
            elif fate != "wait":
                edited = fate == "edit"
                text = draft.text + " Nice." if edited else None
                proposals.accept(proposal=draft.proposal, user=user, instead=text, edited=edited, comment="x")
        fates.append((fate, user.username))
    models.world.change("p0", values={"fabric": "Wool"})
    (row,) = figures("version", since=long_ago())
    assert row.name == "Description, version 1"
    counted = [fate for fate, _ in fates]
    assert (row.drafts, row.waiting) == (8, counted.count("wait"))
    assert (row.untouched, row.edited) == (counted.count("take"), counted.count("edit"))
    assert dict(row.rejected) == ({"style": counted.count("reject")} if "reject" in counted else {})
    assert row.micros == sum(call.cost_micros or 0 for call in ProviderCall.objects.all())
    assert row.cost == row.micros // row.accepted
    assert row.stale == int(fates[0][0] in ("take", "edit"))
    by = {each.name: each for each in figures("reviewer", since=long_ago())}
    for name in ("mara", "ada"):
        decided = [fate for fate, who in fates if who == name and fate != "wait"]
        assert by[name].decided == len(decided) if decided else name not in by
    assert {each.name for each in figures("locale", since=long_ago())} == {"en_US"}
    assert {each.name for each in figures("attribute", since=long_ago())} == {"description"}
    assert figures("version", since=timezone.now() + dt.timedelta(days=1)) == []


def test_the_figures_are_for_who_answers_for_the_prompts(mara: Client, desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product())
    page(mara, f"/texts/drafts/{draft.pk}/")
    post(mara, f"/texts/drafts/{draft.pk}/", do="reject", why="wrong")
    page(mara, "/texts/figures/", 403)
    ada = Client()
    ada.force_login(desk.world.people["ada"])
    for by in BY:
        assert "1 of 1 (100 %)" in page(ada, f"/texts/figures/?by={by}"), by
    assert "0 to 20 percent" in post(ada, "/texts/figures/", percent="50")
    post(ada, "/texts/figures/", percent="3")
    assert seeds.percent() == 3
    seal_all()
    assert AuditEntry.objects.filter(kind="seeds.set").exists()
