"""Signed messages by Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SIZE = 32  # bytes of a new key; the specification allows 24 to 64
TOLERANCE = dt.timedelta(minutes=5)

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class BadSignature(Exception):
    """The message is not from a holder of the secret, or is too old; the text says what is wrong, never the secret."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SIZE)).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret such as whsec_MfKQ…. Raises ValueError for one that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if not 24 <= len(key) <= 64:
        raise ValueError("the key in a secret has 24 to 64 bytes")
    return key


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """One signature, `v1,…`, over the id, the time in seconds and the raw body."""
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[bytes], *, id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message; with several keys (while one is rotated) as many signatures."""
    moment = int(at.timestamp())
    return {
        ID: id,
        TIMESTAMP: str(moment),
        SIGNATURE: " ".join(sign(key, id, moment, body) for key in keys),
    }


def verify(keys: Sequence[bytes], given: Mapping[str, str], body: bytes, *, now: dt.datetime) -> str:
    """The id of a message whose headers (names in lower case) and raw body are signed with one of the keys.

    Raises BadSignature: a header is missing, the time is more than five minutes off, or no signature fits.
    Every signature is compared with every key, in constant time each.
    """
    id, timestamp, told = given.get(ID, ""), given.get(TIMESTAMP, ""), given.get(SIGNATURE, "")
    if not (id and told):
        raise BadSignature(f"{ID} or {SIGNATURE} is missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 13):
        raise BadSignature(f"{TIMESTAMP} is no time in seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature(f"{TIMESTAMP} is more than {TOLERANCE.seconds // 60} minutes off")
    wanted = [sign(key, id, int(timestamp), body).encode() for key in keys]
    found = False
    for each in told.split(" ")[:20]:
        for fit in wanted:
            found |= hmac.compare_digest(each.encode(), fit)
    if not found:
        raise BadSignature("no signature fits")
    return id
