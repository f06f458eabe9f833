"""The vendors' own Python clients talk to the sandbox, and read there what our connectors wrote.

Google's client speaks protobuf over JSON and gives enums as numbers; Amazon's is generated from its Swagger documents.
Neither knows of us, so each is a second reader of the contract.
"""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from google.api_core import exceptions
from google.oauth2.credentials import Credentials
from google.protobuf.field_mask_pb2 import FieldMask
from google.shopping import merchant_products_v1 as merchant
from google.shopping.merchant_products_v1.services.product_inputs_service.transports.rest import (
    ProductInputsServiceRestTransport,
)
from google.shopping.merchant_products_v1.services.products_service.transports.rest import ProductsServiceRestTransport
from spapi import ApiException, DefinitionsApi, FeedsApi, ListingsApi, ListingsRestrictionsApi, SPAPIClient, SPAPIConfig

from channels.connectors.base import Known
from channels.sandbox.world import AMAZON_SELLER, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from pimhub.foundation import http
from tests.channels.connectors.amazon import builders as amazon
from tests.channels.connectors.google import builders as google
from tests.channels.sandbox.account import US
from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.test_amazon_listings import DE, shirt

ACCOUNT = "accounts/1001"


def publish(sandbox: Sandbox, builders: Any, product: Any, channel: str) -> tuple[Any, Any]:
    """Send what the connector plans; what it wanted, and with what it called."""
    at = replace(builders.CONNECTION, base_url=f"{sandbox.url}/{channel}", credentials={"access_token": TOKEN})
    connector = getattr(builders, channel)
    wanted = connector.render(product, at)
    for operation in connector.plan(wanted, Known(), at):
        answer = http.send(operation.request, timeout=5, allowed_origins=[sandbox.url])
        assert answer.status == 200, answer.body
    return wanted, at


def shows_it(sandbox: Sandbox, builders: Any, wanted: Any, at: Any, channel: str) -> bool:
    connector = getattr(builders, channel)
    requests = connector.read(wanted, Known(), at)
    answers = [http.send(request, timeout=5, allowed_origins=[sandbox.url]) for request in requests]
    return bool(connector.interpret_read(wanted, Known(), answers, at).bodies == wanted.bodies)


# ---- Google -----------------------------------------------------------------------------------------


class Google:
    def __init__(self, sandbox: Sandbox) -> None:
        sandbox.control("settings", channel="google", visible_after=0)
        given = {"host": f"{sandbox.url.removeprefix('http://')}/google", "url_scheme": "http"}
        token = Credentials(token=TOKEN)
        inputs = ProductInputsServiceRestTransport(credentials=token, **given)
        products = ProductsServiceRestTransport(credentials=token, **given)
        self.inputs = merchant.ProductInputsServiceClient(transport=inputs)
        self.products = merchant.ProductsServiceClient(transport=products)

    def insert(self, body: Any, source: str = US) -> Any:
        request = merchant.InsertProductInputRequest(parent=ACCOUNT, product_input=body, data_source=source)
        return self.inputs.insert_product_input(request)

    def get(self, id: str) -> Any:
        return self.products.get_product(merchant.GetProductRequest(name=f"{ACCOUNT}/products/{id}"))


def as_input(body: dict[str, Any]) -> Any:
    return merchant.ProductInput.from_json(json.dumps(body), ignore_unknown_fields=False)


def test_googles_client_reads_what_we_inserted(sandbox: Sandbox) -> None:
    client = Google(sandbox)
    wanted, _ = publish(sandbox, google, google.tee(), "google")
    listed = list(client.products.list_products(merchant.ListProductsRequest(parent=f"{ACCOUNT}", page_size=1)))
    assert {each.offer_id for each in listed} == set(wanted.bodies)
    for sku, bodies in wanted.bodies.items():
        shown = client.get(f"en~US~{sku}")
        held = shown.product_attributes
        attributes = bodies["content"]["productAttributes"]
        assert held.title == attributes["title"]
        assert held.brand == attributes["brand"]
        assert list(held.gtins) == attributes["gtins"]
        assert held.item_group_id == attributes["itemGroupId"]
        assert held.price.amount_micros == int(bodies["offer"]["price"]["amountMicros"])
        assert held.availability.name == bodies["stock"]["availability"]
        assert [s.reporting_context.name for s in shown.product_status.destination_statuses]


