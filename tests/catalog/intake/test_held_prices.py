"""A price of a source that looks wrong waits for a second person; what stands goes on standing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import HeldPrice, Offer, PriceList
from catalog.products.changes import OfferChange, VariantChange
from tests.catalog.api.conftest import Api
from tests.world import World

LINE = {"sku": "tee-s", "price_list": "default"}
OVER = (timezone.now() - dt.timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({"price": "20.10"}, {}),
        ({"price": "0"}, {"price": "not above zero"}),
        ({"price": "-1"}, {"price": "not above zero"}),
        ({"price": "31.00"}, {"price": "moves by 55 %"}),
        ({"price": "9.00"}, {"price": "moves by 55 %"}),
        ({"price": "15.00", "cost": "16.00"}, {"price": "below the cost of 16"}),
        ({"sale_price": "15.00"}, {}),
        ({"sale_price": "20.01"}, {"sale_price": "above the price of 20"}),
        ({"sale_price": "22.00", "price": "25.00"}, {}),
        ({"sale_price": "22.00", "price": "21.00"}, {"sale_price": "above the price of 21"}),
        ({"sale_price": "22.00", "sale_to": OVER}, {}),  # nobody will ever pay it
        ({"sale_price": "0"}, {"sale_price": "not above zero"}),
    ],
)
def test_what_looks_wrong_waits(world: World, erp: Api, said: dict[str, Any], held: dict[str, str]) -> None:
    world.product("tee", sizes=("s",))
    Offer.objects.update(price=Decimal(20))
    (result,) = erp.bulk("offers/", [{**LINE, **said, "sequence": 1}])
    assert {h["key"].rpartition(".")[2] for h in result.get("held", [])} == set(held)
    for row in HeldPrice.objects.all():
        assert held[row.field] in row.reason
    offer = Offer.objects.get()
    for name, amount in said.items():
        if name in ("price", "sale_price"):
            before = {"price": Decimal(20), "sale_price": None}[name]
            assert getattr(offer, name) == (before if name in held else Decimal(amount)), name


def test_each_price_list_says_how_far_a_price_may_move(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    Offer.objects.update(price=Decimal(20))
    PriceList.objects.filter(code="default").update(largest_move=10)
    (result,) = erp.bulk("offers/", [{**LINE, "price": "22.10", "sequence": 1}])
    assert "moves by 10.5 %" in result["held"][0]["reason"]
    (result,) = erp.bulk("offers/", [{**LINE, "price": "22.00", "sequence": 2}])
    assert Offer.objects.get().price == 22
    PriceList.objects.filter(code="default").update(largest_move=1000)
    held = world.change(
        "tee", variants=(VariantChange(sku="tee-s", offers={"default": OfferChange(price=Decimal(66))}),)
    )
    assert held.held == []
    assert Offer.objects.get().price == 66


def test_a_price_that_falls_below_a_running_sale_waits(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    Offer.objects.update(price=Decimal(20), sale_price=Decimal(18))
    (result,) = erp.bulk("offers/", [{**LINE, "price": "17.00", "sequence": 1}])
    assert "above the price of 17" in result["held"][0]["reason"]
    assert Offer.objects.get().price == 20
    (result,) = erp.bulk("offers/", [{**LINE, "price": "17.00", "sale_price": "15.00", "sequence": 2}])
    assert "held" not in result
    assert not HeldPrice.objects.filter(confirmed__isnull=True).exists()
