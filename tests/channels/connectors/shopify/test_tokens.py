"""A fixed token is used as it is; a client id and secret are exchanged for one of a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from channels.connectors.base import Known
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import CONNECTION, answered, rendered, shopify, tee

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def test_a_fixed_token_needs_no_call():
    assert shopify.token_request(CONNECTION, NOW) is None
    assert shopify.token_request(replace(CONNECTION, credentials={}), NOW) is None


def test_client_credentials_are_exchanged_and_never_shown():
    app = replace(CONNECTION, credentials={"client_id": "id", "client_secret": "hush"})
    request = shopify.token_request(app, NOW)
    assert request.url == "https://shop.test/admin/oauth/access_token"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["id"],
        "client_secret": ["hush"],
    }
    assert "hush" not in str(request.redacted())
    token, lifetime = shopify.read_token(answered({"access_token": "t", "scope": "", "expires_in": 86399}))
    assert (token, lifetime) == ("t", 86399.0)
    [call, _] = shopify.plan(rendered(tee()), Known(), replace(app, access_token=token))
    assert call.request.headers["X-Shopify-Access-Token"] == "t"


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            answered({"error": "invalid_client", "error_description": "Client is unknown"}, status=400),
            "Client is unknown",
        ),
        (answered({"error": "shop_not_permitted"}, status=400), "shop_not_permitted"),
        (Response(0, error="timed out"), "timed out"),
        (Response(200, body=b"<html>"), "status 200"),
    ],
)
def test_no_token_is_told_in_shopifys_words(response, words):
    with pytest.raises(ValueError, match=words):
        shopify.read_token(response)
