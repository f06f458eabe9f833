"""Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE = 300  # seconds that the clocks may differ


class BadSignature(Exception):
    """The call cannot be believed; the text says why, and nothing of the secret."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(*, secret: str, message: str, timestamp: int, body: bytes) -> str:
    """The signature of a call, as the header has it. Raises BadSignature for a secret that is none."""
    digest = hmac.new(_key(secret), f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(headers: Mapping[str, str], body: bytes, *, secrets_known: Iterable[str], now: float) -> str:
    """The id of a call that one of the secrets signed. Raises BadSignature."""
    message, given = headers.get("webhook-id", ""), headers.get("webhook-signature", "")
    stamp = headers.get("webhook-timestamp", "")
    if not message or not given or not stamp.isascii() or not stamp.isdigit():
        raise BadSignature("webhook-id, webhook-timestamp or webhook-signature is missing.")
    if abs(now - int(stamp)) > TOLERANCE:
        raise BadSignature("webhook-timestamp is more than five minutes away from our clock.")
    for secret in secrets_known:
        wanted = sign(secret=secret, message=message, timestamp=int(stamp), body=body).encode()
        if any(hmac.compare_digest(wanted, each.encode()) for each in given.split(" ")):
            return message[:255]
    raise BadSignature("No signature fits. Sign with the secret that the page of the source shows.")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("The secret is no base64.") from error
