"""What Google's answers come to; the words of its refusals reach the person who can mend them."""

from __future__ import annotations

import pytest

from channels.connectors.base import Known
from channels.connectors.google.attributes import field_of
from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Response
from tests.channels.connectors.google.builders import (
    CONNECTION,
    answered,
    google,
    publish,
    refused,
    rendered,
    single,
    yes,
)

V = Verdict
[INSERT] = google.plan(rendered(single()), Known(number=7), CONNECTION)
[DELETE] = google.plan_removal(publish(single())[0], CONNECTION)
RATE = "quota/request_rate_too_high"
ADDRESS = "accounts/1001/productInputs/en~US~TEE-BLK-S?dataSource=accounts/1001/dataSources/2001"


def test_an_insert_that_was_taken():
    outcome = google.interpret(INSERT, yes(INSERT))
    assert outcome.verdict is V.ACCEPTED
    assert outcome.links == {"offer:TEE-BLK-S": ADDRESS, "sent:TEE-BLK-S": "7"}
    assert outcome.dropped_links == ("patched:TEE-BLK-S", "unsure:TEE-BLK-S")
    assert outcome.issues == ()


def test_a_delete_that_something_else_answered_was_not_taken():
    outcome = google.interpret(DELETE, answered({"unexpected": True}))
    assert (outcome.verdict, outcome.dropped_links) == (V.TRANSIENT, ())


@pytest.mark.parametrize("response", [answered({}), Response(204), refused("NOT_FOUND", "no such input", http=404)])
def test_a_delete_that_was_taken_or_had_nothing_to_do(response):
    outcome = google.interpret(DELETE, response)
    assert outcome.verdict is V.ACCEPTED
    assert outcome.links == {}
    assert outcome.dropped_links == tuple(
        f"{kind}:TEE-BLK-S" for kind in ("offer", "sent", "seen", "patched", "unsure")
    )
    assert outcome.issues == ()


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (refused("ABORTED", "versionNumber 3 is lower than the current 9", http=409), V.SUPERSEDED),
        (refused("ABORTED", "Concurrent change", http=409), V.TRANSIENT),
        (refused("RESOURCE_EXHAUSTED", "slow down", http=429, reason=RATE), V.THROTTLED),
        (refused("RESOURCE_EXHAUSTED", "enough", http=429, reason="quota/daily_limit_exceeded"), V.QUOTA),
        (refused("RESOURCE_EXHAUSTED", "Quota exceeded: requests per day", http=429), V.QUOTA),
        (refused("RESOURCE_EXHAUSTED", "Quota exceeded", http=429), V.THROTTLED),
        (refused("UNAUTHENTICATED", "token", http=401), V.AUTH),
        (refused("PERMISSION_DENIED", "no access", http=403), V.AUTH),
        (refused("UNAUTHENTICATED", "register", http=401, reason="GCP_NOT_REGISTERED"), V.CONFIG),
        (refused("NOT_FOUND", "Data source accounts/1/dataSources/2 was not found", http=404), V.CONFIG),
        (refused("NOT_FOUND", "nothing here", http=404), V.CONFIG),
        (refused("INVALID_ARGUMENT", "gtin is wrong"), V.REJECTED),
        (refused("INVALID_ARGUMENT", "The provided data source channel does not match"), V.CONFIG),
        (refused("INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "x"'), V.CONTRACT),
        (refused("FAILED_PRECONDITION", "item is in use"), V.REJECTED),
        (refused("INTERNAL", "oops", http=500), V.TRANSIENT),
        (refused("UNAVAILABLE", "later", http=503), V.TRANSIENT),
        (refused("DEADLINE_EXCEEDED", "slow", http=504), V.TRANSIENT),
        (refused("SOMETHING_NEW", "what?", http=418), V.TRANSIENT),
        (Response(0, error="connection refused", sent=False), V.TRANSIENT),
        (Response(0, error="timed out"), V.TRANSIENT),
        (Response(200, body=b"<html>Sign in to the hotel</html>"), V.TRANSIENT),
        (Response(200, body=b"[]"), V.TRANSIENT),
        (Response(200, body=b'{"unexpected": true}'), V.TRANSIENT),
        (Response(200), V.TRANSIENT),
        (Response(401), V.AUTH),
        (Response(404, body=b"<html>"), V.CONFIG),
        (Response(410, body=b"Gone"), V.CONFIG),
        (Response(413), V.CONTRACT),
        (Response(429), V.THROTTLED),
        (Response(502, body=b"<html>"), V.TRANSIENT),
    ],
)
def test_refusals(response, verdict):
    outcome = google.interpret(INSERT, response)
    assert outcome.verdict is verdict
    assert "sent:TEE-BLK-S" not in outcome.links
    if verdict not in (V.THROTTLED, V.SUPERSEDED):
        assert outcome.issues


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (refused("RESOURCE_EXHAUSTED", http=429, reason=RATE), 10.0),
        (refused("RESOURCE_EXHAUSTED", http=429, reason=RATE, retry="42s"), 42.0),
        (refused("RESOURCE_EXHAUSTED", http=429, reason="quota/daily_limit_exceeded"), None),
        (Response(429, {"retry-after": "7"}), 7.0),
        (Response(429, {"retry-after": "soon"}), 10.0),
        (refused("INTERNAL", http=500, retry="42s"), None),
    ],
)
def test_how_long_to_wait(response, seconds):
    assert google.interpret(INSERT, response).retry_after == seconds


def test_after_a_lost_answer_the_offer_may_be_there():
    """Else nobody would delete it, if the variant went before the next try."""
    outcome = google.interpret(INSERT, Response(0, error="timed out"))
    assert outcome.links == {"offer:TEE-BLK-S": ADDRESS, "unsure:TEE-BLK-S": "1"}
    assert google.interpret(DELETE, Response(0, error="timed out")).dropped_links == ()


def test_a_refused_value_is_shown_at_its_field():
    response = refused(
        "INVALID_ARGUMENT",
        "Two things are wrong",
        fields=[("productInput.productAttributes.gtins[0]", "is no GTIN"), ("", "[price] is too low")],
    )
    found = google.interpret(INSERT, response).issues
    assert [(issue.field, issue.sku, issue.severity) for issue in found] == [
        ("gtin", "TEE-BLK-S", "error"),
        ("price", "TEE-BLK-S", "error"),
    ]
    assert found[0].message == "Google refuses this: is no GTIN"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("title", "title"),
        ("image link", "image_link"),
        ("image_link", "image_link"),
        ("n:image_link", "image_link"),
        ("additionalImageLinks", "additional_image_link"),
        ("product_input.product_attributes.product_types[2]", "product_type"),
        ("productAttributes.shippingWeight.value", "shipping_weight"),
        ("salePrice.amountMicros", "price"),
        ("custom label 3", "custom_label_3"),
        ("structured_title", "title"),
        ("identifier exists", "gtin"),
        ("offerId", "sku"),
        ("productAttributes", ""),
        ("", ""),
    ],
)
def test_fields(path, field):
    assert field_of(path) == field
