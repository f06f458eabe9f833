"""What a shop has of a product before our first call for it: by our custom id, else by SKU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.connectors.abilities import Found, FoundVariant
from channels.connectors.base import Connection, Known, Rendered
from channels.connectors.shopify import canonical, wire
from channels.connectors.shopify.settings import DEFINITION, ID_KEY, NAMESPACE, NO_ID, PRODUCT, variant_link
from pimhub.foundation.http import Request, Response

AT_ONCE = 25  # SKUs of one search
MOST, SPARE = 250, 5  # variants read of a product with our custom id, and beyond our own


def find(rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
    """The custom id is asked for where the shop knows it; else the products with our SKUs say whether they carry it."""
    skus = [row for row in rendered.bodies if row]
    found = []
    for start in range(0, max(len(skus), 1), AT_ONCE):
        asked = skus[start : start + AT_ONCE]
        terms = " OR ".join(f'sku:"{escaped(sku)}"' for sku in asked)
        variables = {
            "identifier": wire.identifier({}, rendered.product),
            "byId": start == 0 and DEFINITION in known.links,
            "query": terms or 'sku:""',
            # As few as tell enough: what is asked for is paid for in points.
            "variants": min(len(skus) + SPARE, MOST),
            "first": 2 * len(asked) + SPARE,
            "namespace": NAMESPACE,
            "key": ID_KEY,
        }
        found.append(wire.graphql("productFind", variables, connection))
    return found


def escaped(sku: str) -> str:
    return sku.replace("\\", "\\\\").replace('"', '\\"')


def read_matches(rendered: Rendered, responses: Sequence[Response]) -> list[Found]:
    """The search is by words and regardless of case: a SKU counts only where it is exactly ours, or ours in other
    letters, which the shop's people would take for the same."""
    rows = {row.casefold(): row for row in rendered.bodies if row}
    ours: list[Found] = []
    others: dict[str, tuple[Mapping[str, Any], list[FoundVariant]]] = {}
    for response in responses:
        data = _data(response)
        if node := data.get("productByIdentifier"):
            variants = [v for n in node["variants"]["nodes"] if (v := _variant(n, rows))]
            ours.append(_found(node, variants, by="custom id"))
        for node in data["productVariants"]["nodes"]:
            if variant := _variant(node, rows):
                product = node["product"]
                others.setdefault(product["id"], (product, []))[1].append(variant)
    for gid, (product, held) in others.items():
        if gid not in [found.id for found in ours]:
            ours.append(_by_sku(rendered, product, held))
    return sorted(ours, key=lambda found: found.by != "custom id")


def _by_sku(rendered: Rendered, product: Mapping[str, Any], variants: list[FoundVariant]) -> Found:
    code = canonical.text((product.get("metafield") or {}).get("value"))
    found = _found(product, variants, by="custom id" if code == rendered.product else "SKU")
    other = f"“{found.title}” carries the id of another product, {code}." if code not in ("", rendered.product) else ""
    return replace(found, doubt=other)


def links_of_found(found: Found) -> dict[str, str]:
    unmarked = {} if found.by == "custom id" else {NO_ID: found.id}
    return {PRODUCT: found.id} | unmarked | {variant_link(v.row): v.id for v in found.variants}


def _variant(node: Mapping[str, Any], rows: Mapping[str, str]) -> FoundVariant | None:
    sku = canonical.text(node["sku"])
    row = rows.get(sku.casefold())
    return FoundVariant(node["id"], sku, canonical.text(node["barcode"]), row) if row else None


def _found(product: Mapping[str, Any], variants: list[FoundVariant], *, by: str) -> Found:
    more = product["variantsCount"]["count"] - len(variants)
    return Found(product["id"], by, canonical.text(product["title"]), tuple(variants), max(more, 0))


def _data(response: Response) -> Mapping[str, Any]:
    body = wire.decode(response) or {}
    data = body.get("data")
    if not isinstance(data, Mapping) or data.get("productVariants") is None:
        said = "; ".join(str(e.get("message", "")) for e in body.get("errors") or ()) or f"status {response.status}"
        raise ValueError(said)
    return data
