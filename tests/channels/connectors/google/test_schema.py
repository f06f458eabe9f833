"""Google's own description of the API is unmodified, and refuses what Google refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from channels.connectors.google.attributes import AVAILABILITY, CONTENT, OFFER
from channels.connectors.google.schema import HERE, SHA256, check, check_call, check_query, document, methods

INSERT = "merchantapi.accounts.productInputs.insert"
EXAMPLE = Path(__file__).parents[5] / "shared/specs/examples/google_productInputs.json"
OFFER_BODY = {"offerId": "a", "contentLanguage": "en", "feedLabel": "US"}


@pytest.mark.parametrize(("name", "digest"), SHA256.items())
def test_the_documents_are_as_google_ships_them(name, digest):
    assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == digest


def test_every_attribute_we_send_exists():
    known = document()["schemas"]["ProductAttributes"]["properties"]
    assert {attribute.api for attribute in CONTENT} | {*OFFER, AVAILABILITY} <= set(known)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"colour": "red"}, "productAttributes.colour"),
        ({"title": 5}, "productAttributes.title"),
        ({"title": None}, "productAttributes.title"),
        ({"condition": "new"}, "productAttributes.condition"),
        ({"condition": 1}, "productAttributes.condition"),
        ({"gtins": "9506000134352"}, "productAttributes.gtins"),
        ({"gtins": [9506000134352]}, "productAttributes.gtins[0]"),
        ({"price": "19.99 USD"}, "productAttributes.price"),
        ({"price": {"amountMicros": 19990000}}, "productAttributes.price.amountMicros"),
        ({"price": {"amountMicros": "19.99"}}, "productAttributes.price.amountMicros"),
        ({"price": {"amountMicros": str(2**63)}}, "productAttributes.price.amountMicros"),
        ({"identifierExists": "no"}, "productAttributes.identifierExists"),
        ({"shippingWeight": {"value": "0.2"}}, "productAttributes.shippingWeight.value"),
        ({"shippingWeight": {"value": True}}, "productAttributes.shippingWeight.value"),
        ({"availabilityDate": "2026-01-31"}, "productAttributes.availabilityDate"),
        ({"availabilityDate": "2026-01-31T00:00:00"}, "productAttributes.availabilityDate"),
        ({"variantOptions": [{"name": "Size"}]}, "productAttributes.variantOptions[0].value"),
    ],
)
def test_it_refuses_what_an_attribute_cannot_hold(attributes, path):
    found = check("ProductInput", {**OFFER_BODY, "productAttributes": attributes})
    assert [where for where, _ in found] == [path]


def test_it_accepts_what_an_attribute_can_hold():
    attributes = {
        "condition": "NEW",
        "gtins": ["9506000134352"],
        "price": {"amountMicros": "19990000", "currencyCode": "USD"},
        "identifierExists": False,
        "shippingWeight": {"value": 0.2, "unit": "kg"},
        "availabilityDate": "2026-01-31T00:00:00Z",
    }
    assert check("ProductInput", {**OFFER_BODY, "productAttributes": attributes}) == []


def test_it_refuses_what_only_google_writes_except_in_an_answer():
    body = {**OFFER_BODY, "product": "accounts/1/products/en~US~a"}
    assert check("ProductInput", body) == [("product", "is written by Google only")]
    assert check("ProductInput", body, answer=True) == []


@pytest.mark.parametrize("missing", OFFER_BODY)
def test_an_offer_needs_its_identity(missing):
    body = {name: value for name, value in OFFER_BODY.items() if name != missing}
    assert check("ProductInput", body) == [(missing, "is required")]


def test_it_refuses_what_is_no_object():
    assert [path for path, _ in check("ProductInput", [])] == [""]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"dataSource": "accounts/1/dataSources/2"}, []),
        ({"dataSource": "accounts/1/dataSources/2", "alt": "json"}, []),
        ({}, ["dataSource"]),
        ({"dataSource": "x", "datasource": "y"}, ["datasource"]),
        ({"dataSource": "x", "alt": "xml"}, ["alt"]),
    ],
)
def test_query_parameters(params, names):
    assert [name for name, _ in check_query(INSERT, params)] == names


def test_a_number_among_query_parameters():
    assert check_query("merchantapi.accounts.products.list", {"pageSize": "50"}) == []
    assert check_query("merchantapi.accounts.products.list", {"pageSize": "many"})


BODY = json.dumps(OFFER_BODY).encode()
URL = "https://x.test/base/products/v1/accounts/1/productInputs:insert?dataSource=accounts/1/dataSources/2"


@pytest.mark.parametrize(
    ("verb", "url", "body", "clean"),
    [
        ("POST", URL, BODY, True),
        ("PUT", URL, BODY, False),
        ("POST", URL.replace("v1/", "v1beta/"), BODY, False),
        ("POST", URL.replace("accounts/1/product", "product"), BODY, False),
        ("POST", URL.partition("?")[0], BODY, False),
        ("POST", URL, b"{}", False),
    ],
)
def test_a_whole_call(verb, url, body, clean):
    assert (check_call(INSERT, verb, url, body) == []) is clean


def test_a_delete_has_no_body():
    url = "https://x.test/products/v1/accounts/1/productInputs/en~US~a?dataSource=accounts/1/dataSources/2"
    delete = "merchantapi.accounts.productInputs.delete"
    assert check_call(delete, "DELETE", url, b"") == []
    assert check_call(delete, "DELETE", url, b"{}") == [("", "takes no body")]


def test_the_methods_are_those_of_version_1():
    assert {method["path"].split("/")[1] for method in methods().values()} == {"v1"}


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the examples lie beside the repository")
def test_a_known_good_example_passes():
    assert [check("ProductInput", body) for body in json.loads(EXAMPLE.read_text())] == [[], []]
