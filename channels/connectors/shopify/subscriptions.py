"""The webhook subscriptions of our app in a shop.

Source: shopify.dev, webhookSubscriptionCreate and "Troubleshooting webhooks": a subscription whose messages are not
taken for long enough is deleted by Shopify, so what was made once is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Connection
from channels.connectors.shopify import settings, wire
from channels.connectors.subscriptions import Subscribed
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


def needed(connection: Connection) -> Mapping[str, str]:
    found = {
        "PRODUCTS_UPDATE": "notice what others change on a product",
        "PRODUCTS_DELETE": "notice that a product was deleted",
        "BULK_OPERATIONS_FINISH": "read the answers to a file of calls at once",
        "APP_UNINSTALLED": "stop when our app is removed",
    }
    if settings.locations(connection):
        found |= {
            "INVENTORY_LEVELS_UPDATE": "notice what others change on stock",
            "INVENTORY_ITEMS_UPDATE": "notice what others change on a variant's stock item",
        }
    return found


def request(connection: Connection) -> Request:
    return wire.graphql("webhookSubscriptions", {"first": 250}, connection)


def read(response: Response) -> list[Subscribed]:
    nodes = _data(response)["webhookSubscriptions"]["nodes"]
    return [Subscribed(node["id"], node["topic"], node["uri"]) for node in nodes]


def subscribe(topic: str, address: str, connection: Connection) -> Request:
    wanted: dict[str, JSON] = {"uri": address, "format": "JSON"}
    variables: dict[str, JSON] = {"topic": topic, "webhookSubscription": wanted}
    return wire.graphql("webhookSubscriptionCreate", variables, connection)


def aim(subscribed: Subscribed, address: str, connection: Connection) -> Request:
    variables: dict[str, JSON] = {"id": subscribed.id, "webhookSubscription": {"uri": address}}
    return wire.graphql("webhookSubscriptionUpdate", variables, connection)


def check(response: Response) -> None:
    for payload in _data(response).values():
        if found := payload["userErrors"]:
            raise ValueError("Shopify: " + "; ".join(str(error["message"]) for error in found))


def _data(response: Response) -> Mapping[str, JSON]:
    body = wire.decode(response) or {}
    data = body.get("data")
    if not isinstance(data, dict) or body.get("errors"):
        errors = body.get("errors")
        said = errors if isinstance(errors, str) else "; ".join(str(e.get("message")) for e in errors or [])
        said = said or response.error or f"status {response.status}"
        raise ValueError(f"Shopify did not say which messages it sends: {said}")
    return data
