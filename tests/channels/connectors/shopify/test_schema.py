"""The official schema is the one we say it is, and everything we send passes it."""

from __future__ import annotations

import hashlib

import pytest

from channels.connectors.shopify.documents import document, names
from channels.connectors.shopify.schema import FILE, SHA256, check_document, check_variables, official_schema


def test_the_file_is_shopifys_own():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256
    assert FILE.with_name("LICENSE.shopify-dev-mcp").read_text().startswith("ISC License")


def test_the_schema_is_built_once():
    assert official_schema() is official_schema()
    assert "productSet" in official_schema().mutation_type.fields


@pytest.mark.parametrize("name", names())
def test_every_document_is_legal_and_named_like_its_file(name):
    assert check_document(document(name)) == []
    assert f" {name}(" in document(name) or f" {name} {{" in document(name)


def test_stock_is_never_set_without_an_idempotency_key():
    assert "@idempotent(key: $key)" in document("inventorySetQuantities")


def test_an_illegal_document_is_told():
    [said] = check_document("{ shop { nme } }")
    assert said.startswith("Cannot query field 'nme' on type 'Shop'.")
    assert check_document("{") != []


SET = {"identifier": {"id": "gid://shopify/Product/1"}, "synchronous": True, "variants": 1, "files": 1}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"title": 7}, "input.title: String cannot represent a non string value: 7"),
        ({"status": "ON"}, "input.status: Value 'ON' does not exist in 'ProductStatus' enum."),
        (
            {"titel": "x"},
            "input: Expected value of type 'ProductSetInput' not to include unknown field 'titel'",
        ),
        (
            {"variants": [{"price": "1"}]},
            "input.variants[0]: Expected value of type 'ProductVariantSetInput'",
        ),
    ],
)
def test_illegal_variables_are_told_with_their_path(given, complaint):
    [said] = check_variables(document("productSet"), {**SET, "input": given})
    assert said.startswith(complaint)


def test_two_identifiers_are_one_too_many():
    both = {"identifier": {"id": "gid://shopify/Product/1", "handle": "tee"}}
    [said] = check_variables(document("productSet"), {**SET, **both, "input": {}})
    assert said.startswith("identifier: ")
    assert "exactly one" in said


def test_legal_variables_pass():
    assert check_variables(document("productSet"), {**SET, "input": {"title": "Tee"}}) == []
