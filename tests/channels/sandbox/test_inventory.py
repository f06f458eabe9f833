"""Stock: idempotency, compare-and-swap, and the errors of inventorySetQuantities."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import STOCK, created, read, stock_of

MAIN, SECOND = "gid://shopify/Location/1", "gid://shopify/Location/2"


def row(product: dict, quantity: int, expected: int | None = None, place: str = MAIN) -> dict[str, Any]:
    return {
        "inventoryItemId": product["variants"]["nodes"][0]["inventoryItem"]["id"],
        "locationId": place,
        "quantity": quantity,
        "changeFromQuantity": expected,
    }


def stock_input(*rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"name": "available", "reason": "correction", "quantities": list(rows)} | given


def set_stock(sandbox: Sandbox, key: str, *rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer = sandbox.shopify(STOCK, {"key": key, "input": stock_input(*rows, **given)}).json
    payload: dict[str, Any] = answer["data"]["inventorySetQuantities"]
    return payload


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def stock(sandbox: Sandbox, product: dict) -> dict[str, int]:
    found = read(sandbox, product["id"])
    assert found is not None
    return stock_of(found, "TEE-BLA-S")


def test_it_sets_quantities_also_where_the_item_was_not_stocked(sandbox: Sandbox) -> None:
    product = created(sandbox)
    payload = set_stock(sandbox, "k1", row(product, 5, 0), row(product, 3, place=SECOND))
    assert codes(payload) == []
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    assert {(c["name"], c["delta"]) for c in changes} >= {("available", 5), ("available", 3)}
    assert stock(sandbox, product) == {"Main": 5, "Second": 3}


def test_a_missing_directive_is_refused_and_recorded(strict: Sandbox) -> None:
    product = created(strict)
    bare = STOCK.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    answer = strict.shopify(bare, {"input": stock_input(row(product, 5))}).json
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"] == "The @idempotent directive is required for this mutation but was not provided."
    assert error["path"] == ["inventorySetQuantities"]
    assert answer["data"] == {"inventorySetQuantities": None}
    assert [v["code"] for v in strict.violations()] == ["BAD_REQUEST"]
    assert stock(strict, product) == {"Main": 0}


def test_a_missing_change_from_quantity_is_refused_and_recorded(strict: Sandbox) -> None:
    product = created(strict)
    bare = row(product, 5)
    del bare["changeFromQuantity"]
    answer = strict.shopify(STOCK, {"key": "k", "input": stock_input(bare)}).json
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert [v["code"] for v in strict.violations()] == ["INVALID_FIELD_ARGUMENTS"]


def test_a_stale_quantity_changes_nothing_in_the_whole_call(sandbox: Sandbox) -> None:
    product = created(sandbox)
    payload = set_stock(sandbox, "k1", row(product, 3, place=SECOND), row(product, 5, 7))
    assert codes(payload) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert payload["userErrors"][0]["field"] == ["input", "quantities", "1", "changeFromQuantity"]
    assert payload["inventoryAdjustmentGroup"] is None
    assert stock(sandbox, product) == {"Main": 0}


def test_the_same_key_with_the_same_body_has_one_effect_and_one_answer(sandbox: Sandbox) -> None:
    product = created(sandbox)
    first = set_stock(sandbox, "k1", row(product, 5))
    set_stock(sandbox, "k2", row(product, 9))
    assert set_stock(sandbox, "k1", row(product, 5)) == first
    assert stock(sandbox, product) == {"Main": 9}
    effects = [c["effects"] for c in sandbox.control("calls") if c["operation"] == "inventorySetQuantities"]
    assert [len(entry) for entry in effects] == [1, 1, 0]


def test_the_same_key_with_another_body_is_a_violation(strict: Sandbox) -> None:
    product = created(strict)
    set_stock(strict, "k1", row(product, 5))
    assert codes(set_stock(strict, "k1", row(product, 6))) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert [v["code"] for v in strict.violations()] == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert stock(strict, product) == {"Main": 5}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/9"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/9"}, "INVALID_LOCATION"),
    ],
)
def test_wrong_rows_are_refused(sandbox: Sandbox, change: dict, code: str) -> None:
    product = created(sandbox)
    assert codes(set_stock(sandbox, "k", row(product, 5) | change)) == [code]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "incoming"}, "INVALID_NAME"),
        ({"reason": "because"}, "INVALID_REASON"),
        ({"referenceDocumentUri": "no uri"}, "INVALID_REFERENCE_DOCUMENT"),
    ],
)
def test_wrong_headers_are_violations(strict: Sandbox, given: dict, code: str) -> None:
    product = created(strict)
    assert codes(set_stock(strict, "k", row(product, 5), **given)) == [code]
    assert [v["code"] for v in strict.violations()] == [code]


def test_the_same_place_twice_is_a_violation(strict: Sandbox) -> None:
    product = created(strict)
    payload = set_stock(strict, "k", row(product, 5), row(product, 6))
    assert codes(payload) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]


def test_an_item_is_updated_on_its_own(sandbox: Sandbox) -> None:
    product = created(sandbox)
    item = product["variants"]["nodes"][0]["inventoryItem"]["id"]
    query = """mutation I($id: ID!, $input: InventoryItemInput!) {
      inventoryItemUpdate(id: $id, input: $input) {
      inventoryItem { tracked unitCost { amount currencyCode } } userErrors { message } } }"""
    payload = sandbox.shopify(query, {"id": item, "input": {"tracked": True, "cost": "10"}}).json["data"]
    assert payload["inventoryItemUpdate"]["inventoryItem"] == {
        "tracked": True,
        "unitCost": {"amount": "10.0", "currencyCode": "EUR"},
    }
