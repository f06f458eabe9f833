"""Access tokens: a fixed one, or one for an hour against a service account's key.

Source: developers.google.com/identity/protocols/oauth2/service-account (JWT bearer grant, RFC 7523).
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.connectors.base import Connection
from channels.connectors.google import wire
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

SCOPE = "https://www.googleapis.com/auth/content"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = 3600


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    email: str
    token_uri: str
    key_id: str
    key: RSAPrivateKey


@lru_cache(maxsize=8)  # checking an RSA key takes milliseconds, and preflight asks for every product
def service_account(text: str) -> ServiceAccount:
    """The account in a JSON key file. Raises ValueError in words for its owner."""
    try:
        held = json.loads(text)
        key = load_pem_private_key(held["private_key"].encode(), password=None)
        email, token_uri = str(held["client_email"]), str(held["token_uri"])
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            "The service account key cannot be read. Paste the whole JSON file that Google Cloud gave you."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The service account key is no RSA key. Create a new JSON key in Google Cloud.")
    return ServiceAccount(email, token_uri, str(held.get("private_key_id") or ""), key)


def token_request(connection: Connection, now: dt.datetime) -> Request | None:
    """The call that fetches a token; None when a fixed one is held, or no readable key (see preflight)."""
    held = connection.credentials
    if held.get("access_token") or not held.get("service_account"):
        return None
    try:
        account = service_account(held["service_account"])
    except ValueError:
        return None
    return Request(
        method="POST",
        url=account.token_uri,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode({"grant_type": GRANT, "assertion": assertion(account, now)}).encode(),
        secret_body=True,
    )


def assertion(account: ServiceAccount, now: dt.datetime) -> str:
    """A JWT, signed RS256, good for an hour."""
    issued = int(now.timestamp())
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.key_id} if account.key_id else {})
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_uri,
        "iat": issued,
        "exp": issued + HOUR,
    }
    signed = f"{_encoded(_json(header))}.{_encoded(_json(claims))}"
    signature = account.key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def read_token(response: Response) -> tuple[str, float]:
    """The token and its lifetime in seconds. Raises ValueError with Google's words."""
    body = wire.decode(response) or {}
    token = body.get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        said = body.get("error_description") or body.get("error") or response.error
        raise ValueError(str(said or f"no access token in Google's answer (status {response.status})"))
    return token, float(body.get("expires_in") or HOUR)


def _json(value: JSON) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
