"""A change without some of what it asks for, so that the rest can be written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from catalog.models.codes import code_key
from catalog.products.changes import UNSET, OfferChange, ProductChange, VariantChange

Key = tuple[str, str]  # (SKU, or "" for the product itself; value key or part)
WHOLE = ("family", "axes", "trashed")  # what else a change says depends on these


def without(change: ProductChange, keys: Collection[Key]) -> ProductChange | None:
    """The change without these values and parts; None when it makes no sense without them."""
    dropped: dict[str, set[str]] = {}
    for sku, key in keys:
        dropped.setdefault(code_key(sku) if sku else "", set()).add(key)
    own = dropped.pop("", set())
    if own & set(WHOLE) or any(set(WHOLE) & gone or "" in gone for gone in dropped.values()):
        return None
    placed = "categories" in own
    return replace(
        change,
        **_values(change, own),
        categories=None if placed else change.categories,
        add_categories=() if placed else change.add_categories,
        remove_categories=() if placed else change.remove_categories,
        media=None if "media" in own else change.media,
        add_associations=_named(change.add_associations, own, "associations"),
        remove_associations=_named(change.remove_associations, own, "associations"),
        variants=tuple(_variant(v, dropped.get(code_key(v.sku), set())) for v in change.variants),
    )


def _values(change: ProductChange | VariantChange, gone: Collection[str]) -> dict[str, Any]:
    return {
        "values": {k: v for k, v in change.values.items() if k not in gone},
        "reset": tuple(k for k in change.reset if k not in gone),
        "add_values": {k: v for k, v in change.add_values.items() if k not in gone},
        "remove_values": {k: v for k, v in change.remove_values.items() if k not in gone},
        "associations": _named(change.associations, gone, "associations"),
        "references": _named(change.references, gone, "references"),
    }


def _named(given: Mapping[str, Any], gone: Collection[str], part: str) -> dict[str, Any]:
    return {name: each for name, each in given.items() if f"{part}.{name}" not in gone}


def _variant(variant: VariantChange, gone: Collection[str]) -> VariantChange:
    if not gone:
        return variant
    return replace(
        variant,
        **_values(variant, gone),
        gtin=UNSET if "gtin" in gone else variant.gtin,
        offers={place: _offer(offer, place, gone) for place, offer in variant.offers.items()},
        stock={place: units for place, units in variant.stock.items() if f"stock.{place}.available" not in gone},
    )


def _offer(offer: OfferChange, place: str, gone: Collection[str]) -> OfferChange:
    fields = {key.rpartition(".")[2] for key in gone if key.startswith(f"offers.{place}.")}
    changed: dict[str, Any] = dict.fromkeys(fields, UNSET)
    return replace(offer, **changed)
