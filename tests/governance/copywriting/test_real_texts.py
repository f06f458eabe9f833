"""Rule packs and pages on texts that real shops published: few false alarms, and nothing that runs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from governance.copywriting.checks import checked, instruction_in
from governance.copywriting.claims.rules import offences, pack
from governance.copywriting.claims.words import cleaned
from governance.copywriting.facts import Facts
from pimhub.foundation.html import sanitize
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.tables import rows_of
from tests.governance.copywriting.test_pages import page, post

DATA = Path(settings.BASE_DIR).parent / "shared/data"
SHOPS = [*sorted((DATA / "shopify_csv").glob("*.csv")), DATA / "akeneo_icecat/products.csv"]
PACKS = ("eu_green_claims", "health_claims", "superlatives")
# Each kind of hit was read where it stands. These say nothing of the product that the rule is about; all others do.
NO_CLAIM = re.compile(r"(?i)umweltgerecht entsorg|(?:empreinte|impact) écologique|an eco-conscious workplace")

pytestmark = pytest.mark.skipif(not SHOPS[-1].exists(), reason="the texts of real shops are not here")


@cache
def bodies() -> frozenset[str]:
    return frozenset(_bodies())


def _bodies() -> Iterator[str]:
    for path in SHOPS:
        for row in rows_of(path, delimiter=";" if path.parent.name == "akeneo_icecat" else ","):
            yield from (v for k, v in row.items() if k and v and ("body" in k.lower() or "description" in k.lower()))


def words_of(body: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def test_rule_packs_are_silent_where_nothing_is_claimed() -> None:
    texts = {words_of(body) for body in bodies()}
    assert len(texts) > 2000
    rules = [rule for code in PACKS for rule in pack(code)]
    false = hits = 0
    for text in map(cleaned, texts):
        found = list(offences(text.text, rules))
        hits += len(found)
        false += any(NO_CLAIM.search(text.text[max(0, o.start - 12) : o.end + 12]) for o in found)
    assert hits > 250
    assert false <= 0.01 * len(texts)
    assert [text for text in texts if instruction_in(text)] == []


def others() -> Iterator[str]:
    """Texts that nothing was learned from: titles, tags, search texts, further shops and feeds in other languages."""
    tables = [path for path in sorted(DATA.rglob("*.csv")) if path.name != "MANIFEST.csv"]
    for path in [*tables, *sorted(DATA.rglob("*.tsv"))]:
        head = path.read_text(encoding="utf-8-sig", errors="replace")[:3000]
        for row in rows_of(path, delimiter=max(",;\t", key=head.count)):
            yield from (value for value in row.values() if isinstance(value, str))
    for path in sorted((DATA / "feeds").glob("*.xml")):
        yield from re.findall(r">([^<>]+)<", path.read_text(encoding="utf-8"))


def test_rule_packs_hardly_flag_texts_that_they_were_not_made_with() -> None:
    """Were every hit false, it were one in a hundred still; a shop that tags its goods as sustainable claims it."""
    known = {words_of(body) for body in bodies()}
    texts = {text for each in others() if " " in (text := words_of(each)) and len(text) >= 25} - known
    texts = {text for text in texts if "Sustainable Material_" not in text and not text.startswith("http")}
    assert len(texts) > 5000
    rules = [rule for code in PACKS for rule in pack(code)]
    hits = [text for text in texts if any(offences(cleaned(text).text, rules))]
    assert 10 < len(hits) <= 0.01 * len(texts)


class Active(HTMLParser):
    """What would run, load a foreign page or lead to a script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "style", "base"):
            self.found.append(tag)
        self.found += [f"{tag} {k}" for k, v in attrs if k.startswith("on") or "javascript:" in (v or "").lower()]


def test_bodies_with_scripts_and_foreign_pages_run_nowhere(desk: Desk, client: Client) -> None:
    """As a fact and as what a model wrote, on the page; and as the value of a description."""
    client.force_login(desk.world.people["mara"])
    wild = sorted(body for body in bodies() if re.search(r"(?i)<\s*(?:script|iframe)", body))
    assert len(wild) >= 40
    draft = desk.draft(desk.version(), desk.product())
    address = f"/texts/drafts/{draft.pk}/"
    own = Active(page(client, address)).found
    for body in wild:
        assert Active(body).found
        assert Active(sanitize(body)).found == []
        codes = [c.get("rule") for c in checked(body, locale="pt_BR", facts=Facts({"a": body}, {}, {})).claims]
        assert "foreign.markup" in codes
        type(draft).objects.filter(pk=draft.pk).update(facts={**draft.facts, "fabric": body}, text=body)
        assert Active(page(client, address)).found == own
        said = post(client, address, do="accept", text=body, comment="I want it so.")
        assert Active(said).found == own
        assert desk.world.flat("tee")[""].get("description@en_US") is None
