"""What cannot be taken is kept, told, and tried again when its cause is gone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from catalog.intake.again import mended, retry_mended
from catalog.models import Category, Heard, Location, Offer, Reject, RoleLimit, StockLevel
from catalog.products.changes import VariantChange
from tests.catalog.api.conftest import Api
from tests.world import World

LINE = {"sku": "tee-s", "location": "main", "available": 1}


@pytest.mark.parametrize(
    ("path", "line", "code"),
    [
        ("stock/", LINE | {"sku": "none"}, "unknown_sku"),
        ("stock/", LINE | {"location": "moon"}, "unknown_location"),
        ("stock/", LINE | {"available": -2}, "negative_stock"),
        ("stock/", LINE | {"available": 1.5}, "fractional_stock"),
        ("stock/", LINE | {"at": "2999-01-01T00:00:00Z"}, "clock_ahead"),
        ("offers/", {"sku": "tee-s", "price_list": "moon", "price": "20"}, "unknown_price_list"),
        ("offers/", {"sku": "tee-s", "price_list": "default", "price": "20", "currency": "XXX"}, "wrong_currency"),
        ("offers/", {"sku": "tee-s", "price_list": "default", "price": "1.23456"}, "bad_amount"),
        ("offers/", {"sku": "tee-s", "price_list": "default"}, "bad_form"),
    ],
)
def test_each_is_told_and_kept_and_changes_nothing(
    world: World, erp: Api, path: str, line: dict[str, Any], code: str
) -> None:
    world.product("tee", sizes=("s",))
    before = world.flat()
    (result,) = erp.bulk(path, [line])
    assert result["status"] in (400, 422)
    assert [e["code"] for e in result["errors"]] == [code]
    row = Reject.objects.get()
    assert (row.code, row.sku, row.source, row.state) == (code, line["sku"], "erp", "open")
    assert world.flat() == before


def test_the_same_thing_said_again_is_one_row(world: World, erp: Api) -> None:
    for number in range(4):
        erp.bulk("stock/", [LINE | {"sku": "none", "available": number, "sequence": number}] * 2)
    row = Reject.objects.get()
    assert (row.times, row.line["available"]) == (8, 3)
    erp.bulk("stock/", [LINE | {"sku": "none", "available": 77, "sequence": 1}])
    assert Reject.objects.get().line["available"] == 3


def test_when_the_sku_appears_the_newest_is_taken_by_itself(world: World, erp: Api) -> None:
    erp.bulk("stock/", [LINE | {"sequence": 3, "available": 4}])
    assert not mended().exists()
    world.product("tee", sizes=("s",))
    retry_mended()
    row = Reject.objects.get()
    assert row.state == Reject.State.TAKEN
    level = StockLevel.objects.get()
    assert (level.available, level.source, level.source_sequence) == (4, "erp", 3)
    retry_mended()
    assert StockLevel.objects.get().available == 4


def test_when_the_location_appears_or_an_outer_code_is_known(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    erp.bulk("stock/", [LINE | {"location": "moon"}, LINE | {"sku": "erp:4711", "available": 9}])
    assert not mended().exists()
    Location.objects.create(code="moon", label="Moon")
    world.change("tee", variants=(VariantChange(sku="tee-s", references={"erp": "4711"}),))
    retry_mended()
    assert {(x.location.code, x.available) for x in StockLevel.objects.all()} == {("moon", 1), ("main", 9)}
    assert not Reject.objects.filter(state="open").exists()


def test_a_reject_never_wins_over_what_came_after_it(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    price = {"sku": "tee-s", "price_list": "default"}
    erp.bulk("offers/", [price | {"price": "21", "currency": "XXX"}])
    erp.bulk("offers/", [price | {"price": "22"}])
    assert Reject.objects.get().state == Reject.State.OVERTAKEN
    assert str(Offer.objects.get().price) == "22.0000"
    # Late in its own order, it stays: it is the newest that is known.
    erp.bulk("stock/", [LINE | {"available": -1, "sequence": 9}])
    erp.bulk("stock/", [LINE | {"available": 2, "sequence": 8}])
    assert Reject.objects.get(kind="stock").state == "open"


def test_whoever_sent_it_reaches_no_further_later(world: World, erp: Api) -> None:
    """A price that would be held is held when it is tried again, and nothing is confirmed by trying."""
    erp.bulk("offers/", [{"sku": "tee-s", "price_list": "default", "price": "0"}])
    world.product("tee", sizes=("s",))
    retry_mended()
    assert str(Offer.objects.get().price) == "19.9000"
    assert world.flat()["tee-s"]["offers.default.price"] == "19.90"


def test_who_was_heard_when_and_of_what(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    at = timezone.now() - dt.timedelta(minutes=5)
    sent = [LINE | {"at": at.isoformat()}, LINE | {"at": at.isoformat()}, LINE | {"sku": "none"}]
    erp.bulk("stock/", sent)
    row = Heard.objects.get()
    assert (row.kind, row.source, row.place) == ("stock", "erp", "main")
    assert (row.taken, row.overtaken, row.rejected, row.source_at) == (1, 1, 1, at)


def test_rejects_are_listed_tried_again_and_dropped_in_the_api(world: World, erp: Api, api: Api) -> None:
    erp.bulk("stock/", [LINE | {"sku": f"tee-{size}"} for size in "sml"] + [LINE | {"sku": "tee-s", "available": -1}])
    found = api.get("rejects/?state=open&code=unknown_sku").json()["results"]
    assert {r["sku"] for r in found} == {"tee-s", "tee-m", "tee-l"}
    assert {r["source"] for r in found} == {"erp"}
    world.product("tee", sizes=("s",))
    assert api.post("rejects/retry/", {"source": "erp"}).json() == {"taken": 1, "overtaken": 0, "rejected": 2}
    ids = [r["id"] for r in api.get("rejects/?state=open").json()["results"]]
    assert api.post("rejects/drop/", {"ids": ids}).json() == {"dropped": 2}
    assert api.get("rejects/?state=open").json()["results"] == []
    assert Api(world).of("rafael").get("rejects/").status_code == 403
    refused = api.post("rejects/retry/", {"what": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_form")


def test_nobody_learns_a_figure_of_a_product_they_do_not_see(world: World) -> None:
    """The same refusal whether the figure is the same, older or another one; and nothing is kept of it."""
    world.product("tee", sizes=("s",))
    mine = Category.objects.first()
    role = Group.objects.create(name="few")
    role.permissions.set(Permission.objects.filter(codename__in=("view_product", "change_product")))
    assert mine is not None
    RoleLimit.objects.create(role=role, kind="category", code=mine.code)
    world.people["mara"].groups.set([role])
    lines = [LINE | {"available": 5}, LINE | {"available": 6}]
    results = Api(world).of("mara").bulk("stock/", lines)
    assert [[e["code"] for e in r["errors"]] for r in results] == [["forbidden"], ["forbidden"]]
    assert not Reject.objects.exists()
    assert world.flat()["tee-s"]["stock.main.available"] == 5
