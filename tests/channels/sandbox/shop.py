"""Documents and builders for talking to the sandbox shop in tests."""

from __future__ import annotations

from typing import Any

from tests.channels.sandbox.fixtures import Sandbox

SET = """
mutation Set($identifier: ProductSetIdentifiers, $input: ProductSetInput!, $sync: Boolean) {
  productSet(identifier: $identifier, input: $input, synchronous: $sync) {
    product { ...all }
    productSetOperation { id status product { id } userErrors { code field message } }
    userErrors { code field message }
  }
}
"""
ALL = """
fragment all on Product {
  id title descriptionHtml vendor productType handle status tags updatedAt isGiftCard
  seo { title description } category { id }
  options { id name position optionValues { id name hasVariants } }
  metafields(first: 50) { nodes { namespace key type value } }
  media(first: 250) { nodes { id alt status ... on MediaImage { image { url } } mediaErrors { code } } }
  resourcePublications(first: 10) { nodes { publication { id name } publishDate isPublished } }
  variants(first: 2000) { nodes { ...one } }
}
fragment one on ProductVariant {
  id sku barcode price compareAtPrice taxable inventoryPolicy position title
  selectedOptions { name value }
  media(first: 5) { nodes { id } }
  metafields(first: 10) { nodes { key value } }
  inventoryItem {
    id sku tracked requiresShipping countryCodeOfOrigin harmonizedSystemCode unitCost { amount }
    measurement { weight { value unit } }
    inventoryLevels(first: 10) {
      nodes { location { id name } quantities(names: ["available", "on_hand"]) { name quantity } }
    }
  }
}
"""
READ = "query Read($id: ID!) { product(id: $id) { ...all } }" + ALL
STOCK = """
mutation Stock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange } }
    userErrors { code field message }
  }
}
"""
DEFINE = """
mutation Define($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id namespace key type { name } capabilities { uniqueValues { enabled } } }
    userErrors { code field message }
  }
}
"""
PIM_ID = {"namespace": "$app", "key": "pim_id"}


def tee(**given: Any) -> dict[str, Any]:
    """A tee in black with two sizes."""
    return {
        "title": "Acme Tee",
        "descriptionHtml": "<p>Soft.</p>",
        "vendor": "Acme",
        "tags": ["organic", "Basics"],
        "productOptions": [
            {"name": "Color", "values": [{"name": "Black"}]},
            {"name": "Size", "values": [{"name": "S"}, {"name": "M"}]},
        ],
        "variants": [variant("S"), variant("M")],
    } | given


def variant(size: str, color: str = "Black", **given: Any) -> dict[str, Any]:
    return {
        "optionValues": [{"optionName": "Color", "name": color}, {"optionName": "Size", "name": size}],
        "sku": f"TEE-{color[:3].upper()}-{size}",
        "price": "19.9",
    } | given


def product_set(
    sandbox: Sandbox, given: dict[str, Any], identifier: dict[str, Any] | None = None, *, sync: bool = True
) -> dict[str, Any]:
    """The payload of one productSet; fails on top-level errors."""
    variables = {"input": given, "identifier": identifier, "sync": sync}
    answer = sandbox.shopify(SET + ALL, variables).json
    assert "errors" not in answer, answer["errors"]
    payload: dict[str, Any] = answer["data"]["productSet"]
    return payload


def created(sandbox: Sandbox, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """A product that the shop took."""
    payload = product_set(sandbox, given or tee())
    assert payload["userErrors"] == []
    product: dict[str, Any] = payload["product"]
    return product


def changed(sandbox: Sandbox, product: dict[str, Any], **given: Any) -> dict[str, Any]:
    payload = product_set(sandbox, given, {"id": product["id"]})
    assert payload["userErrors"] == []
    after: dict[str, Any] = payload["product"]
    return after


def refused(
    sandbox: Sandbox, given: dict[str, Any], identifier: dict[str, Any] | None = None
) -> tuple[str | None, list[str]]:
    """(code, field) of the first error with which the shop refuses; nothing may have changed."""
    before = {name: sandbox.state("shopify")[name] for name in ("products", "variants", "media", "media_uploads")}
    payload = product_set(sandbox, given, identifier)
    assert payload["product"] is None
    error = payload["userErrors"][0]
    after = sandbox.state("shopify")
    assert {name: after[name] for name in before} == before
    return error["code"], error["field"]


def read(sandbox: Sandbox, id: str) -> dict[str, Any] | None:
    answer = sandbox.shopify(READ, {"id": id}).json
    assert "errors" not in answer, answer["errors"]
    product: dict[str, Any] | None = answer["data"]["product"]
    return product


def skus(product: dict[str, Any]) -> list[str]:
    return [node["sku"] for node in product["variants"]["nodes"]]


def stock_of(product: dict[str, Any], sku: str) -> dict[str, int]:
    [node] = [node for node in product["variants"]["nodes"] if node["sku"] == sku]
    levels = node["inventoryItem"]["inventoryLevels"]["nodes"]
    return {level["location"]["name"]: level["quantities"][0]["quantity"] for level in levels}


def define_pim_id(sandbox: Sandbox, **given: Any) -> dict[str, Any]:
    definition = PIM_ID | {"name": "PIM id", "ownerType": "PRODUCT", "type": "id"} | given
    payload: dict[str, Any] = sandbox.shopify(DEFINE, {"definition": definition}).json["data"]
    return payload["metafieldDefinitionCreate"]
