"""Rows of a table as items: each row is a product, or one variant of it.

Columns are `code`, `family`, `categories` and `axes` (entries parted by "|"), value keys such as `name@en_US`, and,
of the row's variant, `sku`, `gtin`, `variant.<value key>`, `offers.<price list>.<field>`, `stock.<location>.available`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey

LISTS = ("categories", "axes")
OWN = ("code", "family", *LISTS)
_VALUE = re.compile(r"[a-z][a-z0-9_]*(@[A-Za-z_]+)?(#[a-z0-9_]+)?")
_PART = re.compile(r"offers\.([^.]+)\.([a-z_]+)|stock\.([^.]+)\.available")


def item_columns(names: Sequence[str]) -> set[str]:
    """Those that are named in our words already."""
    return {n for n in names if _VALUE.fullmatch(n.removeprefix("variant.")) or _PART.fullmatch(n)}


def item(given: Mapping[str, Any], specs: Mapping[str, AttributeSpec], *, decimal_comma: bool) -> dict[str, Any]:
    """The product that a row tells of, as the API takes it."""
    separator = "," if decimal_comma else "."
    product: dict[str, Any] = {}
    variant: dict[str, Any] = {}
    for name, cell in given.items():
        if name in LISTS:
            product[name] = [part.strip() for part in str(cell).split("|") if part.strip()]
        elif name in OWN:
            product[name] = cell
        elif name in ("sku", "gtin"):
            variant[name] = cell
        elif name.startswith("variant."):
            key = name.removeprefix("variant.")
            variant.setdefault("values", {})[key] = _value(key, cell, specs, separator)
        elif part := _PART.fullmatch(name):
            if part[3]:
                variant.setdefault("stock", {})[part[3]] = int(cell) if str(cell).isdecimal() else cell
            else:
                variant.setdefault("offers", {}).setdefault(part[1], {})[part[2]] = cell
        else:
            product.setdefault("values", {})[name] = _value(name, cell, specs, separator)
    if variant:
        product["variants"] = [variant]
    return product


def _value(key: str, cell: Any, specs: Mapping[str, AttributeSpec], separator: str) -> Any:
    """What the cell spells; what spells nothing stays as it is, for the write door to refuse with its reason."""
    try:
        spec = specs.get(ValueKey.parse(key).attribute)
        return cell if spec is None else type_of(spec.type).parse(str(cell), spec, decimal_separator=separator)
    except ValueProblem:
        return cell
