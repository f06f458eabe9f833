"""What Merchant Center tells of products.

Source: Merchant API notifications/v1 (registeredEvent PRODUCT_STATUS_CHANGE): a Pub/Sub envelope whose data is base64
JSON {account, resourceType, resource, changes…}. Nothing is signed: the address is the secret, and what a message says
is read again before anything follows from it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

from channels.connectors.abilities import Heard, NotGenuine, Told
from channels.connectors.base import Connection

TOKENS = ("webhook_token", "webhook_token_previous")


def verify(connection: Connection, raw: bytes, token: str) -> Heard:
    """Raises NotGenuine."""
    found = False
    for name in TOKENS:
        wanted = connection.credentials.get(name, "")
        found |= bool(wanted) and hmac.compare_digest(wanted.encode(), token.encode())
    if not found:
        raise NotGenuine("the address is not the one that was given to Google")
    try:
        message = _message(raw)
    except ValueError as error:
        raise NotGenuine("it is no notification") from error
    id = str(message.get("messageId") or message.get("message_id") or hashlib.sha256(raw).hexdigest())
    return Heard(id[:255], "PRODUCT_STATUS_CHANGE")


def read(raw: bytes) -> Told:
    """Raises ValueError."""
    try:
        data = orjson.loads(base64.b64decode(_message(raw).get("data") or "", validate=True))
    except binascii.Error as error:
        raise ValueError("the data is not base64") from error
    resource = data.get("resource") if isinstance(data, dict) else None
    if not isinstance(resource, str):
        raise ValueError("the notification names no resource")
    account, _, name = resource.partition("/products/")
    if not name:
        return Told()  # of the account as a whole
    segment = name.removeprefix("online~").removeprefix("local~")
    return Told(links=(f"{account}/productInputs/{segment}",))


def _message(raw: bytes) -> dict[str, Any]:
    body = orjson.loads(raw)
    message = body.get("message", body) if isinstance(body, dict) else None
    if not isinstance(message, dict):
        raise ValueError("the message is no object")
    return message
