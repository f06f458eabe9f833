"""The grid over HTTP: filters in the address, views, exports, and what goes into a plan."""

from __future__ import annotations

import csv
import io
import json
from html import escape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import ChangePlan, Offer, SavedView, Variant
from catalog.plans import run
from catalog.products.changes import VariantChange
from catalog.search import select
from catalog.views import grid
from tests.world import World

BRAND = json.dumps([{"field": "brand", "op": "=", "value": "Acme"}])


@pytest.fixture
def mara(world: World, client: Client) -> Client:
    client.force_login(world.people["mara"])
    return client


def test_a_condition_is_added_and_taken_away(mara: Client, world: World) -> None:
    world.product("tee", sizes=("s",))
    world.product("hat", sizes=("s",))
    world.change("hat", values={"brand": "Bolt"})
    added = mara.get("/products/", {"add_field": "brand", "add_op": "in", "add_value": "Acme, Crest"})
    page = mara.get(added.headers["Location"])
    assert b"tee" in page.content
    assert b'value="hat"' not in page.content
    assert "Brand" not in added.headers["Location"]
    assert b"in Acme, Crest" in page.content
    number = mara.get("/products/", {"add_field": "stock", "add_op": ">=", "add_value": "5"})
    assert mara.get(number.headers["Location"]).status_code == 200


def test_what_cannot_be_asked_is_said_on_the_page(mara: Client) -> None:
    for wrong in ('{"field": "brnd", "op": "=", "value": "x"}', "{", "[[[[", '"x"'):
        page = mara.get("/products/", {"filter": wrong})
        assert page.status_code == 400
        assert b"This cannot be asked" in page.content
    wrong = json.dumps([{"field": "brnd", "op": "=", "value": "x"}])
    assert b"Remove the condition brnd" in mara.get("/products/", {"filter": wrong}).content
    assert mara.get("/products/", {"after": "nonsense", "sort": "none"}).status_code == 200


def test_the_very_code_comes_first(mara: Client, world: World) -> None:
    world.product("shirt", sizes=("s",))
    for number in range(3):
        world.product(f"tee-{number}", sizes=("s",))
    page = mara.get("/products/", {"q": "shirt"}).content.decode()
    assert page.index('value="shirt"') < page.index('value="tee-2"')


def test_views_are_kept_changed_and_taken_away_by_their_owner(mara: Client, world: World) -> None:
    mara.post("/views/save/", {"name": "Acme", "filter": BRAND, "shared": "1"})
    view = SavedView.objects.get()
    assert (view.user, view.shared, view.filter) == (world.people["mara"], True, json.loads(BRAND))
    world.product("tee", sizes=("s",))
    assert b"tee" in mara.get(f"/products/?view={view.pk}").content
    mara.post("/views/save/", {"name": "Bad", "filter": "{"})
    mara.force_login(world.people["rafael"])
    mara.post(f"/views/{view.pk}/delete/")
    assert SavedView.objects.count() == 1
    mara.force_login(world.people["mara"])
    mara.post(f"/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_what_the_grid_shows_is_exported(mara: Client, world: World) -> None:
    world.product("tee", sizes=("s",))
    world.product("hat", sizes=("s",))
    world.change("hat", values={"brand": "Bolt"})
    answer = mara.get("/products/export.csv", {"filter": BRAND})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))  # type: ignore[arg-type]
    assert [row["sku"] for row in rows] == ["tee-s"]


