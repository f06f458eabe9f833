"""The account's feeds: every answer is one of Amazon's document, and the file is Amazon's schema's."""

from __future__ import annotations

import gzip
import json
from typing import Any

from channels.connectors.amazon.schema import FEED_REPORT, FEEDS, check_answer, check_file, document
from channels.sandbox.world import AMAZON_SELLER, TOKEN
from tests.channels.sandbox.fixtures import Answer, Sandbox, path_of
from tests.channels.sandbox.test_amazon_listings import DE, shirt

ROOT = "/feeds/2021-06-30"
CONTENT = "application/json; charset=UTF-8"


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    answer = sandbox.call(method, f"/amazon{ROOT}/{path}", data, {"x-amz-access-token": TOKEN})
    shape = path.partition("?")[0].split("/")
    named = f"{ROOT}/{shape[0]}" + ("/{feedId}" if shape[0] == "feeds" else "/{feedDocumentId}") * (len(shape) > 1)
    assert check_answer(FEEDS, document(FEEDS)["paths"][named][method.lower()], answer.status, answer.json) == []
    return answer


def upload(sandbox: Sandbox, text: str, content: str = CONTENT) -> tuple[str, Answer]:
    slot = call(sandbox, "POST", "documents", {"contentType": CONTENT}).json
    address = path_of(slot["url"]) + "?" + slot["url"].partition("?")[2]
    return slot["feedDocumentId"], sandbox.call("PUT", address, text.encode(), {"Content-Type": content})


def feed(sandbox: Sandbox, *messages: dict[str, Any]) -> str:
    held = {"header": {"sellerId": AMAZON_SELLER, "version": "2.0"}, "messages": list(messages)}
    id, put = upload(sandbox, json.dumps(held))
    assert put.status == 200
    body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [DE], "inputFeedDocumentId": id}
    made = call(sandbox, "POST", "feeds", body)
    assert made.status == 202
    return str(made.json["feedId"])


def report(sandbox: Sandbox, id: str) -> Any:
    shown = call(sandbox, "GET", f"feeds/{id}").json
    assert shown["processingStatus"] == "DONE", shown
    held = call(sandbox, "GET", f"documents/{shown['resultFeedDocumentId']}").json
    assert held["compressionAlgorithm"] == "GZIP"
    found = json.loads(gzip.decompress(sandbox.call("GET", held["url"].partition(sandbox.url)[2]).body))
    assert list(check_file(FEED_REPORT, found)) == []
    return found


def update(number: int, sku: str, **attributes: Any) -> dict[str, Any]:
    return {"messageId": number, "sku": sku, "operationType": "UPDATE", **shirt(**attributes)}


def at_once(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="amazon", feed_after=0, visible_after=0)


def test_each_message_is_worked_on_and_the_bad_one_is_told(sandbox: Sandbox) -> None:
    at_once(sandbox)
    id = feed(sandbox, update(1, "a"), update(2, "b", brand=None), update(3, "c"))
    found = report(sandbox, id)
    assert found["summary"] | {"warnings": 0} == {
        "errors": 1, "warnings": 0, "messagesProcessed": 3, "messagesAccepted": 2, "messagesInvalid": 1,
    }  # fmt: skip
    assert [(i["messageId"], i["sku"], i["code"]) for i in found["issues"]] == [(2, "b", "90220")]
    assert [sandbox.amazon("GET", sku).status for sku in "abc"] == [200, 404, 200]


def test_parts_patches_and_deletes_do_what_calls_do(sandbox: Sandbox) -> None:
    at_once(sandbox)
    report(sandbox, feed(sandbox, update(1, "a"), update(2, "b")))
    brand = [{"value": "Other", "marketplace_id": DE, "language_tag": "en_GB"}]
    partial = {"messageId": 5, "sku": "a", "operationType": "PARTIAL_UPDATE", "productType": "SHIRT"}
    patch = {"messageId": 9, "sku": "b", "operationType": "PATCH", "productType": "SHIRT"}
    patches = [{"op": "replace", "path": "/attributes/brand", "value": brand}]
    report(sandbox, feed(sandbox, partial | {"attributes": {"brand": brand}}, patch | {"patches": patches}))
    for sku in "ab":
        held = sandbox.amazon("GET", sku, includedData="attributes").json["attributes"]
        assert (held["brand"][0]["value"], held["item_name"][0]["value"]) == ("Other", "Tee")
    report(sandbox, feed(sandbox, {"messageId": 1, "sku": "a", "operationType": "DELETE"}))
    assert sandbox.amazon("GET", "a").status == 404


def test_a_file_that_is_no_feed_is_fatal_and_a_fault(strict: Sandbox) -> None:
    at_once(strict)
    id = feed(strict, {"messageId": 1, "sku": "a", "operationType": "DELETE", "attributes": {}})
    assert call(strict, "GET", f"feeds/{id}").json["processingStatus"] == "FATAL"
    assert {v["code"] for v in strict.violations()} == {"InvalidFeed"}


def test_the_signed_address_wants_its_very_content_type(strict: Sandbox) -> None:
    _, put = upload(strict, "{}", content="application/json")
    assert (put.status, [v["code"] for v in strict.violations()]) == (403, ["SignatureDoesNotMatch"])


def test_a_feed_can_be_cancelled_while_it_waits_and_is_listed(sandbox: Sandbox) -> None:
    sandbox.control("settings", channel="amazon", feed_after=600)
    id = feed(sandbox, update(1, "a"))
    assert call(sandbox, "DELETE", f"feeds/{id}").status == 200
    listed = call(sandbox, "GET", "feeds?feedTypes=JSON_LISTINGS_FEED&createdSince=2020-01-01T00:00:00Z").json["feeds"]
    assert [(f["feedId"], f["processingStatus"]) for f in listed] == [(id, "CANCELLED")]
    assert sandbox.amazon("GET", "a").status == 404


def test_five_feeds_and_no_sixth(sandbox: Sandbox) -> None:
    """JSON_LISTINGS_FEED: five in five minutes."""
    sandbox.control("settings", channel="amazon", bucket=True)
    id, _ = upload(sandbox, json.dumps({"header": {}, "messages": []}))
    body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [DE], "inputFeedDocumentId": id}
    sandbox.control("settings", channel="amazon", feed_after=600)
    assert [call(sandbox, "POST", "feeds", body).status for _ in range(6)] == [202] * 5 + [429]
