"""Payloads that were validated elsewhere against the vendors' schemas must pass the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.channels.sandbox.account import US, at_once, get, insert
from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.shop import created, define_pim_id, tee

EXAMPLES = Path(__file__).parents[4] / "shared" / "specs" / "examples"

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"no examples in {EXAMPLES}")


def test_the_shopify_product_is_taken(sandbox: Sandbox) -> None:
    define_pim_id(sandbox, namespace="app--1--pim")
    image = created(sandbox, tee(files=[{"originalSource": "https://cdn.example.com/x.jpg"}]))["media"]["nodes"][0]
    query = (EXAMPLES / "shopify_productSet.graphql").read_text()
    variables = json.loads((EXAMPLES / "shopify_productSet.variables.json").read_text())
    variables["input"]["handle"] = "example-tee"
    # The example's image belongs to another shop.
    variables["input"]["files"][1]["id"] = image["id"]
    # Metafields that are sent must hold the custom id (METAFIELD_MISMATCH).
    variables["input"]["metafields"].append(variables["identifier"]["customId"])
    for _ in range(2):
        payload = sandbox.shopify(query, variables).json["data"]["productSet"]
        assert payload["userErrors"] == []
        assert payload["product"]["handle"] == "example-tee"
        assert [v["sku"] for v in payload["product"]["variants"]["nodes"]] == ["TEE-BLK-S", "TEE-BLK-M"]
    assert sandbox.state("shopify")["products"] == 2


def test_the_shopify_stock_is_taken(sandbox: Sandbox) -> None:
    item = created(sandbox)["variants"]["nodes"][0]["inventoryItem"]["id"]
    query = (EXAMPLES / "shopify_inventorySetQuantities.graphql").read_text()
    variables = json.loads((EXAMPLES / "shopify_inventorySetQuantities.variables.json").read_text())
    variables["input"]["quantities"][0]["inventoryItemId"] = item
    payload = sandbox.shopify(query, variables).json["data"]["inventorySetQuantities"]
    assert payload["userErrors"] == []
    assert payload["inventoryAdjustmentGroup"]["id"]


def test_the_google_offers_are_taken_and_approved(sandbox: Sandbox) -> None:
    at_once(sandbox)
    for body in json.loads((EXAMPLES / "google_productInputs.json").read_text()):
        assert insert(sandbox, body, US).status == 200
        product = get(sandbox, f"en~US~{body['offerId']}").json
        assert product["productAttributes"] == body["productAttributes"]
        assert product["productStatus"]["itemLevelIssues"] == []
