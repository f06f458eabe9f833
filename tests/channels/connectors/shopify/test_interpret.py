"""The status code is never the verdict; the answer is, by the error table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import (
    BACK,
    CONNECTION,
    answered,
    publish,
    remote,
    rendered,
    shopify,
    tee,
    variables,
    variant,
    with_fields,
    yes,
)
from tests.channels.connectors.shopify.calls import CREATE, DEFINE, PUBLISH, UPDATE, only, refused


def top(code, message="No", **more):
    return answered({"errors": [{"message": message, "extensions": {"code": code}}], **more})


# ---- accepted ----------------------------------------------------------------------------------


def test_ids_are_learnt():
    outcome = shopify.interpret(CREATE, replace(yes(CREATE), headers={"x-request-id": "r-1"}))
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.request_id == "r-1"
    assert remote(outcome.links) == {
        "product": "gid://shopify/Product/1",
        "variant:TEE-S": "gid://shopify/ProductVariant/TEE-S",
        "inventory:TEE-S": "gid://shopify/InventoryItem/TEE-S",
        "variant:TEE-M": "gid://shopify/ProductVariant/TEE-M",
        "inventory:TEE-M": "gid://shopify/InventoryItem/TEE-M",
        "media:sha256:aa": "gid://shopify/MediaImage/https://pim.test/media/aa.jpg",
        "media:sha256:bb": "gid://shopify/MediaImage/https://pim.test/media/bb.jpg",
    }


def test_publishing_is_remembered_per_sales_channel():
    assert shopify.interpret(PUBLISH, yes(PUBLISH)).links == {
        "published:gid://shopify/Publication/1": "gid://shopify/Publication/1"
    }


def test_pictures_that_do_not_tally_get_no_ids():
    body = yes(CREATE).body.replace(b"https://pim.test/media/aa.jpg", b"x")
    assert "media:sha256:aa" in shopify.interpret(CREATE, Response(200, body=body)).links
    call = only(tee(media=(*tee().media, BACK)))
    ids = [file.get("id", "gid://shopify/MediaImage/9") for file in variables(call)["input"]["files"]]
    payload = {
        "product": {
            "id": "gid://shopify/Product/1",
            "media": {"nodes": [{"id": gid} for gid in reversed(ids)]},
            "variants": {"nodes": []},
        },
        "userErrors": [],
    }
    outcome = shopify.interpret(call, answered({"data": {"productSet": payload}}))
    assert outcome.verdict is Verdict.ACCEPTED
    assert not [key for key in outcome.links if key.startswith("media:")]
    assert [(i.code, i.severity) for i in outcome.issues] == [("media_unmatched", "warning")]


def test_a_definition_that_is_there_already_is_success():
    error = {"message": "Key is in use for Product metafields.", "field": ["definition", "key"]}
    outcome = shopify.interpret(DEFINE, refused(DEFINE, code="TAKEN", **error))
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.links == {"definition:pim_id": "taken"}
    other = shopify.interpret(DEFINE, refused(DEFINE, code="RESOURCE_TYPE_LIMIT_EXCEEDED_BY_APP", **error))
    assert other.verdict is Verdict.CONFIG
    assert other.links == {}


# ---- no answer, no GraphQL ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "verdict_of_create", "verdict_of_update"),
    [
        (Response(0, error="connection refused", sent=False), "transient", "transient"),
        (Response(0, error="timed out", sent=True), "unknown", "transient"),
        (Response(500, body=b"<html>"), "unknown", "transient"),
        (Response(502, body=b""), "unknown", "transient"),
        (Response(503, body=b'{"errors":"busy"}'), "unknown", "transient"),
        (Response(200, body=b"<html>proxy</html>"), "unknown", "transient"),
        (answered({"data": {"productSet": None}}), "unknown", "transient"),
        (answered({"data": {"productSet": {"product": None, "userErrors": []}}}), "unknown", "transient"),
        (top("INTERNAL_SERVER_ERROR"), "unknown", "transient"),
        (answered({"errors": "[API] Invalid API key or access token"}, status=401), "auth", "auth"),
        (answered({"errors": "no scope"}, status=403), "auth", "auth"),
        (answered({"errors": "Unavailable Shop"}, status=402), "config", "config"),
        (answered({"errors": "Not Found"}, status=404), "config", "config"),
        (answered({"errors": "locked"}, status=423), "config", "config"),
        (Response(413, body=b""), "contract", "contract"),
        (top("SOMETHING_NEW"), "transient", "transient"),
    ],
)
def test_lost_answers_are_read_back_where_a_repeat_would_do_harm(response, verdict_of_create, verdict_of_update):
    assert shopify.interpret(CREATE, response).verdict == verdict_of_create
    outcome = shopify.interpret(UPDATE, response)
    assert outcome.verdict == verdict_of_update
    assert outcome.issues
    assert outcome.links == {}


def test_shopifys_words_are_passed_on():
    response = answered({"errors": "[API] Invalid API key or access token"}, status=401)
    [issue] = shopify.interpret(CREATE, response).issues
    assert "Invalid API key" in issue.message
    assert "401" in issue.message


# ---- throttled ---------------------------------------------------------------------------------


def cost(asked, left, rate):
    return {
        "cost": {
            "requestedQueryCost": asked,
            "actualQueryCost": None,
            "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": left, "restoreRate": rate},
        }
    }


@pytest.mark.parametrize(
    ("response", "wait"),
    [
        (top("THROTTLED", "Throttled", extensions=cost(420, 120, 100.0)), 3.0),
        (top("THROTTLED", "Throttled", extensions=cost(91, 90.5, 50)), 0.1),
        (top("THROTTLED", "Throttled"), 2.0),
        (Response(429, headers={"retry-after": "4.0"}, body=b""), 4.0),
        (Response(429, headers={"retry-after": "soon"}, body=b""), 2.0),
    ],
)
def test_the_wait_is_what_the_bucket_lacks(response, wait):
    outcome = shopify.interpret(UPDATE, response)
    assert outcome.verdict is Verdict.THROTTLED
    assert outcome.retry_after == wait
    assert outcome.issues == ()


# ---- errors at the top -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("ACCESS_DENIED", "auth"),
        ("MAX_COST_EXCEEDED", "contract"),
        ("MAX_INPUT_SIZE_EXCEEDED", "contract"),
        ("INVALID_VARIABLE", "contract"),
        ("INVALID_FIELD_ARGUMENTS", "contract"),
        ("BAD_REQUEST", "contract"),
        ("undefinedField", "contract"),
        ("RESOURCE_NOT_FOUND", "gone"),
    ],
)
def test_errors_at_the_top(code, verdict):
    assert shopify.interpret(UPDATE, top(code)).verdict == verdict


def test_another_version_than_asked_for_raises_an_alarm():
    response = replace(yes(UPDATE), headers={"x-shopify-api-version": "2027-01"})
    outcome = shopify.interpret(UPDATE, response)
    assert outcome.verdict is Verdict.ACCEPTED
    assert [(i.code, i.severity) for i in outcome.issues] == [("api_version", "warning")]


def test_reading_ids_says_when_some_are_missing():
    many = tuple(variant(f"V{i}", f"Size {i}") for i in range(251))
    known, _ = publish(tee(variants=many, media=()))
    [call] = shopify.plan(rendered(with_fields(tee(variants=many, media=()), title="New")), known, CONNECTION)
    node = {
        "id": "gid://shopify/ProductVariant/250",
        "sku": "V250",
        "inventoryItem": {"id": "gid://shopify/InventoryItem/250"},
    }
    found = shopify.interpret(call, answered({"data": {"productByIdentifier": {"variants": {"nodes": [node]}}}}))
    assert found.verdict is Verdict.ACCEPTED
    assert found.links == {"variant:V250": node["id"], "inventory:V250": "gid://shopify/InventoryItem/250"}
    none = shopify.interpret(call, answered({"data": {"productByIdentifier": {"variants": {"nodes": []}}}}))
    assert none.verdict is Verdict.STALE
    gone = shopify.interpret(call, answered({"data": {"productByIdentifier": None}}))
    assert gone.verdict is Verdict.GONE
    assert "product" in gone.dropped_links
