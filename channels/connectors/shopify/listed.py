"""All variants of the shop, ours or not, a page at a time."""

from __future__ import annotations

from channels.connectors.abilities import Item, Listed
from channels.connectors.base import Connection
from channels.connectors.shopify import canonical, wire
from pimhub.foundation.http import Request, Response

PAGE = 250  # as many as Shopify gives; about as many points


def list_request(cursor: str, connection: Connection) -> Request:
    return wire.graphql("variantList", {"first": PAGE, "after": cursor or None}, connection)


def read_list(response: Response) -> Listed:
    """Raises ValueError with Shopify's words."""
    body = wire.decode(response) or {}
    found = (body.get("data") or {}).get("productVariants")
    if body.get("errors") or found is None:
        said = " ".join(str(e.get("message", "")) for e in body.get("errors") or () if isinstance(e, dict))
        raise ValueError(said or response.error or f"status {response.status}")
    page = found["pageInfo"]
    return Listed(
        tuple(Item(v["id"], canonical.text(v["sku"]), canonical.text(v["product"]["title"])) for v in found["nodes"]),
        str(page["endCursor"]) if page["hasNextPage"] else "",
    )
