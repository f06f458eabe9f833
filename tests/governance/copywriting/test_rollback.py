"""A whole run of texts is taken back in one previewed act: what was there before, where nobody edited since."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.change_sets import acting
from catalog.models import ChangePlan, JournalEntry, Product
from catalog.plans import run as plans
from governance.copywriting import runs
from governance.models import AuditEntry, CopyRun, Draft, TextOrigin
from governance.views import copy_texts
from tests.governance.copywriting.conftest import Desk
from tests.governance.copywriting.test_drafts import KEY, take, value

COUNT = 12


def written(desk: Desk, count: int = COUNT) -> CopyRun:
    """A run whose drafts were all taken; every second product had a text before."""
    version = desk.version()
    products = [desk.product(f"tee{n:03}") for n in range(count)]
    for n, product in enumerate(products):
        if n % 2:
            desk.world.change(product.code, values={KEY: f"Old words {n}"})
    run = runs.plan(version=version, locale="en_US", ids=[p.pk for p in products], by=desk.world.people["ada"])
    runs.start(run, by=desk.world.people["ada"])
    while runs.advance(str(run.pk)):
        pass
    for draft in Draft.objects.filter(item__run=run):
        take(desk, draft)
    return run


def worked(desk: Desk, what: dict[str, Any], *, apply: bool = True) -> ChangePlan:
    mara = desk.world.people["mara"]
    with acting(user=mara, source="page"):
        plan = plans.start(kind="undo_texts", what=what, user=mara)
        while plans.advance(str(plan.pk)):
            pass
        plan.refresh_from_db()
        if apply:
            plans.apply(plan, user=mara)
            while plans.advance(str(plan.pk)):
                pass
            plan.refresh_from_db()
    return plan


def texts() -> dict[str, Any]:
    return {p.code: p.values.get(KEY, "absent") for p in Product.objects.filter(code__startswith="tee")}


def test_a_run_taken_back_leaves_every_text_as_it_was(desk: Desk) -> None:
    run = written(desk)
    assert TextOrigin.objects.filter(is_current=True).count() == COUNT
    plan = worked(desk, {"run": str(run.pk)})
    assert plan.state == "applied", plan.problem
    assert texts() == {f"tee{n:03}": f"Old words {n}" if n % 2 else "absent" for n in range(COUNT)}
    assert TextOrigin.objects.filter(is_current=True).count() == 0
    # And the way back from the way back brings texts and origins again.
    change_set = plan.change_set
    assert change_set is not None
    mara = desk.world.people["mara"]
    with acting(user=mara, source="page"):
        undo = plans.start(kind="undo", what={"change_set": str(change_set.pk)}, user=mara)
        while plans.advance(str(undo.pk)):
            pass
        plans.apply(undo, user=mara)
        while plans.advance(str(undo.pk)):
            pass
    assert TextOrigin.objects.filter(is_current=True).count() == COUNT
    assert AuditEntry.objects.filter(kind__startswith="copy.").exists()


def test_what_a_person_edited_since_stays_and_is_told(desk: Desk) -> None:
    run = written(desk, 3)
    desk.world.change("tee001", values={KEY: "A person's own words"})
    plan = worked(desk, {"version": run.version_id})
    assert value(desk, "tee001") == "A person's own words"
    assert texts()["tee000"] == "absent"
    told = plan.lines.get(product_code="tee001")
    assert [(e["key"], e["code"]) for e in told.errors] == [(KEY, "changed_since")]


@pytest.mark.parametrize("count", [24, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_after_a_run_is_taken_back_every_byte_is_what_it_was(desk: Desk, count: int) -> None:
    """Products without a text, with a person's, with an earlier one of AI, and with one of AI that was edited."""
    mara, codes = desk.world.people["mara"], [f"tee{n:03}" for n in range(count)]
    products = [desk.product(code) for code in codes]
    earlier = run_over(desk, [p for n, p in enumerate(products) if n % 4 in (2, 3)], inputs=["fabric"])
    for draft in Draft.objects.filter(item__run=earlier).select_related("proposal__product"):
        edited = {"instead": f"{draft.text} Enjoy.", "edited": True} if draft.proposal.product.pk % 2 else {}
        take(desk, draft, **edited)
    for code in codes[1::4]:
        desk.world.change(code, values={KEY: f"Väl sydd, {code} – e\u0301t 🧵"})
    before, origins = stored(), current()
    assert len(origins) == count // 2

    run = run_over(desk, products)
    for draft in Draft.objects.filter(item__run=run).select_related("proposal__product"):
        edited = draft.proposal.product.code[-1] in "369"
        text = f"{draft.text} Made to be worn."
        take(desk, draft, instead=text, edited=edited, comment="I know.") if edited else take(desk, draft)
    assert all(now != before[code] for code, now in stored().items())
    plan = worked(desk, {"run": str(run.pk)})
    assert plan.state == "applied", plan.problem
    assert stored() == before
    assert current() == origins
    written = JournalEntry.objects.filter(change_set=plan.change_set)
    assert sorted(written.values_list("product__code", flat=True)) == sorted(codes)
    assert set(written.values_list("change_set__user", flat=True)) == {mara.pk}


