"""The variant rows of one product → its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.imports.formats import cells
from catalog.imports.formats.shopify_columns import VARYING
from catalog.imports.formats.shopify_media import Gallery
from catalog.imports.formats.shopify_options import Options, generated_sku
from catalog.imports.formats.shopify_sheet import Row, Sheet
from catalog.imports.text import code_key, short_hash
from catalog.products.changes import UNSET, OfferChange, Unset, VariantChange
from pimhub.foundation.jsonvalue import JSON


def read_variants(
    sheet: Sheet,
    options: Options,
    product_values: Mapping[str, JSON],
    gallery: Gallery,
    made_skus: set[str],
) -> list[VariantChange]:
    """The variants whose rows have nothing wrong; what is wrong with the others is noted."""
    found = []
    first_with: dict[tuple[str, ...], int] = {}
    for row in sheet.sound_rows:
        if row.role != "variant":
            continue
        _check_options(sheet, row, options, first_with)
        read, places = _variant_cells(sheet, row)
        _check_repeated(sheet, row, read, places)
        if row.line in sheet.product.rejected_lines:
            continue
        given = read.pop("sku", "")
        sku = given or _made_sku(sheet, options.values_of(row.line), made_skus)
        if image := read.pop("variant_image", None):
            gallery.show(image, sku)
        sheet.product.line_of_sku[sku] = row.line
        _note_places(sheet, row, sku, places, options)
        own = {name: value for name, value in read.items() if product_values.get(name) != value or name not in VARYING}
        found.append(_change(sheet, row, sku, not given, own, options))
    return found


def _check_options(sheet: Sheet, row: Row, options: Options, first_with: dict[tuple[str, ...], int]) -> None:
    unnamed, missing = options.gaps(row.line)
    for number in unnamed:
        value_at = sheet.layout.option_places[number][1]
        sheet.refuse(row, value_at, "option_name_missing", number=number, handle=sheet.handle)
    for number, name in missing:
        value_at = sheet.layout.option_places[number][1]
        sheet.refuse(row, value_at, "option_value_missing", number=number, name=name)
    if unnamed or missing:
        return
    values = options.values_of(row.line)
    first = first_with.setdefault(tuple(code_key(value) for value in values), row.line)
    if first != row.line:
        at = sheet.layout.places.get("option1.value")
        shown = " / ".join(values) or "no option values"
        sheet.refuse(row, at, "options_repeated", line=first, options=shown)


def _variant_cells(sheet: Sheet, row: Row) -> tuple[dict[str, Any], dict[str, int]]:
    """What the row says of its variant, and where: target → value, target → position."""
    read: dict[str, Any] = {}
    places: dict[str, int] = {}
    for at, column in sheet.layout.variant_columns:
        value = None
        if at in row.texts:
            value = sheet.read(row, at, column)
        elif column.kind == "tracker":
            value = False  # Shopify's way of saying that nobody counts the stock
        if value is not None and column.target not in read:
            read[column.target], places[column.target] = value, at
    return read, places


def _check_repeated(sheet: Sheet, row: Row, read: dict[str, Any], places: dict[str, int]) -> None:
    """In the whole file the first row keeps a SKU or barcode."""
    sku, gtin = read.get("sku"), read.get("gtin")
    if sku and (first := sheet.source.survey.first_sku[code_key(sku)]) != row.line:
        sheet.refuse(row, places["sku"], "sku_repeated", sku=sku, line=first)
    if gtin and (first := sheet.source.survey.first_gtin[gtin.zfill(14)]) != row.line:
        sheet.refuse_barcode(row, places["gtin"], "gtin_repeated", gtin=gtin, line=first)
        del read["gtin"]


def _made_sku(sheet: Sheet, option_values: Sequence[str], made_skus: set[str]) -> str:
    """A SKU from handle and options; a hash of the same tells it from one that is taken."""
    sku = base = generated_sku(sheet.handle, option_values)
    seed = "\n".join([sheet.handle, *option_values])
    while code_key(sku) in sheet.source.survey.first_sku or code_key(sku) in made_skus:
        sku = f"{base}-{short_hash(seed)}"
        seed += "\n"
    made_skus.add(code_key(sku))
    return sku


def _change(sheet: Sheet, row: Row, sku: str, generated: bool, read: dict[str, Any], options: Options) -> VariantChange:
    chosen = sheet.source.options
    gtin: str | Unset = read.pop("gtin", UNSET)
    offer = OfferChange(**{name: read.pop(name) for name in ("price", "compare_at", "cost") if name in read})
    stock = {chosen.location: read.pop("stock")} if "stock" in read else {}
    unit = read.pop("weight_unit", "g")
    if "weight" in read:
        read["weight"] = cells.measured(read["weight"], unit)
    return VariantChange(
        sku=sku,
        gtin=gtin,
        values=read | options.axis_values(row.line),
        offers={chosen.price_list: offer} if offer != OfferChange() else {},
        stock=stock,
        sku_generated=generated,
        line=row.line,
    )


def _note_places(sheet: Sheet, row: Row, sku: str, places: Mapping[str, int], options: Options) -> None:
    chosen = sheet.source.options
    parts = {
        "price": f"offers.{chosen.price_list}.price",
        "compare_at": f"offers.{chosen.price_list}.compare_at",
        "cost": f"offers.{chosen.price_list}.cost",
        "stock": f"stock.{chosen.location}.available",
        "variant_image": "media",
    }
    for target, at in places.items():
        sheet.product.cells[sku, parts.get(target, target)] = sheet.cell(row, at)
    for number, code in options.codes.items():
        sheet.product.cells[sku, code] = sheet.cell(row, sheet.layout.option_places[number][1])