def test_what_googles_client_inserts_is_in_sync_for_us(sandbox: Sandbox) -> None:
    """The body that our connector sends passes the client's own protobuf, unknown fields forbidden."""
    client = Google(sandbox)
    at = replace(google.CONNECTION, base_url=f"{sandbox.url}/google", credentials={"access_token": TOKEN})
    wanted = google.google.render(google.tee(), at)
    for operation in google.google.plan(wanted, Known(), at):
        answered = client.insert(as_input(json.loads(operation.request.body)))
        assert answered.name.startswith(f"{ACCOUNT}/productInputs/en~US~")
    assert shows_it(sandbox, google, wanted, at, "google")


def test_googles_client_patches_and_deletes(sandbox: Sandbox) -> None:
    client = Google(sandbox)
    wanted, at = publish(sandbox, google, google.single(), "google")
    (sku,) = wanted.bodies
    name = f"{ACCOUNT}/productInputs/en~US~{sku}"
    price = {"amount_micros": 21_990_000, "currency_code": "USD"}
    body = merchant.ProductInput(name=name, product_attributes=merchant.ProductAttributes(price=price))
    mask = FieldMask(paths=["product_attributes.price"])
    client.inputs.update_product_input(
        merchant.UpdateProductInputRequest(product_input=body, update_mask=mask, data_source=US)
    )
    assert client.get(f"en~US~{sku}").product_attributes.price.amount_micros == 21_990_000
    assert not shows_it(sandbox, google, wanted, at, "google")
    client.inputs.delete_product_input(merchant.DeleteProductInputRequest(name=name, data_source=US))
    with pytest.raises(exceptions.NotFound):
        client.get(f"en~US~{sku}")


def test_googles_client_understands_refusals(sandbox: Sandbox) -> None:
    client = Google(sandbox)
    body = as_input({"offerId": "a", "contentLanguage": "en", "feedLabel": "US", "versionNumber": "9"})
    client.insert(body)
    body.version_number = 8
    with pytest.raises(exceptions.Conflict):  # ABORTED, by its HTTP status
        client.insert(body)
    body.content_language = "de"
    with pytest.raises(exceptions.BadRequest):
        client.insert(body)
    sandbox.control("settings", channel="google", requests_per_minute=1)
    client.get("en~US~a")
    with pytest.raises(exceptions.TooManyRequests) as refused:
        client.get("en~US~a")
    assert refused.value.reason == "quota/request_rate_too_high"


# ---- Amazon -----------------------------------------------------------------------------------------


def amazons_client(sandbox: Sandbox) -> Any:
    """It fetches its token by itself, as ours does."""
    sandbox.control("settings", channel="amazon", visible_after=0, feed_after=0)
    config = SPAPIConfig(CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, region="EU")
    return SPAPIClient(config, oauth_endpoint=f"{sandbox.url}/amazon/auth/o2/token", endpoint=f"{sandbox.url}/amazon")


def test_amazons_client_reads_what_we_put(sandbox: Sandbox) -> None:
    listings = ListingsApi(amazons_client(sandbox).api_client)
    wanted, _ = publish(sandbox, amazon, amazon.single(), "amazon")
    (bodies,) = wanted.bodies.values()
    sku = bodies["content"]["sku"]
    shown = listings.get_listings_item(AMAZON_SELLER, sku, [DE], included_data=["summaries", "attributes", "issues"])
    assert shown.sku == sku
    assert shown.summaries[0].product_type == "SHIRT"
    assert shown.summaries[0].status == ["BUYABLE", "DISCOVERABLE"]
    assert shown.issues == []
    held = bodies["content"]["attributes"]
    assert shown.attributes["item_name"] == held["item_name"]
    price = shown.attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    assert str(price) == "19.99"
    found = listings.search_listings_items(AMAZON_SELLER, [DE], identifiers=[sku], identifiers_type="SKU")
    assert [item.sku for item in found.items] == [sku]


