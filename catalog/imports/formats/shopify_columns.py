"""The columns of Shopify's product CSV, as data.

Sources: help.shopify.com/en/manual/products/import-export/using-csv (both spellings of the columns:
"Variant SKU" and, in the newer template, "SKU"), and the exports that shops really hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from catalog.imports.formats.base import AttributeNeed
from catalog.imports.text import slug

Level = Literal["key", "option", "product", "variant", "image"]


@dataclass(frozen=True, slots=True)
class Column:
    """`target`: attribute code, or a part (see `ParsedProduct.cells`). `kind`: how its cells are read."""

    target: str
    level: Level
    kind: str = "text"
    localized: bool = False
    # Filled on a row only when the row is a variant; settings are filled by tools on any row.
    marks_variant: bool = False
    # Of two columns with one target the lower rank counts.
    rank: int = 0


def _c(target: str, level: Level, kind: str = "text", **flags: bool | int) -> Column:
    return Column(target, level, kind, **flags)  # type: ignore[arg-type]


# Headers as compared: lower case, single spaces.
COLUMNS: dict[str, Column] = {
    "handle": _c("handle", "key"),
    "title": _c("name", "product", localized=True),
    "body (html)": _c("description", "product", localized=True),
    "vendor": _c("brand", "product"),
    "type": _c("product_type", "product"),
    "custom product type": _c("product_type", "product", rank=1),
    "tags": _c("tags", "product", "tags"),
    "published": _c("published", "product", "boolean"),
    "status": _c("shop_status", "product", "shop_status"),
    "gift card": _c("gift_card", "product", "boolean"),
    "seo title": _c("seo_title", "product", localized=True),
    "seo description": _c("seo_description", "product", localized=True),
    "product category": _c("categories", "product", "category"),
    "standardized product type": _c("categories", "product", "category", rank=1),
    "google shopping / google product category": _c("google_product_category", "product"),
    "google shopping / gender": _c("gender", "product", "gender"),
    "google shopping / age group": _c("age_group", "product", "age_group"),
    "google shopping / mpn": _c("mpn", "product"),
    "google shopping / condition": _c("condition", "product", "condition"),
    **{f"google shopping / custom label {n}": _c(f"custom_label_{n}", "product") for n in range(5)},
    **{
        f"option{n} {part}": _c(f"option{n}.{part}", "option", marks_variant=part == "value")
        for n in (1, 2, 3)
        for part in ("name", "value")
    },
    "variant sku": _c("sku", "variant", "sku", marks_variant=True),
    "variant barcode": _c("gtin", "variant", "gtin", marks_variant=True),
    "variant price": _c("price", "variant", "price", marks_variant=True),
    "variant compare at price": _c("compare_at", "variant", "price", marks_variant=True),
    "cost per item": _c("cost", "variant", "price", marks_variant=True),
    "variant inventory qty": _c("stock", "variant", "stock", marks_variant=True),
    "variant image": _c("variant_image", "variant", "url", marks_variant=True),
    "variant grams": _c("weight", "variant", "weight"),
    "variant weight unit": _c("weight_unit", "variant", "weight_unit"),
    "variant inventory tracker": _c("track_inventory", "variant", "tracker"),
    "variant inventory policy": _c("inventory_policy", "variant", "inventory_policy"),
    "variant fulfillment service": _c("fulfillment_service", "variant"),
    "variant requires shipping": _c("requires_shipping", "variant", "boolean"),
    "variant taxable": _c("taxable", "variant", "boolean"),
    "variant tax code": _c("tax_code", "variant"),
    "hs code": _c("hs_code", "variant", "hs_code"),
    "country of origin": _c("country_of_origin", "variant", "country"),
    "image src": _c("image", "image", "url"),
    "image position": _c("image_position", "image", "position"),
    "image alt text": _c("image_alt", "image"),
}

# Other spellings → the column above.
ALIASES: dict[str, str] = {
    "url handle": "handle",
    "description": "body (html)",
    "body html": "body (html)",
    "body": "body (html)",
    "brand": "vendor",
    "published on online store": "published",
    "google shopping / google product type": "google shopping / google product category",
    "sku": "variant sku",
    "barcode": "variant barcode",
    "price": "variant price",
    "compare-at price": "variant compare at price",
    "compare at price": "variant compare at price",
    "variant cost": "cost per item",
    "charge tax": "variant taxable",
    "tax code": "variant tax code",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "weight value (grams)": "variant grams",
    "weight unit for display": "variant weight unit",
    "requires shipping": "variant requires shipping",
    "fulfillment service": "variant fulfillment service",
    "product image url": "image src",
    "variant image url": "variant image",
    "variant hs code": "hs code",
    "harmonized system code": "hs code",
    "variant harmonized system code": "hs code",
    "variant country of origin": "country of origin",
    "coo": "country of origin",
}

# Metafields that every instance has an attribute for.
METAFIELDS: dict[str, Column] = {
    "custom.hs_code": _c("hs_code", "product", "hs_code", rank=1),
    "custom.country_of_origin": _c("country_of_origin", "product", "country", rank=1),
}
_METAFIELD = re.compile(r"(?P<label>.*?)\s*\((?P<owner>product|variant)\.metafields\.(?P<path>[^()]+)\)\s*", re.S)

MAX_CODE = 100  # characters of an attribute code


# Attributes that stand on the product's row and may differ on the rows of its variants.
VARYING = frozenset({"mpn"})


@dataclass(frozen=True)
class Layout:
    """Which cell of a row holds what. `unread`: positions of columns that nothing is read from."""

    columns: dict[int, Column]
    needs: dict[int, AttributeNeed]  # of metafield columns
    unread: tuple[int, ...]
    error_file: bool  # our own error file, mended

    @cached_property
    def places(self) -> dict[str, int]:
        """Target → position."""
        return {column.target: at for at, column in reversed(self.columns.items())}

    @cached_property
    def option_places(self) -> dict[int, tuple[int, int]]:
        """Option number → positions of its name and its value; -1 when the file lacks the column."""
        found = self.places
        return {
            number: (found.get(f"option{number}.name", -1), found.get(f"option{number}.value", -1))
            for number in (1, 2, 3)
        }

    @cached_property
    def product_columns(self) -> list[tuple[int, Column]]:
        """What is said of the product, the better of two columns first."""
        found = [(at, column) for at, column in self.columns.items() if column.level == "product"]
        return sorted(found, key=lambda item: item[1].rank)

    @cached_property
    def variant_columns(self) -> list[tuple[int, Column]]:
        return [
            (at, column) for at, column in self.columns.items() if column.level == "variant" or column.target in VARYING
        ]


def same(header: str) -> str:
    """The form in which headers are compared."""
    return " ".join(header.split()).casefold()


def known(header: str) -> Column | None:
    name = same(header)
    return COLUMNS.get(ALIASES.get(name, name))


def score(headers: Sequence[str]) -> int:
    """The number of headers that are Shopify's; 0 without a handle column and one more."""
    found = [column for column in map(known, headers) if column]
    has_handle = any(column.level == "key" for column in found)
    return len(found) if has_handle and len(found) > 1 else 0


