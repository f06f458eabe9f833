"""The price for a measure: sent with the variant, taken off again, and refused where measures do not go together."""

from __future__ import annotations

import pytest

from channels.connectors.shopify import unit_price
from tests.channels.connectors.shopify.builders import rendered, shopify, tee, variant
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World


def m(amount, unit):
    return {"amount": amount, "unit": unit}


def bottle(**fields):
    return tee(variants=(variant("TEE-S", "S", fields=fields), variant("TEE-M", "M")))


@pytest.mark.parametrize(
    ("quantity", "reference", "said"),
    [
        (m("330", "ml"), None, ("330", "ML", 1, "L")),
        (m("0.500", "kg"), m("100", "g"), ("0.5", "KG", 100, "G")),
        (m("6", "piece"), None, ("6", "ITEM", 1, "ITEM")),
    ],
)
def test_what_is_told(quantity, reference, said):
    assert tuple(unit_price.render(quantity, reference).values()) == said


@pytest.mark.parametrize(
    ("quantity", "reference", "words"),
    [
        (m("330", "ml"), m("1", "kg"), "is a volume"),
        (m("330", "ml"), m("0.5", "l"), "whole amounts"),
        (m("0", "ml"), None, "more than nothing"),
        (m("3", "barrels"), None, "Shopify knows"),
        ("330 ml", None, "no measurement"),
    ],
)
def test_preflight_says_what_does_not_go_together(quantity, reference, words):
    product = bottle(unit_quantity=quantity, unit_reference=reference)
    [issue] = shopify.validate(product, rendered(product, CONNECTION), CONNECTION)
    assert (issue.code, issue.field, issue.sku) == ("unit_price", "unit_quantity", "TEE-S")
    assert words in issue.message


def test_it_is_shown_and_goes_again():
    world = World()
    product = bottle(unit_quantity=m("330", "ml"))
    world.publish(product)
    assert world.shows(product)
    assert world.shop.store.all("variant")[0]["showUnitPrice"] is True
    world.publish(bottle())
    assert world.shows(bottle())
    assert world.shop.store.all("variant")[0]["showUnitPrice"] is False
    assert world.violations == []
