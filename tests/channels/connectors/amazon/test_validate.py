"""Preflight: what Amazon would refuse, in words that lead to the field."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.amazon.schema import SHA256
from channels.connectors.amazon.schema.vocabulary import validator
from channels.connectors.base import Definition, Medium, Price
from tests.channels.connectors.amazon.builders import (
    FIELDS,
    FRONT,
    amazon,
    codes,
    connection,
    issues,
    rendered,
    single,
    tee,
    variant,
)


def fields(**more):
    return {k: v for k, v in {**FIELDS, **more}.items() if v is not None}


def test_a_good_shirt_passes():
    assert [i for i in issues(tee()) if i.severity == "error"] == []
    assert [i for i in issues(single()) if i.severity == "error"] == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"fields": fields(brand=None)}, ("TEE-BLA-S", "brand", "required")),
        ({"fields": fields(country_of_origin="BD")}, ("TEE-BLA-S", "country_of_origin", "choice")),
        ({"fields": fields(item_name="x" * 201)}, ("TEE-BLA-S", "item_name", "too_long")),
        ({"fields": fields(product_description="ü" * 1500)}, ("TEE-BLA-S", "product_description", "too_long")),
        ({"fields": fields(bullet_point=list("abcdef"))}, ("TEE-BLA-S", "bullet_point", "too_many")),
        ({"fields": fields(generic_keyword="ä" * 126)}, ("TEE-BLA-S", "generic_keyword", "too_long")),
        ({"gtin": ""}, ("TEE-BLA-S", "gtin", "gtin_missing")),
        ({"price": None}, ("TEE-BLA-S", "price", "price_missing")),
        ({"price": Price("EUR", Decimal("0"))}, ("TEE-BLA-S", "price", "price_not_positive")),
        ({"price": Price("EUR", Decimal("9.999"))}, ("TEE-BLA-S", "price", "price_places")),
        ({"price": Price("EUR", Decimal("9"), sale_price=Decimal("9"))}, ("TEE-BLA-S", "price", "sale_price")),
        ({"stock": {}}, ("TEE-BLA-S", "stock", "no_stock")),
        ({"sku": "S" * 41}, ("S" * 41, "sku", "too_long")),
        ({"sku": ""}, ("", "sku", "sku_missing")),
    ],
)  # fmt: skip
def test_each_fault_is_named_at_its_field(more, expected):
    assert expected in codes(single(**more))


@pytest.mark.parametrize(
    ("more", "at", "expected"),
    [
        ({"fields": {}}, {}, ("", "product_type", "no_product_type")),
        ({"axes": ("color", "length")}, {}, ("", "variation_theme", "no_variation_theme")),
        ({"code": "P" * 41}, {}, ("", "code", "too_long")),
        ({"media": ()}, {}, ("TEE-BLA-S", "media", "required")),
        ({"media": (replace(FRONT, width=400, height=300),)}, {}, ("", "media", "image_small")),
        ({"media": (replace(FRONT, mime="image/webp"),)}, {}, ("", "media", "image_type")),
        ({"media": (FRONT, replace(FRONT, mime="model/gltf-binary"))}, {}, ("", "media", "media_kind")),
        ({"media": (Medium(key="url:x", url="https://x.example/a"),)}, {}, ("", "media", "media_not_fetched")),
        ({"variants": (variant("S"), variant("S", sku="B"))}, {}, ("B", "options", "options")),
        ({}, {"seller": ""}, ("", "", "setting")),
        ({}, {"marketplace": "de"}, ("", "", "setting")),
    ],
)
def test_each_fault_of_the_product_or_the_channel_is_named(more, at, expected):
    assert expected in codes(tee(**more), connection(**at))


def test_words_name_the_value_and_the_remedy():
    [told] = [i for i in issues(single(fields=fields(country_of_origin="BD"))) if i.code == "choice"]
    assert told.message == (
        "Country of Origin “BD” is none of US, CN, DE, IT, PT, TR. Choose one of these, or adjust the mapping."
    )
    [told] = [i for i in issues(single(fields=fields(fabric_type=None))) if i.code == "required"]
    assert told.message == "Amazon needs “Fabric Type” (fabric_type) for SHIRT, and nothing fills it."


def test_a_parent_may_not_be_sold():
    product = tee()
    made = rendered(product)
    content = dict(made.bodies[""]["content"])
    content["attributes"] = {**content["attributes"], **made.bodies["TEE-BLA-S"]["offer"]}
    wrong = replace(made, bodies={**made.bodies, "": {"content": content}})
    found = amazon.validate(product, wrong, connection_with_definitions())
    assert ("", "price", "not_allowed") in {(i.sku, i.field, i.code) for i in found}


def connection_with_definitions():
    return connection()


# ---- the vocabulary ------------------------------------------------------------------------------


def errors(schema, value):
    name = f"{schema}"
    return [e.validator for e in validator(Definition("T", name, schema)).iter_errors(value)]


def test_binary_fractions_do_not_fool_multiples():
    assert errors({"multipleOf": 0.01}, 79.99) == []
    assert errors({"multipleOf": 0.01}, 79.999) == ["multipleOf"]


def test_limits_hold_for_each_choice_of_selectors():
    schema = {"selectors": ["place"], "maxUniqueItems": 1}
    assert errors(schema, [{"place": "de"}, {"place": "fr"}]) == []
    assert errors(schema, [{"place": "de", "v": 1}, {"place": "de", "v": 2}]) == ["maxUniqueItems"]
    assert errors({"selectors": ["place"], "minUniqueItems": 1}, []) == ["minUniqueItems"]


def test_lengths_are_counted_in_bytes():
    assert errors({"maxUtf8ByteLength": 3}, "äb") == []
    assert errors({"maxUtf8ByteLength": 3}, "ää") == ["maxUtf8ByteLength"]
    assert errors({"minUtf8ByteLength": 3}, "ab") == ["minUtf8ByteLength"]


def test_the_documents_are_amazons_own():
    import hashlib

    from channels.connectors.amazon.schema import HERE

    assert {n: hashlib.sha256((HERE / n).read_bytes()).hexdigest() for n in SHA256} == SHA256