def test_the_way_back_to_a_version_asks_no_more_for_many_values(desk: Desk, client: Client) -> None:
    client.force_login(desk.world.people["ada"])

    def asked(number: int) -> list[int]:
        """Queries of the click, of the page it leads to, and of the list of values."""
        counts = []
        for act in (
            lambda: client.post("/texts/prompts/describe/", {"do": "activate", "number": number}),
            lambda: client.get(f"/texts/prompts/describe/?version={number}"),
            lambda: client.get(f"/texts/prompts/describe/{number}/texts/"),
        ):
            with CaptureQueriesContext(connection) as found:
                assert act().status_code in (200, 302)
            counts.append(len(found))
        return counts

    run_over(desk, [desk.product("one")])  # version 1, in use for one product
    take(desk, Draft.objects.get())
    many = written(desk).version  # version 2
    assert TextOrigin.objects.filter(is_current=True, draft__version=many).count() >= COUNT
    desk.version()
    few = asked(1)
    assert asked(2) == few
    assert [v.number for v in desk.template.versions.filter(state="active")] == [2]


def test_values_are_listed_by_version_a_page_at_a_time(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_texts, "SHOWN", 5)
    version = written(desk).version
    other = desk.version()
    client.force_login(desk.world.people["mara"])
    address, seen = f"/texts/prompts/describe/{version.number}/texts/", []
    while address:
        text = client.get(address).content.decode()
        seen.append(re.findall(r'href="/products/(tee\d+)/"', text))
        found = re.search(r'href="([^"]*after=\d+)"', text)
        address = f"{address.partition('?')[0]}{found[1]}" if found else ""
    assert [len(each) for each in seen] == [5, 5, 2]
    assert sorted(code for each in seen for code in each) == [f"tee{n:03}" for n in range(COUNT)]
    assert "No text of it is in use" in client.get(f"/texts/prompts/describe/{other.number}/texts/").content.decode()
    assert client.get("/texts/prompts/describe/99/texts/").status_code == 404
    assert address == ""
    assert client.get(f"/texts/prompts/describe/?version={version.number}").content.decode().count("/texts/") > 1


def run_over(desk: Desk, products: list[Product], **wording: Any) -> CopyRun:
    ada, version = desk.world.people["ada"], desk.version(**wording)
    run = runs.plan(version=version, locale="en_US", ids=[p.pk for p in products], by=ada)
    runs.start(run, by=ada)
    while runs.advance(str(run.pk)):
        pass
    assert Draft.objects.filter(item__run=run).count() == len(products)
    return run


def stored() -> dict[str, bytes]:
    """Every value of every product, as bytes."""
    found = Product.objects.filter(code__startswith="tee")
    return {p.code: orjson.dumps(p.values, option=orjson.OPT_SORT_KEYS) for p in found}


def current() -> dict[str, tuple[int, str, str]]:
    """Which draft each text comes from, and how."""
    rows = TextOrigin.objects.filter(is_current=True).select_related("product")
    return {row.product.code: (row.draft_id, row.kind, row.value_hash) for row in rows}


def test_a_preview_changes_nothing_and_the_page_leads_to_it(desk: Desk, client: Client) -> None:
    run = written(desk, 2)
    before = texts()
    worked(desk, {"run": str(run.pk)}, apply=False)
    assert texts() == before
    client.force_login(desk.world.people["mara"])
    assert "2 products show a text of this run" in client.get(f"/texts/runs/{run.pk}/").content.decode()
    answer = client.post("/texts/back/", {"run": str(run.pk)})
    assert answer.headers["Location"].startswith("/plans/")
    assert client.post("/texts/back/", {"run": "nonsense"}).headers["Location"] == "/texts/"
    client.force_login(desk.world.people["chiara"])
    assert client.post("/texts/back/", {"run": str(run.pk)}).status_code == 403
