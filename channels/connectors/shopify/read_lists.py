"""What is shown of lists that others write to as well: our entries, or all where the list is ours alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Ownership, Rendered
from channels.connectors.shopify import canonical, metafields, settings
from channels.connectors.shopify.inputs import Body
from channels.connectors.shopify.settings import COLLECTION, METAFIELD, SHOP_COLLECTION, TAG
from pimhub.foundation.jsonvalue import JSON, digest


def metafields_of(rendered: Rendered, known: Known) -> set[tuple[str, str]]:
    """(SKU or "", "namespace.key") of those that we fill, or once filled."""
    body = rendered.bodies.get("", {}).get(Facet.METAFIELDS.value, {})
    found = {("", place) for place in body.get("product", {})}
    found |= {(sku, place) for sku, said in body.get("variants", {}).items() for place in said}
    for key in known.links:
        if key.startswith(METAFIELD):
            place, _, sku = key.removeprefix(METAFIELD).partition(":")
            found.add((sku, place))
    return found


def tags(node: Mapping[str, Any], rendered: Rendered, known: Known, connection: Connection) -> list[str]:
    whose = settings.ownership(connection, "tags")
    if whose is Ownership.FOREIGN:
        return []
    shown = canonical.tags(node["tags"])
    if whose is Ownership.OWNED:
        return shown
    # In our spelling: Shopify keeps the first one, and does not tell them apart.
    wanted = {tag.casefold(): tag for tag in _wanted(rendered, Facet.TAGS).get("tags", [])}
    ours = {key.removeprefix(TAG) for key in known.links if key.startswith(TAG)}
    found = [wanted.get(tag.casefold(), tag) for tag in shown if tag.casefold() in wanted.keys() | ours]
    return canonical.tags(found)


def collections(node: Mapping[str, Any], rendered: Rendered, known: Known, connection: Connection) -> list[str]:
    if settings.ownership(connection, "collections") is Ownership.FOREIGN:
        return []
    wanted = _wanted(rendered, Facet.COLLECTIONS).get("collections", [])
    named = {
        gid: key.removeprefix(SHOP_COLLECTION) for key, gid in known.links.items() if key.startswith(SHOP_COLLECTION)
    }
    found = set()
    for one in node["collections"]["nodes"]:
        handle = named.get(one["id"], one["handle"])
        if handle in wanted or COLLECTION + one["id"] in known.links:
            found.add(handle)
    return canonical.tags(sorted(found))


def metafields_shown(
    node: Mapping[str, Any], variants: Iterable[tuple[str, Mapping[str, Any]]], ours: set[tuple[str, str]]
) -> dict[str, Any]:
    """`variants`: (SKU, node)."""
    found = {}
    for sku, variant in variants:
        said = _metafields(variant.get("metafields"), {place for owner, place in ours if owner == sku})
        if sku and said:
            found[sku] = said
    own = _metafields(node["metafields"], {place for owner, place in ours if not owner})
    return {"product": own, "variants": found}


def metafield_links(body: Mapping[str, Any], known: Known) -> dict[str, str]:
    """What is shown of our metafields, by link: so it is seen whether they must be sent again."""
    found = {f"{METAFIELD}{place}:": digest(said) for place, said in body["product"].items()}
    for sku, own in body["variants"].items():
        found |= {f"{METAFIELD}{place}:{sku}": digest(said) for place, said in own.items()}
    return {key: mark for key, mark in found.items() if key in known.links}


def _metafields(connection: Mapping[str, Any] | None, ours: set[str]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for node in (connection or {"nodes": []})["nodes"]:
        place = f"{node['namespace']}.{node['key']}"
        if place in ours:
            found[place] = {"type": node["type"], "value": metafields.shown(node["type"], node["value"])}
    return found


def _wanted(rendered: Rendered, facet: Facet) -> Body:
    body: Body = rendered.bodies.get("", {}).get(facet.value) or {}
    return body
