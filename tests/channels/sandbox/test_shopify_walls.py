"""The schema wall and the run-time wall of the shop: refused in the vendor's shape, and recorded."""

from __future__ import annotations

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import ALL, SET, created, product_set, tee, variant


def codes(sandbox: Sandbox) -> list[str]:
    return [violation["code"] for violation in sandbox.violations("shopify")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { name colour } }", "undefinedField"),
        ("{ shop(id: 1) { name } }", "argumentNotAccepted"),
        ("{ product { id } }", "missingRequiredArguments"),
        ("{ shop { ", "PARSE_ERROR"),
        ("{ product(id: {}) { id } }", "argumentLiteralsIncompatible"),
        ("query($x: Nonsense) { shop { name } }", "undefinedType"),
        ("{ shop }", "selectionMismatch"),
        ("query($id: ID!) { shop { name } }", "variableNotUsed"),
    ],
)
def test_an_illegal_document_is_refused_by_the_official_schema(strict: Sandbox, query: str, code: str) -> None:
    answer = strict.shopify(query)
    assert answer.status == 200
    assert "data" not in answer.json
    assert code in [error["extensions"]["code"] for error in answer.json["errors"]]
    assert code in codes(strict)


def test_an_unknown_field_is_told_as_shopify_tells_it(strict: Sandbox) -> None:
    [error] = strict.shopify("{ shop { colour } }").json["errors"]
    assert error["message"] == "Field 'colour' doesn't exist on type 'Shop'"
    assert error["extensions"] == {"code": "undefinedField", "typeName": "Shop", "fieldName": "colour"}
    assert error["locations"] == [{"line": 1, "column": 10}]


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"input": tee(colour="red")}, ["colour"]),
        ({"input": tee(status="LIVE")}, ["status"]),
        ({"input": tee(variants=[{"sku": "A"}])}, ["variants", 0, "optionValues"]),
        ({"input": tee(), "identifier": {"id": "gid://shopify/Product/1", "handle": "x"}}, []),
        ({"input": tee(), "identifier": {}}, []),
        ({}, []),
    ],
)
def test_illegal_variables_are_refused_by_the_official_schema(strict: Sandbox, variables: dict, path: list) -> None:
    answer = strict.shopify(SET + ALL, variables).json
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    told = [problem["path"] for problem in error["extensions"]["problems"]]
    assert any(place[: len(path)] == path for place in told)
    assert codes(strict) == ["INVALID_VARIABLE"]
    assert strict.state("shopify")["products"] == 0


def test_a_removed_field_is_named_in_the_problem(strict: Sandbox) -> None:
    query = """mutation S($input: InventorySetQuantitiesInput!) {
      inventorySetQuantities(input: $input) @idempotent(key: "k") { userErrors { message } } }"""
    given = {"name": "available", "reason": "correction", "ignoreCompareQuantity": True, "quantities": []}
    [error] = strict.shopify(query, {"input": given}).json["errors"]
    assert error["message"] == (
        "Variable $input of type InventorySetQuantitiesInput! was provided invalid value for "
        "ignoreCompareQuantity (Field is not defined on InventorySetQuantitiesInput)"
    )


