"""Access tokens for a service account, signed as Google wants them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.connectors.google.tokens import service_account
from pimhub.foundation.http import Response
from tests.channels.connectors.google.builders import CONNECTION, answered, google

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def key_file(**more):
    held = {
        "type": "service_account",
        "private_key_id": "k1",
        "private_key": pem(KEY),
        "client_email": "pim@project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.test/token",
    }
    return json.dumps({name: value for name, value in {**held, **more}.items() if value is not None})


def with_credentials(**credentials):
    return replace(CONNECTION, credentials=credentials)


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_fixed_token_needs_no_call():
    assert google.token_request(CONNECTION, NOW) is None
    both = with_credentials(access_token="x", service_account=key_file())
    assert google.token_request(both, NOW) is None
    assert google.token_request(with_credentials(), NOW) is None


def test_a_service_account_asks_with_a_signed_assertion():
    request = google.token_request(with_credentials(service_account=key_file()), NOW)
    assert (request.method, request.url, request.secret_body) == ("POST", "https://oauth2.test/token", True)
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert json.loads(decoded(claims)) == {
        "iss": "pim@project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/content",
        "aud": "https://oauth2.test/token",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }
    KEY.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), hashes.SHA256())
    assert "assertion" not in str(request.redacted())


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        key_file(private_key=None),
        key_file(private_key="-----BEGIN"),
        key_file(private_key=5),
        key_file(token_uri=None),
        key_file(private_key=pem(ec.generate_private_key(ec.SECP256R1()))),
    ],
)
def test_a_key_that_is_none_is_told_in_words(text):
    with pytest.raises(ValueError, match="service account key"):
        service_account(text)
    assert google.token_request(with_credentials(service_account=text), NOW) is None


def test_the_token_in_an_answer():
    assert google.read_token(answered({"access_token": "ya29", "expires_in": 3599})) == ("ya29", 3599.0)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answered({"error": "invalid_grant", "error_description": "Invalid JWT"}, 400), "Invalid JWT"),
        (answered({"error": "invalid_client"}, 401), "invalid_client"),
        (answered({"token_type": "Bearer"}), "no access token"),
        (Response(0, error="timed out"), "timed out"),
        (Response(502, body=b"<html>"), "status 502"),
    ],
)
def test_no_token_in_googles_words(response, words):
    with pytest.raises(ValueError, match=words):
        google.read_token(response)
