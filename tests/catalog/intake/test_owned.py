"""What the ERP owns, a person changes only as the rule says: not at all, or for a time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ExternalSystem, Offer, Product, StockLevel
from catalog.products.changes import OfferChange, VariantChange
from governance import proposals
from governance.models import Override, OwnershipRule, Proposal
from governance.ownership.overrides import end_due
from tests.catalog.api.conftest import Api
from tests.world import World

STOCK = {"sku": "tee-s", "location": "main"}
PRICE = {"sku": "tee-s", "price_list": "default"}
TO_21 = OfferChange(price=Decimal("21.00"))


def owns(part: str, otherwise: str) -> None:
    system = ExternalSystem.objects.get(code="erp")
    OwnershipRule.objects.create(code=f"{part}-erp", owner=system, part=part, otherwise=otherwise, override_days=3)


def test_a_persons_edit_and_a_strangers_message_are_refused(world: World, erp: Api, api: Api) -> None:
    world.product("tee", sizes=("s",))
    owns("stock", "reject")
    result = world.change("tee", variants=(VariantChange(sku="tee-s", stock={"main": 50}),))
    assert [e.code for e in result.errors] == ["owned"]
    (line,) = api.bulk("stock/", [STOCK | {"available": 50}])
    assert [e["code"] for e in line["errors"]] == ["owned"]
    assert "ERP" in line["errors"][0]["message"]
    (line,) = erp.bulk("stock/", [STOCK | {"available": 8}])
    assert line["result"] == "updated"
    assert StockLevel.objects.get().available == 8


@pytest.mark.parametrize(
    ("part", "path", "line", "field", "ours", "theirs"),
    [
        ("stock", "stock/", STOCK, "available", 50, 7),
        ("prices", "offers/", PRICE, "price", "21.00", "18.50"),
    ],
)
def test_an_override_holds_until_its_end_and_what_the_owner_says_waits_below(
    world: World, erp: Api, part: str, path: str, line: dict[str, Any], field: str, ours: Any, theirs: Any
) -> None:
    world.product("tee", sizes=("s",))
    owns(part, "override")
    parts: dict[str, Any] = {"stock": {"main": ours}}
    if part == "prices":
        parts = {"offers": {"default": OfferChange(price=Decimal(ours))}}
    assert world.change("tee", variants=(VariantChange(sku="tee-s", **parts),)).status == "updated"
    layer = Override.objects.get()
    assert layer.set_by == world.people["mara"]
    assert dt.timedelta(days=2) < layer.until - timezone.now() < dt.timedelta(days=4)
    (result,) = erp.bulk(path, [line | {field: theirs, "sequence": 5}])
    assert (result["applied"], result["result"]) == (True, "unchanged")
    assert not erp.bulk(path, [line | {field: ours, "sequence": 4}])[0]["applied"]  # late: heard already
    assert figure(part) == str(ours)
    Override.objects.update(until=timezone.now())
    assert end_due() == 1
    assert figure(part) == str(theirs)


def test_when_the_owner_says_the_same_the_override_is_over(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    owns("stock", "override")
    world.change("tee", variants=(VariantChange(sku="tee-s", stock={"main": 50}),))
    assert Override.objects.count() == 1
    erp.bulk("stock/", [STOCK | {"available": 50, "sequence": 5}])
    assert Override.objects.count() == 0
    assert StockLevel.objects.get().available == 50


def figure(part: str) -> str:
    if part == "stock":
        return str(StockLevel.objects.get().available)
    return f"{Offer.objects.get().price:.2f}"


@pytest.mark.parametrize(
    ("part", "key", "change", "message"),
    [
        ("stock", "stock.main.available", {"stock": {"main": 50}}, STOCK | {"available": 50}),
        ("prices", "offers.default.price", {"offers": {"default": TO_21}}, PRICE | {"price": "21.00"}),
    ],
)
def test_a_figure_that_is_not_theirs_becomes_a_proposal_for_who_may_decide(
    world: World, erp: Api, api: Api, part: str, key: str, change: dict[str, Any], message: dict[str, Any]
) -> None:
    world.product("tee", sizes=("s",))
    owns(part, "propose")
    before = figure(part)
    result = world.change("tee", variants=(VariantChange(sku="tee-s", **change),))
    assert [e.code for e in result.dropped] == ["proposed"]
    (line,) = api.bulk("stock/" if part == "stock" else "offers/", [message])
    assert (line["status"], line["result"]) == (200, "unchanged")
    assert figure(part) == before
    said = set(Proposal.objects.filter(state="open").values_list("sku", "key", "value"))
    assert said == {("tee-s", key, 50 if part == "stock" else "21.00")}
    row = Proposal.objects.filter(state="open").latest("pk")
    ada = world.people["ada"]
    with acting(user=ada, source="page"):
        proposals.accept(proposal=row, user=ada)
    assert figure(part) == ("50" if part == "stock" else "21.00")


def test_what_is_no_figure_cannot_be_proposed(world: World) -> None:
    world.product("tee", sizes=("s",))
    (product,) = Product.objects.all()
    wrong = {"stock.main.available": -5, "offers.default.price": "cheap", "gtin": "1"}
    for key, value in wrong.items():
        with acting(user=world.people["rafael"], source="page"), pytest.raises(proposals.CannotPropose):
            proposals.propose(product=product, wanted={"tee-s": {key: value}})
    assert not Proposal.objects.exists()