def lacks(headers: Sequence[str]) -> str:
    """“Handle” where it is missing beside several columns that only Shopify's files have."""
    found = [column for column in map(known, headers) if column]
    return "Handle" if len(found) > 2 and not any(column.level == "key" for column in found) else ""


def layout(headers: Sequence[str]) -> Layout:
    """The columns by position; of two spellings of one column the first is read."""
    columns: dict[int, Column] = {}
    needs: dict[int, AttributeNeed] = {}
    unread: list[int] = []
    taken: set[tuple[str, int]] = set()
    codes: set[str] = set()
    for at, header in enumerate(headers):
        column = known(header) or _metafield(header, at, needs, codes)
        if column is None or (column.target, column.rank) in taken:
            needs.pop(at, None)
            if not same(header).startswith("pimhub_"):
                unread.append(at)
            continue
        taken.add((column.target, column.rank))
        columns[at] = column
    return Layout(columns, needs, tuple(unread), any(same(h) == "pimhub_line" for h in headers))


def _metafield(header: str, at: int, needs: dict[int, AttributeNeed], codes: set[str]) -> Column | None:
    match = _METAFIELD.fullmatch(header)
    if not match:
        return None
    path = match["path"].strip().casefold()
    if match["owner"] == "product" and path in METAFIELDS:
        return METAFIELDS[path]
    stem = slug(path, "_")
    if not stem:
        return None
    code = f"mf_{stem}"[:MAX_CODE]
    number = 2
    while code in codes:  # two keys that differ only in signs must not share an attribute
        code = f"mf_{stem}"[: MAX_CODE - 4] + f"_{number}"
        number += 1
    codes.add(code)
    on_variant = match["owner"] == "variant"
    needs[at] = AttributeNeed(code, "textarea", match["label"] or path, "other", on_variant)
    return Column(code, "variant" if on_variant else "product")
