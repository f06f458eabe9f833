"""Verbatim blocks go out letter by letter as approved, or the product does not go out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from catalog import events
from catalog.models import Attribute, Family, FamilyAttribute, Product, Scope
from catalog.products.changes import ProductChange
from channels.models import MappingVersion
from channels.publishing.preview import preview
from tests.channels.publishing.shop import Shop

WARNING = "Warning: not for children under 3 years. Contains small parts & magnets."
CODES = ("verbatim_changed", "verbatim_missing")


def warned(shop: Shop, rule: dict[str, Any] | None, text: str = WARNING, *, needed: bool = False) -> Product:
    product = shop.product("tee")
    attribute = Attribute.objects.create(
        code="warning",
        type="textarea",
        labels={"en_US": "Warning"},
        group=Attribute.objects.all()[0].group,
        verbatim=True,
    )
    row = FamilyAttribute.objects.create(family=Family.objects.get(code="default"), attribute=attribute)
    if needed:
        row.required_for.set(Scope.objects.all())
    if rule is not None:
        mapping = shop.channel("shopify").mapping
        assert mapping is not None
        MappingVersion.objects.filter(pk=mapping.pk).update(rules={**mapping.rules, "description_html": rule})
    if text:
        shop.write(ProductChange(code="tee", values={"warning": text}))
    shop.approve(product)
    events.derive()
    return product


def found(shop: Shop, product: Product) -> list[tuple[str, str]]:
    issues: Any = preview(shop.channel("shopify"), product)["preflight"]
    return [(each["code"], each["severity"]) for each in issues if each["code"] in CODES]


def test_a_block_that_goes_out_whole_is_fine_though_the_channel_escapes_it(shop: Shop) -> None:
    product = warned(shop, {"from": "warning"}, needed=True)
    assert found(shop, product) == []
    assert "under 3 years" in orjson.dumps(preview(shop.channel("shopify"), product)["requests"]).decode()


@pytest.mark.parametrize("transform", ["upper", {"name": "truncate", "length": 20}])
def test_a_block_that_a_transform_changes_bars_the_product(shop: Shop, transform: Any) -> None:
    product = warned(shop, {"from": "warning", "transforms": [transform]})
    assert found(shop, product) == [("verbatim_changed", "error")]


def test_a_block_that_must_go_out_and_is_mapped_nowhere_bars_the_product(shop: Shop) -> None:
    assert found(shop, warned(shop, None, needed=True)) == [("verbatim_changed", "error")]


def test_a_block_that_must_be_there_and_is_not_bars_the_product(shop: Shop) -> None:
    assert found(shop, warned(shop, None, "", needed=True)) == [("verbatim_missing", "error")]


def test_a_block_that_nobody_needs_and_nothing_sends_bars_nothing(shop: Shop) -> None:
    assert found(shop, warned(shop, None)) == []
