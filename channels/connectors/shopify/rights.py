"""The access scopes that publishing needs, and those that the shop granted.

Sources: the scope of each mutation as shipped with the official introspection; shopify.dev "API versioning": each
quarterly version is supported for at least twelve months (2026-04 until 2027-04-16).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from channels.connectors.base import Connection
from channels.connectors.shopify import settings, translations, wire
from pimhub.foundation.http import Request, Response

# Of the version in settings.API_VERSION.
SUNSET = dt.date(2027, 10, 16)


def needed(connection: Connection) -> Mapping[str, str]:
    """{scope: what it is for}, by what the channel's settings make use of."""
    found = {"write_products": "create and change products, variants, pictures and metafields"}
    if settings.locations(connection):
        found |= {"write_inventory": "set stock", "read_locations": "know the shop's locations"}
    if settings.publications(connection):
        found |= {
            "write_publications": "put products into sales channels",
            "read_publications": "see in which sales channels a product is",
        }
    if translations.locales(connection):
        found |= {"write_translations": "register translations", "read_translations": "read them back"}
    return found


def implied(granted: frozenset[str]) -> frozenset[str]:
    """With what comes along: who may write may read."""
    return granted | {f"read_{scope.removeprefix('write_')}" for scope in granted if scope.startswith("write_")}


def request(connection: Connection) -> Request:
    return wire.graphql("accessScopes", {}, connection)


def read(response: Response) -> frozenset[str]:
    """The granted scopes. Raises ValueError with Shopify's words."""
    body = wire.decode(response) or {}
    found = ((body.get("data") or {}).get("currentAppInstallation") or {}).get("accessScopes")
    if found is None:
        errors = body.get("errors")
        said = errors if isinstance(errors, str) else "; ".join(str(e.get("message")) for e in errors or [])
        raise ValueError(f"Shopify did not say what it grants: {said or response.error or f'status {response.status}'}")
    return frozenset(scope["handle"] for scope in found)
