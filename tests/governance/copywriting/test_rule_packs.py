"""Rules of one's own: written in versions, made active by another person, and named by the texts they judged."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from catalog.change_sets import acting
from catalog.models import ChangeSet, Locale, Market, PriceList, Scope
from governance import proposals
from governance.audit.chain import seal_all
from governance.copywriting import rulebook
from governance.copywriting.drafts import CannotDecide
from governance.models import AuditEntry, RulePack, RulePackVersion
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_pages import page, post

CHEAP = {"kind": "banned", "words": {"": ["cheap"]}, "reason": "We are not cheap.", "instead": "good value"}


def active(desk: Desk, *rules: dict[str, Any], code: str = "house", **wording: Any) -> RulePackVersion:
    pack = RulePack.objects.filter(code=code).first()
    pack = pack or rulebook.make_pack(code=code, label="House", by=desk.world.people["ada"])
    version = rulebook.write_version(pack=pack, by=desk.world.people["ada"], wording={"rules": [*rules], **wording})
    return rulebook.activate(version=version, by=desk.world.people["mara"])


def take(desk: Desk, draft: Any, text: str, comment: str = "") -> None:
    mara = desk.world.people["mara"]
    with acting(user=mara, source=ChangeSet.Source.PAGE):
        proposals.accept(proposal=draft.proposal, user=mara, instead=text, edited=True, comment=comment)


def test_an_own_rule_judges_every_text_and_the_draft_names_its_version(desk: Desk) -> None:
    active(desk, CHEAP)
    version, product = desk.version(), desk.product(fabric="Cheap cotton")
    draft = desk.draft(version, product)
    assert {"pack": "house", "version": 1} in draft.judged_by
    assert ("eu_green_claims", rulebook.shipped_digest("eu_green_claims")) in [
        (each["pack"], each["version"]) for each in draft.judged_by
    ]
    (claim,) = [c for c in draft.claims if c.get("rule", "").startswith("house.")]
    assert claim["message"] == "We are not cheap. Say “good value” instead."
    assert draft.text[claim["start"] : claim["end"]] == "Cheap"
    with pytest.raises(CannotDecide, match="We are not cheap"):
        take(desk, draft, draft.text)


def test_a_text_is_taken_by_the_rules_of_then_not_of_when_it_was_written(desk: Desk) -> None:
    draft = desk.draft(desk.version(), desk.product(fabric="Cheap cotton"))
    assert [each["pack"] for each in draft.judged_by] == ["eu_green_claims", "health_claims"]
    active(desk, CHEAP)
    with pytest.raises(CannotDecide) as refused:
        take(desk, draft, draft.text)
    assert refused.value.code == "blocked"
    active(desk)  # without a rule, the pack is off
    take(desk, draft, draft.text)
    draft.refresh_from_db()
    assert {"pack": "house", "version": 2} in draft.taken_by


def test_what_must_be_there_and_is_not_is_found_without_a_place(desk: Desk) -> None:
    active(desk, {"kind": "required", "words": {"": ["made in portugal"]}, "reason": "Say where it is made."})
    draft = desk.draft(desk.version(), desk.product())
    (claim,) = [c for c in draft.claims if c.get("rule", "").startswith("house.")]
    assert (claim["start"], claim["end"], claim["text"]) == (len(draft.text), len(draft.text), "")
    with pytest.raises(CannotDecide, match="Say where it is made."):
        take(desk, draft, draft.text)
    take(desk, draft, draft.text + " Made in Portugal.", comment="The maker says so.")


def test_a_regulated_word_passes_with_the_fact_that_allows_it(desk: Desk) -> None:
    rule = {"kind": "regulated", "words": {"": ["hand sewn"]}, "reason": "Prove it.", "proofs": ["brand"]}
    active(desk, rule)
    version = desk.version(inputs=["fabric"])
    draft = desk.draft(version, desk.product("tee", fabric="Hand-sewn cotton"))
    assert [c["verdict"] for c in draft.claims if c.get("rule")] == ["unsupported"]
    draft = desk.draft(desk.version(inputs=["fabric", "brand"]), desk.product("mug", fabric="Hand-sewn cotton"))
    assert [(c["verdict"], c["fact"]) for c in draft.claims if c.get("rule")] == [("supported", "brand")]


@pytest.mark.parametrize(
    ("wording", "words", "caught"),
    [
        ({}, {"": ["cheap"]}, True),
        ({}, {"en": ["cheap"]}, True),
        ({}, {"en_GB": ["cheap"]}, False),
        ({}, {"de": ["cheap"]}, False),
        ({"locales": ["en"]}, {"": ["cheap"]}, True),
        ({"locales": ["de_DE"]}, {"": ["cheap"]}, False),
        ({"markets": ["us"]}, {"": ["cheap"]}, True),
        ({"markets": ["at"]}, {"": ["cheap"]}, False),
        ({"scopes": ["amazon"]}, {"": ["cheap"]}, True),  # the text is for every scope
        ({"everywhere": False}, {"": ["cheap"]}, False),
    ],
)
def test_a_pack_holds_in_its_languages_markets_and_scopes(
    desk: Desk, wording: dict[str, Any], words: dict[str, Any], caught: bool
) -> None:
    prices = PriceList.objects.first()
    assert prices
    for code, locale in (("us", "en_US"), ("at", "de_AT")):
        Market.objects.create(code=code, label=code, locales=[locale], price_list=prices)
    Scope.objects.get_or_create(code="amazon", defaults={"label": "Amazon"})
    Locale.objects.get_or_create(code="de_DE")
    active(desk, {**CHEAP, "words": words}, **wording)
    draft = desk.draft(desk.version(), desk.product(fabric="Cheap cotton"))
    assert any(c.get("rule", "").startswith("house.") for c in draft.claims) is caught


def test_a_pack_that_only_named_prompts_use(desk: Desk) -> None:
    active(desk, CHEAP, everywhere=False)
    draft = desk.draft(desk.version(packs=["house"]), desk.product(fabric="Cheap cotton"))
    assert draft.judged_by == [{"pack": "house", "version": 1}]
    assert draft.flags == 1


def test_a_version_never_changes_and_its_author_does_not_activate_it(desk: Desk) -> None:
    ada = desk.world.people["ada"]
    pack = rulebook.make_pack(code="house", label="", by=ada)
    version = rulebook.write_version(pack=pack, by=ada, wording={"rules": [CHEAP]})
    with pytest.raises(rulebook.BadPack, match="other than its author"):
        rulebook.activate(version=version, by=ada)
    version.rules = []
    with pytest.raises(TypeError):
        version.save()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_rulepackversion SET source = 'x' WHERE id = %s", [version.pk])
    rulebook.activate(version=version, by=desk.world.people["mara"])
    seal_all()
    kinds = AuditEntry.objects.filter(about="rule_pack:house").values_list("kind", flat=True)
    assert sorted(kinds) == ["rules.activated", "rules.made", "rules.written"]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"kind": "nonsense"}, "rules.1.kind"),
        ({"severity": "grave"}, "rules.1.severity"),
        ({"words": {}}, "rules.1.words"),
        ({"words": {"": []}}, "rules.1.words"),
        ({"words": {"german": ["x"]}}, "rules.1.words"),
        ({"words": {"": ["***"]}}, "rules.1.words"),
        ({"reason": " "}, "rules.1.reason"),
        ({"kind": "regulated"}, "rules.1.proofs"),
        ({"kind": "regulated", "proofs": ["nonsense"]}, "rules.1.proofs"),
        ({"color": "red"}, "rules.1"),
    ],
)
def test_a_rule_that_cannot_be_names_what_is_wrong(desk: Desk, rule: dict[str, Any], field: str) -> None:
    pack = rulebook.make_pack(code="house", label="", by=desk.world.people["ada"])
    with pytest.raises(rulebook.BadPack) as refused:
        rulebook.write_version(pack=pack, by=desk.world.people["ada"], wording={"rules": [{**CHEAP, **rule}]})
    assert refused.value.field == field
    assert not RulePackVersion.objects.exists()


def test_the_pages_write_compare_and_activate(client: Client, desk: Desk) -> None:
    client.force_login(desk.world.people["ada"])
    assert "There is a pack “eu_green_claims” already" in post(
        client, "/texts/rules/", code="eu_green_claims", label="x"
    )
    text = post(client, "/texts/rules/", code="our_voice", label="Our voice")
    assert "Write a version" in text
    row = {
        "rule_code": [""],
        "rule_kind": ["banned"],
        "rule_severity": ["block"],
        "rule_language": [""],
        "rule_words": ["cheap, bargain\nknock-off"],
        "rule_reason": ["Not <b>us</b>."],
        "rule_instead": [""],
        "rule_proofs": [""],
        "rule_source": ["Style guide 2026"],
    }
    home = "/texts/rules/our_voice/"
    assert "rules.1.reason: Say why" in post(client, home, do="write", **row | {"rule_reason": [" "]})
    assert "Version 1 is written." in post(client, home, do="write", **row)
    (rule,) = RulePackVersion.objects.get().rules
    assert rule["words"] == {"": ["cheap", "bargain", "knock-off"]}
    assert "Somebody other than its author" in post(client, home, do="activate", number=1)
    post(client, home, do="write", **row | {"rule_words": ["cheap"], "rule_code": [rule["code"]]})
    text = page(client, f"{home}?version=2")
    assert "Version 2 beside version 1" in text
    assert "changed" in text
    assert "Not &lt;b&gt;us&lt;/b&gt;." in text
    boss = desk.world.people["rafael"]
    boss.groups.set(desk.world.people["ada"].groups.all())
    other = Client()
    other.force_login(boss)
    assert "Texts are judged by version 1 from now on." in post(other, home, do="activate", number=1)
    assert "version 1" in page(other, "/texts/rules/")
    assert "In use" in page(other, "/texts/rules/")
    assert "generic_environmental" in page(other, "/texts/rules/eu_green_claims/")
    mara = Client()
    mara.force_login(desk.world.people["mara"])
    assert "Write a version" not in page(mara, home)
    assert mara.post(home, {"do": "activate", "number": 2}).status_code == 404
    assert re.search(r"our_voice", page(client, "/texts/prompts/describe/"))


def test_the_api_writes_versions_and_another_person_activates(desk: Desk) -> None:
    def call(who: str, method: str, path: str, body: Any = None) -> Any:
        client = Client()
        client.force_login(desk.world.people[who])
        return getattr(client, method)(f"/api/v1/rule-packs/{path}", body, content_type="application/json")

    assert call("ada", "post", "", {"code": "house", "label": "House"}).status_code == 201
    assert call("ada", "post", "", {"code": "house"}).status_code == 422
    assert call("mara", "post", "", {"code": "other"}).status_code == 403
    wrong = call("ada", "post", "house/versions/", {"rules": [{**CHEAP, "kind": "x"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["key"]) == (422, "rules.1.kind")
    made = call("ada", "post", "house/versions/", {"rules": [CHEAP], "note": "First."})
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 1, "draft")
    assert call("ada", "post", "house/versions/1/activate/", {}).status_code == 403
    boss = desk.world.people["rafael"]
    boss.groups.set(desk.world.people["ada"].groups.all())
    assert call("rafael", "post", "house/versions/1/activate/", {}).json()["activated_by"] == "rafael"
    call("ada", "post", "house/versions/", {"rules": []})
    told = call("mara", "get", "house/versions/2/?with=1").json()
    assert [(d["code"], d["change"]) for d in told["difference"]] == [("banned_cheap", "removed")]
    listed = {each["code"]: each for each in call("mara", "get", "").json()["results"]}
    assert listed["house"] == {"code": "house", "label": "House", "shipped": False, "active": "1"}
    assert listed["health_claims"]["shipped"] is True
    assert [v["number"] for v in call("mara", "get", "house/versions/").json()["results"]] == [2, 1]
    assert call("mara", "get", "house/versions/9/").status_code == 404
