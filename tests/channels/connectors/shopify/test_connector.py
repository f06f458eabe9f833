"""The connector is registered, and its parts fit together."""

from __future__ import annotations

import importlib

from channels.connectors.base import Facet, Level
from channels.connectors.registry import connectors
from channels.connectors.shopify.connector import ShopifyConnector
from channels.connectors.shopify.fields import BY_CODE, DEFAULT_RULES, TARGET_FIELDS
from channels.connectors.shopify.render import content
from tests.channels.connectors.shopify.builders import CONNECTION, rendered, shopify, tee


def test_it_registers_itself():
    importlib.import_module("channels.connectors.shopify")
    assert isinstance(connectors.get("shopify"), ShopifyConnector)


def test_every_default_rule_fills_a_target_field():
    assert set(DEFAULT_RULES) <= set(BY_CODE)
    assert len(BY_CODE) == len(TARGET_FIELDS)
    assert all(("from" in rule) != ("const" in rule) for rule in DEFAULT_RULES.values())


def test_rows_live_on_the_level_that_the_facets_say():
    for row, bodies in rendered(tee()).bodies.items():
        level = Level.VARIANT if row else Level.PRODUCT
        # Of components there is a body only where something is a bundle.
        always = {facet for facet, at in shopify.facets.items() if at is level} - {Facet.COMPONENTS}
        assert {Facet(name) for name in bodies} == always


def test_a_product_with_nothing_to_say_still_renders():
    assert content(tee(fields={}, variants=(), media=()), CONNECTION)["variants"] == []
