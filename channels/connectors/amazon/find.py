"""What a seller's account has of a product before our first call for it: the seller SKU is the item's identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels.connectors.abilities import Found, FoundVariant
from channels.connectors.amazon import read, settings
from channels.connectors.amazon.render import IDENTIFIER, PARENT
from channels.connectors.amazon.settings import item_link
from channels.connectors.base import Connection, Rendered
from pimhub.foundation.http import Response


def read_matches(rendered: Rendered, responses: Sequence[Response], connection: Connection) -> list[Found]:
    held: dict[str, Mapping[str, Any]] = {}
    for rows, response in zip(read.groups(rendered), responses, strict=True):
        items = read.items_in(response)
        if items is None:
            raise ValueError(response.error or f"status {response.status}")
        held |= {row: items[sku] for row in rows if (sku := read.sku_of(rendered, row)) in items}
    if not held:
        return []
    variants = tuple(
        FoundVariant(str(item.get("sku", "")), str(item.get("sku", "")), _gtin(row, item), row)
        for row, item in held.items()
    )
    titles = [str(_summary(item, connection).get("itemName") or "") for item in held.values()]
    return [Found(variants[0].id, "custom id", next(filter(None, titles), ""), variants)]


def links_of_found(found: Found) -> dict[str, str]:
    return {item_link(variant.row): variant.sku for variant in found.variants}


def _gtin(row: str, item: Mapping[str, Any]) -> str:
    entries = (item.get("attributes") or {}).get(IDENTIFIER) or () if row != PARENT else ()
    return next((str(e["value"]) for e in entries if isinstance(e, Mapping) and e.get("value")), "")


def _summary(item: Mapping[str, Any], connection: Connection) -> Mapping[str, Any]:
    place = settings.read(connection).marketplace
    return next((s for s in item.get("summaries") or () if s.get("marketplaceId") == place), {})
