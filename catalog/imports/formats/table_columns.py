"""The columns of a table in the catalogue's own words, as `catalog/exports` writes them.

    sku · product · family · gtin · axes · categories · <value key> · offers.<price list>.<field> ·
    stock.<location>.available · references.<system>

A value's column may also be named by the attribute alone, by its code or its label: the language is then the file's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.imports.formats.base import Catalogue

# How each part is read: a reader of `cells`, or ours.
PARTS = {
    "gtin": "gtin",
    **{f"offers.{name}": "price" for name in ("price", "compare_at", "sale_price", "cost")},
    **{f"offers.{name}": "moment" for name in ("sale_from", "sale_to")},
    "offers.tax_class": "text",
    "stock.available": "stock",
    "references": "text",
}
OF_ROW = ("sku", "product", "family", "axes", "categories", "as_of")
ALSO = {"code": "product", "product code": "product", "ean": "gtin", "barcode": "gtin"}
# An export says them, and they are nothing that a file could change.
TOLD = frozenset({"state", "published"})
_PART = re.compile(r"(offers|stock|references)\.([^.]+)(?:\.([a-z_]+))?")
_KEY = re.compile(r"[a-z][a-z0-9_]*@\S+|[a-z][a-z0-9_]*#\S+")


@dataclass(frozen=True, slots=True)
class ValueColumn:
    header: str
    key: str
    attribute: str


@dataclass(slots=True)
class Layout:
    """The columns by position."""

    row: dict[str, int] = field(default_factory=dict)  # name of OF_ROW → position
    parts: dict[int, tuple[str, str]] = field(default_factory=dict)  # position → (part, kind)
    values: dict[int, ValueColumn] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)


def same(header: str) -> str:
    return " ".join(header.casefold().split())


def score(headers: Sequence[str]) -> int:
    """The number of headers that are ours; 0 where no column says which variant or product a row is of."""
    names = [ALSO.get(same(h), same(h)) for h in headers]
    if "sku" not in names and "product" not in names:
        return 0
    return sum(n in OF_ROW or n in TOLD or n == "gtin" or bool(_PART.fullmatch(n) or _KEY.fullmatch(n)) for n in names)


def layout(headers: Sequence[str], catalogue: Catalogue, *, locale: str) -> Layout:
    """Of two columns of one meaning the first is read."""
    found, taken = Layout(), set()
    for at, header in enumerate(headers):
        name = ALSO.get(same(header), same(header))
        if name in TOLD or name.startswith("pimhub_"):
            continue
        place: str = name
        kind = _part_kind(header.strip(), catalogue)
        column = None if name in OF_ROW or kind else _value(header.strip(), catalogue, locale)
        if column:
            place = column.key
        if place in taken or not (name in OF_ROW or kind or column):
            found.unread.append(at)
            continue
        taken.add(place)
        if name in OF_ROW:
            found.row[name] = at
        elif column:
            found.values[at] = column
        else:
            found.parts[at] = ("gtin" if name == "gtin" else header.strip(), kind)
    return found


def _part_kind(header: str, catalogue: Catalogue) -> str:
    if ALSO.get(same(header), same(header)) == "gtin":
        return PARTS["gtin"]
    part = _PART.fullmatch(header)
    if part is None:
        return ""
    room, code, name = part.groups()
    known = {"offers": catalogue.price_lists, "stock": catalogue.locations, "references": catalogue.systems}[room]
    return PARTS.get(f"{room}.{name}" if name else room, "") if code in known else ""


def _value(header: str, catalogue: Catalogue, locale: str) -> ValueColumn | None:
    try:
        key = ValueKey.parse(header)
    except ValueProblem:
        key = ValueKey(header)
    attribute = catalogue.attribute(key.attribute)
    if not attribute:
        return None
    spec = catalogue.specs[attribute]
    if spec.localizable and key.locale is None:
        key = ValueKey(attribute, locale, key.scope)
    return ValueColumn(header, str(ValueKey(attribute, key.locale, key.scope)), attribute)
