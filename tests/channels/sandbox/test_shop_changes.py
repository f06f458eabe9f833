"""Images, publications, prices, status and deletion: everything around productSet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.sandbox.fixtures import Sandbox, path_of
from tests.channels.sandbox.shop import changed, created, product_set, read, refused, tee, variant

FRONT, BACK = "https://cdn.example.com/front.jpg", "https://cdn.example.com/back.jpg"
BULK = """mutation B($id: ID!, $rows: [ProductVariantsBulkInput!]!, $partial: Boolean) {
  productVariantsBulkUpdate(productId: $id, variants: $rows, allowPartialUpdates: $partial) {
    product { id } productVariants { id price } userErrors { code field message } } }"""
PUBLISH = """mutation P($id: ID!, $input: [PublicationInput!]!) { publishablePublish(id: $id, input: $input) {
  publishable { publishedOnPublication(publicationId: "gid://shopify/Publication/1") }
  shop { name } userErrors { field message } } }"""


def media_ids(product: dict) -> list[str]:
    return [node["id"] for node in product["media"]["nodes"]]


def source(url: str, **given: Any) -> dict[str, Any]:
    return {"originalSource": url, "alt": "A tee", "contentType": "IMAGE"} | given


# ---- images --------------------------------------------------------------------------------------


def test_every_original_source_is_a_new_upload_and_an_id_is_none(sandbox: Sandbox) -> None:
    product = created(sandbox, tee(files=[source(FRONT), source(BACK)]))
    assert sandbox.state("shopify")["media_uploads"] == 2
    kept = [{"id": id} for id in media_ids(product)]
    assert media_ids(changed(sandbox, product, files=kept)) == media_ids(product)
    assert sandbox.state("shopify")["media_uploads"] == 2
    careless = changed(sandbox, product, files=[source(FRONT), source(BACK)])
    assert set(media_ids(careless)).isdisjoint(media_ids(product))
    state = sandbox.state("shopify")
    assert (state["media_uploads"], state["media"]) == (4, 4)


def test_files_are_replaced_in_order_and_stay_when_omitted(sandbox: Sandbox) -> None:
    product = created(sandbox, tee(files=[source(FRONT), source(BACK)]))
    front, back = media_ids(product)
    assert media_ids(changed(sandbox, product, title="Other")) == [front, back]
    assert media_ids(changed(sandbox, product, files=[{"id": back, "alt": "Back"}])) == [back]
    found = read(sandbox, product["id"])
    assert found is not None
    assert found["media"]["nodes"][0]["alt"] == "Back"


def test_a_variant_shows_one_of_the_products_files(sandbox: Sandbox) -> None:
    options = tee()["productOptions"]
    rows = [variant("S", file={"originalSource": FRONT}), variant("M")]
    product = created(sandbox, tee(files=[source(FRONT)], variants=rows))
    small = product["variants"]["nodes"][0]
    assert [node["id"] for node in small["media"]["nodes"]] == media_ids(product)
    other = [variant("S", file={"originalSource": BACK}), variant("M")]
    code, field = refused(sandbox, {"productOptions": options, "variants": other}, {"id": product["id"]})
    assert (code, field) == ("INVALID_VARIANT", ["input", "variants", "0", "file"])
    cleared = changed(sandbox, product, productOptions=options, variants=[variant("S", file=None), variant("M")])
    assert cleared["variants"]["nodes"][0]["media"]["nodes"] == []


def test_an_image_is_processing_for_a_while_and_then_on_the_shops_own_address(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="shopify", media_delay=30)
    [image] = created(sandbox, tee(files=[source(FRONT)]))["media"]["nodes"]
    assert (image["status"], image["image"]) == ("PROCESSING", None)
    sandbox.control("settings", channel="shopify", media_delay=0)
    [image] = created(sandbox, tee(files=[source(BACK)]))["media"]["nodes"]
    assert image["status"] == "READY"
    assert image["image"]["url"].startswith(f"{sandbox.url}/shopify/cdn/")
    answer = sandbox.call("GET", path_of(image["image"]["url"]))
    assert (answer.status, answer.headers["location"]) == (302, BACK)


def test_an_image_that_cannot_be_had_fails_later(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="shopify", media_fail=["back"])
    files = [source(FRONT), source(BACK), source("https://cdn.example.com/a.pdf")]
    images = created(sandbox, tee(files=files))["media"]["nodes"]
    assert [(i["status"], [e["code"] for e in i["mediaErrors"]]) for i in images] == [
        ("READY", []),
        ("FAILED", ["IMAGE_DOWNLOAD_FAILURE"]),
        ("FAILED", ["UNSUPPORTED_IMAGE_FILE_TYPE"]),
    ]


def test_the_same_file_name_is_kept_apart_replaced_or_refused(sandbox: Sandbox) -> None:
    first = media_ids(created(sandbox, tee(files=[source(FRONT, filename="tee.jpg")])))
    apart = media_ids(created(sandbox, tee(files=[source(FRONT, filename="tee.jpg")])))
    replaced = source(BACK, filename="tee.jpg", duplicateResolutionMode="REPLACE")
    assert apart != first
    assert media_ids(created(sandbox, tee(files=[replaced]))) == first
    wrong = source(BACK, filename="tee.jpg", duplicateResolutionMode="RAISE_ERROR")
    assert refused(sandbox, tee(files=[wrong]))[1] == ["input", "files", "0", "filename"]


@pytest.mark.parametrize(
    "file",
    [
        {"id": "gid://shopify/MediaImage/9"},
        {"originalSource": "ftp://x/a.jpg"},
        {"originalSource": "nothing"},
        {"alt": "only"},
        {"originalSource": FRONT, "alt": "x" * 513},
    ],
)
def test_wrong_files_are_refused_and_nothing_is_uploaded(sandbox: Sandbox, file: dict) -> None:
    refused(sandbox, tee(files=[source(BACK), file]))


# ---- publications --------------------------------------------------------------------------------


def test_publishing_and_withdrawing(sandbox: Sandbox) -> None:
    product = created(sandbox)
    target = {"id": product["id"], "input": [{"publicationId": "gid://shopify/Publication/1"}]}
    payload = sandbox.shopify(PUBLISH, target).json["data"]["publishablePublish"]
    assert payload == {
        "publishable": {"publishedOnPublication": True},
        "shop": {"name": "sandbox"},
        "userErrors": [],
    }
    found = read(sandbox, product["id"])
    assert found is not None
    [entry] = found["resourcePublications"]["nodes"]
    assert (entry["publication"]["name"], entry["isPublished"]) == ("Online Store", True)
    withdraw = PUBLISH.replace("publishablePublish", "publishableUnpublish")
    payload = sandbox.shopify(withdraw, target).json["data"]["publishableUnpublish"]
    assert payload["publishable"] == {"publishedOnPublication": False}


def test_a_future_date_is_not_published_yet(sandbox: Sandbox) -> None:
    product = created(sandbox)
    given = [{"publicationId": "gid://shopify/Publication/1", "publishDate": "2099-01-01T00:00:00Z"}]
    payload = sandbox.shopify(PUBLISH, {"id": product["id"], "input": given}).json["data"]
    assert payload["publishablePublish"]["publishable"] == {"publishedOnPublication": False}


def test_unknown_publications_and_products_are_user_errors(sandbox: Sandbox) -> None:
    product = created(sandbox)
    wrong = {"id": product["id"], "input": [{"publicationId": "gid://shopify/Publication/9"}]}
    errors = sandbox.shopify(PUBLISH, wrong).json["data"]["publishablePublish"]["userErrors"]
    assert errors[0]["field"] == ["input", "0", "publicationId"]
    gone = {"id": "gid://shopify/Product/9", "input": [{"publicationId": "gid://shopify/Publication/1"}]}
    payload = sandbox.shopify(PUBLISH, gone).json["data"]["publishablePublish"]
    assert (payload["publishable"], payload["userErrors"][0]["field"]) == (None, ["id"])


# ---- prices and status ---------------------------------------------------------------------------


def bulk(sandbox: Sandbox, product: dict, *rows: dict, partial: bool = False) -> dict[str, Any]:
    variables = {"id": product["id"], "rows": list(rows), "partial": partial}
    payload: dict[str, Any] = sandbox.shopify(BULK, variables).json["data"]["productVariantsBulkUpdate"]
    return payload


def test_one_bad_row_rejects_all_unless_partial_updates_are_allowed(sandbox: Sandbox) -> None:
    product = created(sandbox)
    small, medium = (node["id"] for node in product["variants"]["nodes"])
    rows = [{"id": small, "price": "5"}, {"id": medium, "price": "-5"}]
    payload = bulk(sandbox, product, *rows)
    assert payload["productVariants"] is None
    [error] = payload["userErrors"]
    assert (error["code"], error["field"]) == ("GREATER_THAN_OR_EQUAL_TO", ["variants", "1", "price"])
    assert read(sandbox, product["id"]) == product
    payload = bulk(sandbox, product, *rows, partial=True)
    assert payload["productVariants"] == [{"id": small, "price": "5.00"}]
    assert len(payload["userErrors"]) == 1


def test_quantities_in_a_variant_update_are_a_violation(strict: Sandbox) -> None:
    product = created(strict)
    levels = [{"locationId": "gid://shopify/Location/1", "availableQuantity": 5}]
    id = product["variants"]["nodes"][0]["id"]
    [error] = bulk(strict, product, {"id": id, "inventoryQuantities": levels})["userErrors"]
    assert error["code"] == "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
    assert [v["code"] for v in strict.violations()] == ["NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"]


def test_a_variant_of_another_product_is_not_found(sandbox: Sandbox) -> None:
    product, other = created(sandbox), created(sandbox)
    id = other["variants"]["nodes"][0]["id"]
    [error] = bulk(sandbox, product, {"id": id, "price": "1"})["userErrors"]
    assert (error["code"], error["field"]) == ("PRODUCT_VARIANT_DOES_NOT_EXIST", ["variants", "0", "id"])


def test_two_variants_cannot_have_the_same_options(sandbox: Sandbox) -> None:
    product = created(sandbox)
    id = product["variants"]["nodes"][0]["id"]
    values = variant("M")["optionValues"]
    [error] = bulk(sandbox, product, {"id": id, "optionValues": values})["userErrors"]
    assert error["code"] == "VARIANT_ALREADY_EXISTS"


def test_product_update_changes_the_status_and_merges_metafields(sandbox: Sandbox) -> None:
    def field(key: str) -> dict[str, str]:
        return {"namespace": "custom", "key": key, "type": "boolean", "value": "true"}

    product = created(sandbox, tee(metafields=[field("fair")]))
    query = """mutation U($product: ProductUpdateInput!) { productUpdate(product: $product) {
      product { status metafields(first: 5) { nodes { key } } } userErrors { field message } } }"""
    given = {"id": product["id"], "status": "ARCHIVED", "metafields": [field("vegan")]}
    payload = sandbox.shopify(query, {"product": given}).json["data"]["productUpdate"]
    assert payload["product"]["status"] == "ARCHIVED"
    assert [node["key"] for node in payload["product"]["metafields"]["nodes"]] == ["fair", "vegan"]
    missing = sandbox.shopify(query, {"product": {"id": "gid://shopify/Product/9"}}).json["data"]
    assert missing["productUpdate"]["userErrors"][0]["message"] == "Product does not exist"


def test_deleting_takes_variants_and_stock_along_and_leaves_the_files(sandbox: Sandbox) -> None:
    product = created(sandbox, tee(files=[source(FRONT)]))
    query = """mutation D($id: ID!, $sync: Boolean!) { productDelete(input: {id: $id}, synchronous: $sync) {
      deletedProductId productDeleteOperation { id status } userErrors { field } } }"""
    payload = sandbox.shopify(query, {"id": product["id"], "sync": False}).json["data"]["productDelete"]
    assert (payload["deletedProductId"], payload["productDeleteOperation"]["status"]) == (None, "CREATED")
    assert read(sandbox, product["id"]) is None
    state = sandbox.state("shopify")
    assert (state["products"], state["variants"], state["media"]) == (0, 0, 1)
    again = sandbox.shopify(query, {"id": product["id"], "sync": True}).json["data"]["productDelete"]
    assert again["userErrors"] == [{"field": ["id"]}]


# ---- questions -----------------------------------------------------------------------------------


def test_products_are_paged_and_searched(sandbox: Sandbox) -> None:
    titles = ["Tee", "Cap", "Sock"]
    for title in titles:
        created(sandbox, {"title": title, "tags": [title.lower()]})
    query = """query P($after: String, $query: String) { products(first: 2, after: $after, query: $query) {
      nodes { title } pageInfo { hasNextPage endCursor } } productsCount(query: $query) { count } }"""
    first = sandbox.shopify(query).json["data"]
    second = sandbox.shopify(query, {"after": first["products"]["pageInfo"]["endCursor"]}).json["data"]
    assert [n["title"] for p in (first, second) for n in p["products"]["nodes"]] == titles
    assert (first["productsCount"]["count"], second["products"]["pageInfo"]["hasNextPage"]) == (3, False)
    for search, found in [
        ("tag:cap", ["Cap"]),
        ("handle:sock status:active", ["Sock"]),
        ("updated_at:>'2099-01-01'", []),
        ("title:tee AND vendor:sandbox", ["Tee"]),
    ]:
        answer = sandbox.shopify(query, {"query": search}).json["data"]["products"]["nodes"]
        assert [node["title"] for node in answer] == found


def test_variants_are_found_by_sku(sandbox: Sandbox) -> None:
    created(sandbox)
    query = '{ productVariants(first: 5, query: "sku:TEE-BLA-M") { nodes { title product { title } } } }'
    found = sandbox.shopify(query).json["data"]["productVariants"]["nodes"]
    assert found == [{"title": "Black / M", "product": {"title": "Acme Tee"}}]


def test_nodes_of_every_kind_are_read_by_id(sandbox: Sandbox) -> None:
    product = created(sandbox, tee(files=[source(FRONT)]))
    one = product["variants"]["nodes"][0]
    ids = [product["id"], one["id"], one["inventoryItem"]["id"], *media_ids(product)]
    ids += ["gid://shopify/Location/2", "gid://shopify/Publication/1", "gid://shopify/Product/9"]
    query = "query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = sandbox.shopify(query, {"ids": ids}).json["data"]["nodes"]
    kinds = ["Product", "ProductVariant", "InventoryItem", "MediaImage", "Location", "Publication"]
    assert [node and node["__typename"] for node in found] == [*kinds, None]
    wrong = "query W($id: ID!) { product(id: $id) { id } }"
    assert sandbox.shopify(wrong, {"id": one["id"]}).json["data"] == {"product": None}


def test_the_fixed_world(sandbox: Sandbox) -> None:
    query = """{ shop { name currencyCode myshopifyDomain }
      locations(first: 5) { nodes { id name isActive } } publications(first: 5) { nodes { id name } }
      currentAppInstallation { accessScopes { handle } } publicApiVersions { handle supported } }"""
    data = sandbox.shopify(query).json["data"]
    assert data["shop"] == {
        "name": "sandbox",
        "currencyCode": "EUR",
        "myshopifyDomain": "sandbox.myshopify.com",
    }
    assert [node["name"] for node in data["locations"]["nodes"]] == ["Main", "Second"]
    assert [node["name"] for node in data["publications"]["nodes"]] == ["Online Store", "Point of Sale"]
    assert {"handle": "write_products"} in data["currentAppInstallation"]["accessScopes"]
    assert data["publicApiVersions"] == [{"handle": "2026-10", "supported": True}]


def test_the_async_product_exists_only_once_after_a_repeat(sandbox: Sandbox) -> None:
    given = tee(handle="tee")
    for _ in range(2):
        product_set(sandbox, given, {"handle": "tee"}, sync=False)
    assert sandbox.state("shopify")["products"] == 1
