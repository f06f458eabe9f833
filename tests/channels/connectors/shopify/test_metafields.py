"""Metafields: each official type has one form, refuses in words what it cannot hold, and reads back the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.connectors.shopify import metafields
from channels.sandbox.shopify.metafields import value_problem
from tests.channels.connectors.shopify.builders import rendered, shopify, tee, variant, with_fields
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World

GOOD = [
    ("single_line_text_field", " Oak ", "Oak"),
    ("multi_line_text_field", "a\nb", "a\nb"),
    ("number_integer", "12", "12"),
    ("number_integer", 12.0, "12"),
    ("number_decimal", "1.50", "1.5"),
    ("boolean", True, "true"),
    ("date", "2026-12-31", "2026-12-31"),
    ("date_time", "2026-12-31T20:00:00+02:00", "2026-12-31T18:00:00Z"),
    ("url", "https://x.test/a", "https://x.test/a"),
    ("color", "#AABBCC", "#aabbcc"),
    ("weight", {"amount": "0.250", "unit": "kg"}, '{"unit":"kg","value":0.25}'),
    ("dimension", {"amount": "12.0", "unit": "cm"}, '{"unit":"cm","value":12}'),
    ("volume", {"amount": "330", "unit": "ml"}, '{"unit":"ml","value":330}'),
    ("money", {"amount": "5", "currency": "eur"}, '{"amount":"5.00","currency_code":"EUR"}'),
    ("json", {"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
    ("list.single_line_text_field", ["b", "a"], '["b","a"]'),
    ("list.single_line_text_field", "one", '["one"]'),
    ("list.number_integer", ["1", 2], "[1,2]"),
    ("list.dimension", [{"amount": "1", "unit": "m"}], '[{"unit":"m","value":1}]'),
]
BAD = [
    ("single_line_text_field", "a\nb", "more than one line"),
    ("single_line_text_field", ["a", "b"], "join it"),
    ("number_integer", "1.5", "whole number"),
    ("number_integer", True, "no number"),
    ("number_decimal", "lots", "no number"),
    ("number_decimal", "NaN", "no number"),
    ("boolean", "yes", "neither true nor false"),
    ("boolean", 1, "neither true nor false"),
    ("date", "31.12.2026", "no date"),
    ("date_time", "soon", "no date and time"),
    ("url", "x.test", "no address"),
    ("color", "red", "no color"),
    ("weight", "2 kg", "map a measurement"),
    ("weight", {"amount": "2", "unit": "cm"}, "takes a weight in"),
    ("money", {"amount": "2", "currency": "euro"}, "three letters"),
    ("json", "{", "no JSON"),
    ("list.single_line_text_field", ["x"] * 129, "128"),
    ("multi_line_text_field", "x" * 70_000, "64"),
]


@pytest.mark.parametrize(("kind", "value", "text"), GOOD)
def test_a_value_has_one_form(kind, value, text):
    assert metafields.encoded(kind, value) == text
    assert metafields.shown(kind, text) == text
    assert value_problem(kind, text) is None


@pytest.mark.parametrize(("kind", "value", "words"), BAD)
def test_what_does_not_fit_is_said(kind, value, words):
    with pytest.raises(metafields.BadMetafield, match=words):
        metafields.encoded(kind, value)


@pytest.mark.parametrize("kind", ["product_reference", "list.file_reference", "metaobject_reference"])
def test_references_are_refused_in_words(kind):
    assert "points at things of the shop" in metafields.type_problem(kind)


@pytest.mark.parametrize("kind", ["text", "list.json", "list.list.color", "string"])
def test_unknown_types_are_refused(kind):
    assert "is no type of metafield" in metafields.type_problem(kind)


def test_other_spellings_read_the_same():
    assert metafields.shown("weight", '{"value": 0.250, "unit": "KILOGRAMS"}') == '{"unit":"kg","value":0.25}'
    assert metafields.shown("json", "not json") == "not json"


def every_type():
    """A product and a shop with a metafield of each kind."""
    kinds = {f"custom.field_{n}": (kind, value) for n, (kind, value, _) in enumerate(GOOD)}
    settings = {**CONNECTION.settings, "metafields": {place: kind for place, (kind, _) in kinds.items()}}
    said = {f"metafield:{place}": value for place, (_, value) in kinds.items()}
    own = {f"variant_metafield:{place}": value for place, (_, value) in kinds.items()}
    product = with_fields(tee(variants=(variant("TEE-S", "S", fields=own), variant("TEE-M", "M"))), **said)
    return product, replace(CONNECTION, settings=settings)


def test_every_type_is_taken_and_reads_back_on_products_and_variants():
    product, shop = every_type()
    world = World()
    assert shopify.validate(product, rendered(product, shop), shop) == []
    world.publish(product, shop)
    assert world.shows(product, shop)
    assert world.publish(product, shop) == []
    # Filled later, and taken away again, by their own calls.
    world.publish(tee(), shop)
    assert world.shows(tee(), shop)
    world.publish(product, shop)
    assert world.shows(product, shop)
    assert world.violations == []


@pytest.mark.parametrize(
    ("field", "types", "value", "code"),
    [
        ("metafield:material", {}, "x", "metafield"),
        ("metafield:custom.material", {}, "x", "metafield_type"),
        ("metafield:custom.material", {"custom.material": "product_reference"}, "x", "metafield_type"),
        ("metafield:custom.material", {"custom.material": "number_integer"}, "x", "metafield"),
        ("material", {}, "x", "unknown_field"),
    ],
)
def test_preflight_says_what_is_wrong_at_the_field(field, types, value, code):
    shop = replace(CONNECTION, settings={**CONNECTION.settings, "metafields": types})
    product = with_fields(tee(), **{field: value})
    found = shopify.validate(product, rendered(product, shop), shop)
    assert [(issue.code, issue.field) for issue in found] == [(code, field)]
    assert rendered(product, shop).bodies[""]["metafields"]["product"] == {}


def test_a_type_that_the_shop_has_defined_otherwise_is_told_at_the_field():
    world = World()
    shop = replace(CONNECTION, settings={**CONNECTION.settings, "metafields": {"custom.size": "number_integer"}})
    world.publish(with_fields(tee(), **{"metafield:custom.size": 1}), shop)
    other = replace(CONNECTION, settings={**CONNECTION.settings, "metafields": {"custom.size": "number_decimal"}})
    product = with_fields(tee(), **{"metafield:custom.size": "1.5"})
    call = shopify.plan(rendered(product, other), world.known, other)[-1]
    outcome = shopify.interpret(call, world.send(call.request))
    assert [issue.field for issue in outcome.issues] == ["metafield:custom.size"]
    assert "consistent with the definition's type" in outcome.issues[0].message


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"price": "foreign"}, "cannot be left to the shop"),
        ({"vendor": "merged"}, "Say foreign or owned"),
        ({"collections": "owned"}, "Say foreign or merged"),
    ],
)
def test_settings_that_cannot_be_are_said(said, words):
    shop = replace(CONNECTION, settings={**CONNECTION.settings, "ownership": said})
    [issue] = shopify.validate(tee(), rendered(tee(), shop), shop)
    assert issue.code == "config_ownership"
    assert words in issue.message