@pytest.mark.parametrize(
    "given",
    [
        tee(variants=[variant("S", price="12,99 €")]),
        tee(variants=[variant("S", price=[1])]),
        tee(category="aa-1-13-8"),
        tee(collections=["1"]),
    ],
)
def test_scalars_are_as_strict_as_the_vendors_own(strict: Sandbox, given: dict) -> None:
    answer = strict.shopify(SET + ALL, {"input": given}).json
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert codes(strict) == ["INVALID_VARIABLE"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (tee(tags=[str(n) for n in range(251)]), ["productSet", "input", "tags"]),
        (tee(variants=[variant("S")] * 2049), ["productSet", "input", "variants"]),
        (
            tee(files=[{"originalSource": f"https://cdn.example.com/{n}.jpg"} for n in range(251)]),
            ["productSet", "input", "files"],
        ),
    ],
)
def test_long_arrays_are_refused_with_their_path(strict: Sandbox, given: dict, path: list[str]) -> None:
    [error] = strict.shopify(SET + ALL, {"input": given}).json["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("MAX_INPUT_SIZE_EXCEEDED", path)
    assert codes(strict) == ["MAX_INPUT_SIZE_EXCEEDED"]


def test_a_query_that_costs_more_than_a_thousand_is_refused(strict: Sandbox) -> None:
    names = [f"v{n}" for n in range(2000)]
    file = {"originalSource": "https://cdn.example.com/a.jpg"}
    given = {
        "title": "Big",
        "files": [file],
        "productOptions": [{"name": "Kind", "values": [{"name": name} for name in names]}],
        "variants": [{"optionValues": [{"optionName": "Kind", "name": n}], "file": file} for n in names],
    }
    [error] = strict.shopify(SET + ALL, {"input": given}).json["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"productOptions": tee()["productOptions"]}, "VARIANTS_INPUT_MISSING"),
        ({"variants": tee()["variants"]}, "PRODUCT_OPTIONS_INPUT_MISSING"),
    ],
)
def test_options_and_variants_come_together(strict: Sandbox, given: dict, code: str) -> None:
    product = created(strict)
    [error] = product_set(strict, given, {"id": product["id"]})["userErrors"]
    assert error["code"] == code
    assert codes(strict) == [code]


def test_a_wrong_token_gets_shopifys_401_and_is_no_violation(sandbox: Sandbox) -> None:
    answer = sandbox.shopify("{ shop { name } }", token="wrong")
    assert answer.status == 401
    assert answer.json["errors"].startswith("[API] Invalid API key or access token")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/shopify/admin/api/2026-10/graphql.json", None, 405),
        ("POST", "/shopify/admin/api/2024-10/graphql.json", b"{}", 404),
        ("POST", "/shopify/admin/api/2026-10/graphql.json", b"{", 400),
        ("POST", "/shopify/admin/api/2026-10/graphql.json", b'{"q": 1}', 400),
    ],
)
def test_wrong_addresses_and_bodies_are_violations(
    strict: Sandbox, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = strict.call(method, path, body, {"X-Shopify-Access-Token": "sandbox-token"})
    assert answer.status == status
    assert len(codes(strict)) == 1


def test_what_the_sandbox_does_not_hold_is_said_aloud(strict: Sandbox) -> None:
    answer = strict.shopify("{ shop { shopOwnerName } }").json
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "SANDBOX_UNSUPPORTED"
    assert codes(strict) == ["SANDBOX_UNSUPPORTED"]


def test_a_page_needs_a_size_within_limits(strict: Sandbox) -> None:
    for query in ("{ products { nodes { id } } }", "{ products(first: 251) { nodes { id } } }"):
        assert strict.shopify(query).json["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_a_violation_keeps_the_request_without_its_token(strict: Sandbox) -> None:
    strict.shopify("{ nonsense }")
    [violation] = strict.violations()
    assert violation["channel"] == "shopify"
    assert "nonsense" in violation["request"]["body"]
    assert "sandbox-token" not in str(violation)


def test_every_answer_tells_its_cost(sandbox: Sandbox) -> None:
    cost = sandbox.shopify("{ shop { name } }").json["extensions"]["cost"]
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000,
        "currentlyAvailable": 1999,
        "restoreRate": 100,
    }
    given = tee(files=[{"originalSource": "https://cdn.example.com/a.jpg"}])
    answer = sandbox.shopify(SET + ALL, {"input": given}).json
    # 10 + 2 variants x 0.2 + 1 file x 1.9, rounded up
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 13


def test_the_leaky_bucket_throttles_when_switched_on(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="shopify", bucket=True, bucket_maximum=25, restore_rate=1)
    payload = {"input": {"title": "A"}}
    assert "data" in sandbox.shopify(SET + ALL, payload).json
    assert "data" in sandbox.shopify(SET + ALL, payload).json
    answer = sandbox.shopify(SET + ALL, payload)
    assert answer.status == 200
    assert answer.json["errors"] == [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    cost = answer.json["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 10
    assert cost["actualQueryCost"] is None
    assert cost["throttleStatus"]["currentlyAvailable"] < 10
    assert sandbox.state("shopify")["products"] == 2
