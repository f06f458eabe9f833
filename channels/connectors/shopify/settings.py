"""What a Shopify channel is told: its locations and sales channels, and its names for our ids.

settings = {"locations": {"main": "gid://shopify/Location/1"},
            "publications": ["gid://shopify/Publication/1"],
            "currency": "EUR"}                                  (the last is optional)
credentials = {"access_token"} or {"client_id", "client_secret"}
"""

from __future__ import annotations

from channels.connectors.base import Connection

API_VERSION = "2026-10"

# The custom id by which a product is found again, whatever becomes of its handle.
# "$app" is the app's own namespace: nobody else can write there.
NAMESPACE = "$app"
ID_KEY = "pim_id"

# ---- link keys ---------------------------------------------------------------------------------
PRODUCT = "product"
DEFINITION = "definition:pim_id"
OPERATION = "operation"  # the productSet that Shopify is still at work on


def variant_link(sku: str) -> str:
    return f"variant:{sku}"


def inventory_link(sku: str) -> str:
    return f"inventory:{sku}"


def media_link(key: str) -> str:
    return f"media:{key}"


def published_link(publication: str) -> str:
    return f"published:{publication}"


# ---- settings ----------------------------------------------------------------------------------


def locations(connection: Connection) -> dict[str, str]:
    """Location id by our location code."""
    return dict(connection.settings.get("locations") or {})


def publications(connection: Connection) -> list[str]:
    """The sales channels a product is published to."""
    return sorted(connection.settings.get("publications") or [])
