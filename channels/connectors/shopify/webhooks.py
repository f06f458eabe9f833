"""What a shop tells of itself.

Sources: shopify.dev, webhooks/verify-deliveries (HMAC of the raw body, base64, by the app's client secret; the id of a
delivery is X-Shopify-Webhook-Id) and manage-app-secret rotation (the old secret signs for up to an hour).

Only the body is signed, the headers are not: a topic is believed as far as the body is of its shape.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from channels.connectors.abilities import Heard, NotGenuine, Told
from channels.connectors.base import Connection
from pimhub.foundation import moments
from pimhub.foundation.jsonvalue import JSON

SIGNATURE = "x-shopify-hmac-sha256"
ID, TOPIC, SHOP, AT = "x-shopify-webhook-id", "x-shopify-topic", "x-shopify-shop-domain", "x-shopify-triggered-at"
SECRETS = ("webhook_secret", "webhook_secret_previous", "client_secret", "client_secret_previous")


def verify(connection: Connection, headers: Mapping[str, str], raw: bytes) -> Heard:
    """Raises NotGenuine."""
    secrets = [connection.credentials[name] for name in SECRETS if connection.credentials.get(name)]
    if not secrets:
        raise NotGenuine("the channel holds no client_secret to check with")
    given, found = headers.get(SIGNATURE, "").encode(), False
    for secret in secrets:
        wanted = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest())
        found |= hmac.compare_digest(wanted, given)
    if not found:
        raise NotGenuine("the signature does not fit")
    # An app signs for all its shops with one secret: another shop's message is none for this channel.
    host = urlsplit(connection.base_url).hostname or ""
    if host.endswith(".myshopify.com") and headers.get(SHOP, "").lower() != host.lower():
        raise NotGenuine("it is another shop's")
    if not headers.get(ID):
        raise NotGenuine(f"{ID} is missing")
    return Heard(headers[ID][:255], headers.get(TOPIC, "")[:100], moments.exact(headers.get(AT)))


def read(topic: str, raw: bytes) -> Told:
    """Raises ValueError."""
    body = orjson.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("the message is no object")
    kind = topic.lower().replace("_", "/").split("/")[0]
    match kind:
        case "products":
            return Told(links=(_gid(body, "Product", "id"),))
        case "inventory":
            name = "inventory_item_id" if "inventory_item_id" in body else "id"
            return Told(links=(_gid(body, "InventoryItem", name),))
        case "bulk" if topic.lower().startswith("bulk_operations"):
            return Told(finished=True)
        case "app" if topic.lower() == "app/uninstalled" and "myshopify_domain" in body:
            return Told(ended="Our app was removed from the shop. Install it again, then resume.")
    return Told()


def _gid(body: Mapping[str, JSON], kind: str, name: str) -> str:
    number = body.get(name)
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
        raise ValueError(f"the message names no {kind}")
    return f"gid://shopify/{kind}/{number}"
