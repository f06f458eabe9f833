"""What a table says, beside what is there: only what its author changed is a wish.

A cell that says what a variant inherits gives it no value of its own. A table that was exported (`as_of`) tells of
what was there then: what it left as it was stays as it is now, and what others changed since is never written over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from catalog.imports.formats.base import ParsedProduct
from catalog.models import JournalEntry, Product, Variant
from catalog.models.codes import code_key
from catalog.products.changes import UNSET, OfferChange, ProductChange, VariantChange
from catalog.products.state import PRODUCT_ROW
from pimhub.foundation import moments
from pimhub.foundation.jsonvalue import JSON

ABSENT = object()


@dataclass(slots=True)
class _Held:
    """A product as it is. `since`: (SKU key, key) → (value when the table was made, value now), of what changed."""

    values: Mapping[str, JSON]
    variants: dict[str, tuple[str, Mapping[str, JSON]]] = field(default_factory=dict)  # by key: SKU, own values
    since: dict[tuple[str, str], tuple[JSON, JSON]] = field(default_factory=dict)


def merged(products: Sequence[ParsedProduct], changes: Sequence[ProductChange]) -> list[ProductChange]:
    """The changes without what they do not really say, and with the values that their author saw."""
    held = _held([p for p in products if p.category_codes])
    return [
        _merged(change, held[key]) if p.category_codes and (key := code_key(change.code)) in held else change
        for p, change in zip(products, changes, strict=True)
    ]


def _held(products: Sequence[ParsedProduct]) -> dict[str, _Held]:
    rows = Product.objects.filter(code_key__in=[code_key(p.change.code) for p in products])
    keys: dict[int, str] = {}
    found: dict[str, _Held] = {}
    for pk, key, values in rows.values_list("pk", "code_key", "values"):
        keys[pk], found[key] = key, _Held(values)
    for product, sku_key, sku, values in Variant.objects.filter(product_id__in=keys).values_list(
        "product_id", "sku_key", "sku", "values"
    ):
        found[keys[product]].variants[sku_key] = sku, values
    seen = {code_key(p.change.code): p.as_of for p in products if p.as_of is not None}
    if seen:
        entries = JournalEntry.objects.filter(product_id__in=keys, pk__gt=min(seen.values())).order_by("pk")
        for pk, product, sku, changed in entries.values_list("pk", "product_id", "sku", "changes").iterator(2000):
            if keys[product] in seen and pk > seen[keys[product]]:
                for key, pair in changed.items():
                    place = code_key(sku), key
                    first = found[keys[product]].since.get(place, (pair[0], None))
                    found[keys[product]].since[place] = first[0], pair[1]
    return found


def _merged(change: ProductChange, held: _Held) -> ProductChange:
    base: dict[str, JSON] = {}
    values = {k: v for k, v in change.values.items() if v is not None or held.values.get(k) is not None}
    values = {k: v for k, v in values.items() if _wished(held, PRODUCT_ROW, k, v, base)}
    categories = change.categories
    if categories is not None and not _wished(held, PRODUCT_ROW, "categories", sorted(categories), base):
        categories = None
    variants = tuple(_variant(v, held, {**held.values, **values}, base) for v in change.variants)
    return replace(change, values=values, categories=categories, variants=variants, base=base)


def _variant(change: VariantChange, held: _Held, shared: Mapping[str, JSON], base: dict[str, JSON]) -> VariantChange:
    sku, own = held.variants.get(code_key(change.sku), ("", {}))
    if not sku:
        return change
    values = {
        k: v
        for k, v in change.values.items()
        if (k in own or v not in (shared.get(k), held.values.get(k))) and _wished(held, sku, k, v, base)
    }
    offers = {}
    for code, offer in change.offers.items():
        given = {
            name: value
            for name, value in _given(offer)
            if _wished(held, sku, f"offers.{code}.{name}", _plain(value), base)
        }
        if given:
            offers[code] = OfferChange(**given)
    return replace(
        change,
        values=values,
        reset=tuple(k for k in change.reset if k in own and _wished(held, sku, k, ABSENT, base)),
        gtin=change.gtin if change.gtin is UNSET or _wished(held, sku, "gtin", change.gtin, base) else UNSET,
        offers=offers,
        stock={k: v for k, v in change.stock.items() if _wished(held, sku, f"stock.{k}.available", v, base)},
    )


def _given(offer: OfferChange) -> Iterator[tuple[str, Any]]:
    for each in fields(OfferChange):
        value = getattr(offer, each.name)
        if value is not UNSET and each.name != "confirmed":
            yield each.name, value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _wished(held: _Held, sku: str, key: str, value: Any, base: dict[str, JSON]) -> bool:
    """Whether the author of the table wants this; notes what they saw, where somebody changed it since."""
    pair = held.since.get((code_key(sku), key))
    if pair is None:
        return True
    then, now = pair
    if _same(value, then) or _same(value, now):
        return False
    base[f"{sku}/{key}" if sku else key] = then
    return True


def _same(given: Any, told: JSON) -> bool:
    """Whether a cell says what the journal tells, which keeps amounts and moments as text."""
    if given is ABSENT:
        return told is None
    if isinstance(given, dt.datetime):
        return moments.exact(told) == given
    return bool(given == told)
