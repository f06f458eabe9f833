"""A product in memory with all its parts, and its one flat form for diffs, journal and hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache

from catalog.models import HeldPrice, Offer, Product, StockLevel, Variant
from catalog.models.codes import code_key
from pimhub.foundation.jsonvalue import JSON

OFFER_FIELDS = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost", "tax_class")
# Row name of the product itself in `{row: {key: value}}`; the other rows are named by SKU.
PRODUCT_ROW = ""

Flat = dict[str, dict[str, JSON]]


@dataclass(slots=True)
class MediaState:
    identity: str
    url: str = ""
    sha256: str = ""
    alt: dict[str, str] = field(default_factory=dict)
    sku: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One target of an association, by its code or SKU."""

    product: str = ""
    sku: str = ""
    quantity: Decimal | None = None

    @property
    def key(self) -> tuple[str, str]:
        return code_key(self.product), code_key(self.sku)

    def told(self) -> dict[str, JSON]:
        told: dict[str, JSON] = {"sku": self.sku} if self.sku else {"product": self.product}
        return told if self.quantity is None else told | {"quantity": amount_text(self.quantity, places=0)}


@dataclass(slots=True)
class VariantState:
    row: Variant
    values: dict[str, JSON]
    offers: dict[str, Offer] = field(default_factory=dict)  # by price list code
    stock: dict[str, StockLevel] = field(default_factory=dict)  # by location code
    held: dict[tuple[str, str], HeldPrice] = field(default_factory=dict)  # (price list, field)
    held_before: dict[tuple[str, str], HeldPrice] = field(default_factory=dict)
    associations: dict[str, list[Target]] = field(default_factory=dict)  # by type
    references: dict[str, str] = field(default_factory=dict)  # system → its code
    trashed: bool = False


@dataclass(slots=True)
class ProductState:
    row: Product
    family: str
    values: dict[str, JSON]
    originals: dict[str, str]
    axes: list[str]
    categories: list[str]
    variants: dict[str, VariantState] = field(default_factory=dict)  # by SKU key
    media: list[MediaState] = field(default_factory=list)
    associations: dict[str, list[Target]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    trashed: bool = False

    @property
    def sold(self) -> list[VariantState]:
        """The variants that are not in the trash."""
        return [v for v in self.variants.values() if not v.trashed]

    @property
    def exists(self) -> bool:
        return self.row.pk is not None


def amount_text(amount: Decimal | None, places: int = 2) -> str | None:
    """An amount in its one text form: no exponent, no trailing zeros beyond so many decimals."""
    if amount is None:
        return None
    text = format(amount.normalize(), "f")
    whole, _, decimals = text.partition(".")
    decimals = decimals.ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole


def flatten(state: ProductState) -> Flat:
    """`{row: {key: value}}` of everything: value keys, and dotted or named parts besides."""
    flat: Flat = {
        PRODUCT_ROW: {
            **state.values,
            "family": state.family,
            "axes": list(state.axes),
            "categories": list(state.categories),
            "media": [{"id": m.identity, "alt": dict(m.alt), **({"sku": m.sku} if m.sku else {})} for m in state.media],
            **_links(state),
        }
    }
    for variant in state.variants.values():
        row: dict[str, JSON] = dict(variant.values)
        row["gtin"] = variant.row.gtin
        for code, offer in variant.offers.items():
            for name, key in _offer_keys(code):
                value = getattr(offer, name)
                if not value:
                    value = "0.00" if isinstance(value, Decimal) else None
                elif isinstance(value, Decimal):
                    value = amount_text(value)
                elif isinstance(value, datetime):
                    value = value.isoformat()
                row[key] = value
        for code, level in variant.stock.items():
            row[f"stock.{code}.available"] = level.available
        row |= _links(variant)
        flat[variant.row.sku] = row
    return flat


@cache
def _offer_keys(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"offers.{code}.{name}") for name in OFFER_FIELDS)


def _links(holder: ProductState | VariantState) -> dict[str, JSON]:
    """Associations, references and the trash: parts that are there only when there is something to say."""
    found: dict[str, JSON] = {
        f"associations.{kind}": [t.told() for t in targets] for kind, targets in holder.associations.items() if targets
    }
    found |= {f"references.{system}": code for system, code in holder.references.items()}
    return found | {"trashed": True} if holder.trashed else found


def is_content(key: str) -> bool:
    """Whether an approval covers the key. Prices and stock pass on their owner's authority; what other systems
    call a product says nothing about it."""
    return not key.startswith(("offers.", "stock.", "references."))


def content_of(flat: Flat) -> Flat:
    """The part of the flat form that an approval covers and a revision freezes: no variants in the trash."""
    return {
        row: {k: v for k, v in values.items() if is_content(k)}
        for row, values in flat.items()
        if row == PRODUCT_ROW or "trashed" not in values
    }


def difference(before: Flat, after: Flat) -> dict[str, dict[str, list[JSON]]]:
    """`{row: {key: [old, new]}}`; a key that is absent counts as None, and None to absent is a change of level.

    Absent and null differ only for value keys (inherit, or deliberately empty); for parts both mean nothing.
    Where a null is one of those deliberate ones, the pair has a third item that says which: 1 the old,
    2 the new, 3 both. So an undo can tell what to put back.
    """
    changes: dict[str, dict[str, list[JSON]]] = {}
    for row in _ordered(before, after):
        old, new = before.get(row, {}), after.get(row, {})
        changed = {}
        for key in _ordered(old, new):
            was, now = old.get(key), new.get(key)
            if was == now and (was is not None or (key in old) == (key in new) or is_part(key)):
                continue
            changed[key] = [was, now]
            if not is_part(key) and (empty := _deliberate(old, key) + 2 * _deliberate(new, key)):
                changed[key].append(empty)
        if changed or (row in before) != (row in after):
            changes[row] = changed
    return changes


def _deliberate(values: Mapping[str, JSON], key: str) -> int:
    return int(key in values and values[key] is None)


def is_part(key: str) -> bool:
    """Whether the key names a part of a product rather than a value."""
    return "." in key or key in ("gtin", "family", "axes", "categories", "media", "trashed")


def _ordered(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))