def test_what_amazons_client_puts_is_in_sync_for_us(sandbox: Sandbox) -> None:
    listings = ListingsApi(amazons_client(sandbox).api_client)
    at = replace(amazon.CONNECTION, base_url=f"{sandbox.url}/amazon", credentials={"access_token": TOKEN})
    wanted = amazon.amazon.render(amazon.single(), at)
    (operation,) = amazon.amazon.plan(wanted, Known(), at)
    sku = next(iter(wanted.bodies.values()))["content"]["sku"]
    taken = listings.put_listings_item(AMAZON_SELLER, sku, [DE], json.loads(operation.request.body))
    assert (taken.sku, taken.status) == (sku, "ACCEPTED")
    assert shows_it(sandbox, amazon, wanted, at, "amazon")
    patches = [{"op": "replace", "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}]}]  # fmt: skip
    patched = {"productType": "SHIRT", "patches": patches}
    assert listings.patch_listings_item(AMAZON_SELLER, sku, [DE], patched).status == "ACCEPTED"
    assert not shows_it(sandbox, amazon, wanted, at, "amazon")
    assert listings.delete_listings_item(AMAZON_SELLER, sku, [DE]).status == "ACCEPTED"
    with pytest.raises(ApiException) as gone:
        listings.get_listings_item(AMAZON_SELLER, sku, [DE])
    assert gone.value.status == 404


def test_amazons_client_is_told_what_is_wrong(sandbox: Sandbox) -> None:
    client = amazons_client(sandbox)
    answer = ListingsApi(client.api_client).put_listings_item(
        AMAZON_SELLER, "a", [DE], shirt(brand=None), mode="VALIDATION_PREVIEW", included_data=["issues"]
    )
    assert (answer.status, [issue.code for issue in answer.issues]) == ("INVALID", ["90220"])
    restricted = [{"asin": "B000000001", "message": "Ask first."}]
    sandbox.control("settings", channel="amazon", restricted=restricted)
    told = ListingsRestrictionsApi(client.api_client).get_listings_restrictions("B000000001", AMAZON_SELLER, [DE])
    assert told.restrictions[0].reasons[0].message == "Ask first."
    described = DefinitionsApi(client.api_client).get_definitions_product_type("SHIRT", [DE])
    assert described.product_type == "SHIRT"
    assert described.var_schema.checksum


def test_amazons_client_sends_a_feed_that_our_connector_wrote(sandbox: Sandbox) -> None:
    """The file is ours, the way is theirs: document, upload, feed, report."""
    feeds = FeedsApi(amazons_client(sandbox).api_client)
    at = replace(amazon.CONNECTION, base_url=f"{sandbox.url}/amazon", credentials={"access_token": TOKEN})
    wanted = amazon.amazon.render(amazon.single(), at)
    (operation,) = amazon.amazon.plan(wanted, Known(), at)
    kind = amazon.amazon.bulk_kind(operation)
    file = amazon.amazon.bulk_file(kind, [amazon.amazon.bulk_line(kind, operation.request, 0)], at)
    content = "application/json; charset=UTF-8"
    slot = feeds.create_feed_document({"contentType": content})
    path = slot.url.removeprefix(sandbox.url)
    assert sandbox.call("PUT", path, file, {"Content-Type": content}).status == 200
    body = {"feedType": kind, "marketplaceIds": [DE], "inputFeedDocumentId": slot.feed_document_id}
    id = feeds.create_feed(body).feed_id
    for _ in range(50):
        if (feed := feeds.get_feed(id)).processing_status == "DONE":
            break
        time.sleep(0.05)
    assert [each.feed_id for each in feeds.get_feeds(feed_types=[kind]).feeds] == [id]
    document = feeds.get_feed_document(feed.result_feed_document_id)
    packed = sandbox.call("GET", document.url.removeprefix(sandbox.url)).body
    assert document.compression_algorithm == "GZIP"
    assert json.loads(gzip.decompress(packed))["summary"]["messagesAccepted"] == 1
    answers = dict(amazon.amazon.bulk_answers(packed, [operation.request]))
    assert json.loads(answers[0].body)["status"] == "ACCEPTED"
    assert shows_it(sandbox, amazon, wanted, at, "amazon")
