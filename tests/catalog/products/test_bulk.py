"""What is written in bulk is what was meant, on either database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, connection, transaction

from catalog.models import Offer, Product, StockLevel, Variant
from pimhub.foundation.among import among
from pimhub.foundation.bulk import update_objects
from tests.world import World

MOMENT = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
TEXTS = ("", "plain", 'quotes " and \\ and \t', "Söhne 日本 🧦", "null", "{}")


@pytest.fixture
def offers(world: World) -> list[Offer]:
    world.product("tee", sizes=("s", "m", "l"))
    return list(Offer.objects.order_by("pk"))


@pytest.mark.parametrize(
    "given",
    [
        {"price": Decimal("19.9001"), "compare_at": None, "cost": Decimal("0.0001")},
        {"price": Decimal("12345678.1234"), "version": 7},
        {"sale_from": MOMENT, "sale_to": None, "source_at": MOMENT},
        {"source_sequence": 2**63 - 1},
        {"source_sequence": -(2**63)},
        {"marks": {"price": [["erp", 2**63 - 1, None]], "a\"'\\": [1.5, True, None, "日本"]}},
        *({"tax_class": text, "marks": {text: text}} for text in TEXTS),
    ],
)
def test_every_kind_of_value_comes_back(offers: list[Offer], given: dict[str, Any]) -> None:
    first, second, *rest = offers
    before = {row.pk: Offer.objects.values().get(pk=row.pk) for row in rest}
    for name, value in given.items():
        setattr(first, name, value)
    update_objects([first, second], list(given))
    found = Offer.objects.get(pk=first.pk)
    assert {name: getattr(found, name) for name in given} == given
    assert {row.pk: Offer.objects.values().get(pk=row.pk) for row in rest} == before


def test_a_json_null_stays_one(world: World) -> None:
    product = world.product("tee")
    product.values = {"brand": None, "name@en_US": "Tee"}
    update_objects([product], ["values"])
    assert Product.objects.get(pk=product.pk).values == {"brand": None, "name@en_US": "Tee"}


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite knows no lengths")
def test_what_is_too_long_is_refused_and_not_cut(offers: list[Offer]) -> None:
    assert connection.vendor == "postgresql"
    offers[0].source = "x" * 500
    with pytest.raises(DataError), transaction.atomic():
        update_objects(offers[:1], ["source"])


def test_rows_are_found_among_many_keys(offers: list[Offer]) -> None:
    keys = [offer.variant_id for offer in offers]
    assert set(Offer.objects.filter(among("variant_id", keys[:2]))) == set(offers[:2])
    assert set(Variant.objects.filter(among("sku_key", {"tee-s", "it's", ""}))) == {offers[0].variant}
    assert StockLevel.objects.filter(among("variant_id", []), location__code="main").count() == 0
    assert Offer.objects.exclude(among("pk", [offers[0].pk])).count() == len(offers) - 1