def test_counts_are_exact_up_to_a_bound_and_marked_beyond(
    mara: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        world.product(f"p{number}", sizes=("s",))
    assert b"4 in the catalogue" in mara.get("/products/").content
    assert b"4 in the catalogue" in mara.get("/products/count").content
    assert b"4 match" in mara.get("/products/count", {"filter": BRAND}).content
    assert mara.get("/products/count", {"filter": "{"}).status_code == 400
    monkeypatch.setattr(select, "COUNTED", 2)
    assert b"about" in mara.get("/products/count").content


def test_more_than_a_page_is_counted_when_the_page_is_there(
    mara: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "PAGE", 2)
    for number in range(3):
        world.product(f"p{number}", sizes=("s",))
    first = mara.get("/products/", {"q": "p", "sort": "code"})
    assert first.context["total"] is None
    assert b"3 match" in mara.get(first.context["count_url"]).content
    assert b"3 match" in mara.get(first.context["counted_url"]).content  # without a script
    second = mara.get(first.context["next_url"])
    assert second.context["total"] is None  # what is on the last page is not all
    assert b"3 match" in mara.get(second.context["count_url"]).content


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"deed": "set", "key": "brand", "value": "Bolt"}, "edit"),
        ({"deed": "empty", "key": "brand"}, "edit"),
        ({"deed": "add_category", "category": "products"}, "edit"),
        ({"deed": "family", "family": "default"}, "edit"),
        ({"deed": "axes", "axes": "size, color"}, "axes"),
        ({"deed": "down", "key": "mpn"}, "levels"),
        ({"deed": "up", "key": "mpn"}, "levels"),
        ({"deed": "attach", "parent": "hat"}, "attach"),
        ({"deed": "trash"}, "edit"),
    ],
)
def test_every_deed_becomes_a_plan(mara: Client, world: World, form: dict[str, str], kind: str) -> None:
    world.product("tee", sizes=("s",))
    world.product("hat", sizes=("m",))
    assert b"Change 1 product" in mara.get("/plans/new/", {"code": "tee", "do": "selected"}).content
    made = mara.post("/plans/new/", {"select": json.dumps({"codes": ["tee"]})} | form)
    assert made.status_code == 302, made.content
    plan = ChangePlan.objects.get()
    assert plan.kind == kind
    while run.advance(str(plan.pk)):
        pass
    page = mara.get(made.headers["Location"])
    assert b"This is what would happen" in page.content


def test_a_deed_that_cannot_be_is_said(mara: Client, world: World) -> None:
    world.product("tee", sizes=("s",))
    for form in ({"deed": "set", "key": "brand", "value": ""}, {"deed": "attach", "parent": "none"}, {"deed": "magic"}):
        answer = mara.post("/plans/new/", {"select": json.dumps({"codes": ["tee"]})} | form)
        assert answer.status_code == 422
        assert b'role="alert"' in answer.content
    assert mara.get("/plans/new/").status_code == 302
    assert mara.post("/plans/new/", {"select": "{", "deed": "trash"}).status_code in (302, 400, 422)


@pytest.mark.parametrize("person", ["mara", "rafael", "ada"])
def test_a_page_asks_the_database_only_so_often(
    world: World, client: Client, django_assert_max_num_queries: Any, person: str
) -> None:
    client.force_login(world.people[person])
    client.get("/products/")  # notes that the session is in use
    for number in range(3):
        world.product(f"p{number}", sizes=("s", "m"))
    with django_assert_max_num_queries(13):
        page = client.get("/products/", {"filter": BRAND})
    assert page.content.count(b"<tr>") == 4


def test_what_is_sold_of_a_product_leaves_out_the_trash(mara: Client, world: World) -> None:
    world.product("tee", sizes=("s", "m"))
    dear = Variant.objects.get(sku="tee-m")
    Offer.objects.filter(variant=dear).update(price="999.00")
    assert b"999.00" in mara.get("/products/").content
    Variant.objects.filter(pk=dear.pk).update(trashed_at=timezone.now())
    assert b"999.00" not in mara.get("/products/").content


def test_a_code_with_strange_characters_leads_to_its_product(mara: Client, world: World) -> None:
    world.product("a/b ü%&<c>?#", sizes=("s",))
    page = mara.get("/products/").content.decode()
    address = reverse("product_detail", kwargs={"code": "a/b ü%&<c>?#"})
    assert f'href="{escape(address)}"' in page
    assert mara.get(address).status_code == 200


def test_the_best_match_may_come_first(mara: Client, world: World) -> None:
    world.change("other", family="default", values={"brand": "My cap"}, variants=(VariantChange("other"),))
    world.change("x", family="default", values={"name@en_US": "Cap of wool"}, variants=(VariantChange("x"),))
    world.change("z", family="default", values={"brand": "My cap"}, variants=(VariantChange("z"),))
    page = mara.get("/products/", {"q": "cap", "sort": "rank"}).content.decode()
    assert page.index('value="x"') < page.index('value="other"') < page.index('value="z"')
    assert mara.get("/products/", {"sort": "rank"}).status_code == 200  # without words there is nothing to rank by
