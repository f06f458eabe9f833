"""The rows of one handle → one product: what each row says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.imports.formats.base import ParsedProduct
from catalog.imports.formats.shopify_columns import VARYING
from catalog.imports.formats.shopify_media import Gallery
from catalog.imports.formats.shopify_options import Options
from catalog.imports.formats.shopify_sheet import Row, Sheet, Source
from catalog.imports.formats.shopify_variants import read_variants
from catalog.imports.readers.csv import Record
from catalog.products.changes import ProductChange
from pimhub.foundation.jsonvalue import JSON


def parse_product(source: Source, records: Sequence[Record], made_skus: set[str]) -> ParsedProduct:
    """One product from all its rows.

    1. give each row its role  2. read what is said of the product  3. its pictures  4. its options
    5. its variants  6. with no variant left, reject the rest.

    `made_skus`: keys of the SKUs generated so far in this file; grows.
    """
    sheet = Sheet(source, records)
    assign_roles(sheet)
    values, categories = product_values(sheet)
    gallery = read_gallery(sheet)
    options = read_options(sheet)
    variants = read_variants(sheet, options, values, gallery, made_skus)
    if not variants:
        reject_the_rest(sheet)
    product = sheet.product
    product.change = ProductChange(
        code=sheet.handle,
        values=values,
        axes=options.axes,
        categories=categories,
        variants=tuple(variants),
        media=gallery.changes(source.options.locale) or None,
        line=sheet.rows[0].line,
    )
    product.media_adds = source.layout.error_file or not any(key.startswith("name@") for key in values)
    filled = {at for row in sheet.sound_rows for at in row.texts}
    product.needs = [*options.needs, *(need for at, need in source.layout.needs.items() if at in filled)]
    product.contexts = contexts(sheet, options)
    return product


def without_handle(source: Source, records: Sequence[Record]) -> ParsedProduct:
    """Rows that belong to no product: blank ones are passed over, others refused."""
    sheet = Sheet(source, records)
    for row in sheet.rows:
        if row.texts or row.extra:
            row.role = "product"
            sheet.refuse(row, source.layout.places["handle"], "handle_missing")
    sheet.product.lines = {row.line: row.role for row in sheet.rows}
    return sheet.product


def assign_roles(sheet: Sheet) -> None:
    columns = sheet.layout.columns
    for row in sheet.rows:
        levels = {columns[at].level for at in row.texts}
        if row.extra or any(columns[at].marks_variant for at in row.texts):
            row.role = "variant"
        elif levels <= {"image"}:
            row.role = "image" if levels else "blank"
        else:
            row.role = "product"
    _default_variant(sheet)
    sheet.product.lines = {row.line: row.role for row in sheet.rows}
    for row in sheet.rows:
        if row.torn:
            sheet.refuse(row, None, "quote_lost")
        elif row.extra:
            shown = ", ".join(f"“{text[:40]}”" for text in row.extra[:3])
            sheet.refuse(row, None, "row_too_long", cells=shown)
        elif row.role != "variant":
            for at, text in row.texts.items():
                if columns[at].level == "variant":
                    sheet.warn(row, at, "no_variant_here", text=text)


def _default_variant(sheet: Sheet) -> None:
    """A product that names no variant has one, without options: its title's row.

    Not in an error file, where the product's other rows are missing; nor in a file that has no
    column for variants, and so says nothing of them.
    """
    could = any(column.marks_variant for column in sheet.layout.columns.values())
    if sheet.layout.error_file or not could or any(row.role == "variant" for row in sheet.rows):
        return
    title_at = sheet.layout.places.get("name")
    titled = next((row for row in sheet.rows if title_at in row.texts), None)
    if titled:
        titled.role = "variant"


def product_values(sheet: Sheet) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
    """Values by value key, and the categories. The first row that says a thing is believed."""
    found: dict[str, tuple[JSON, Row]] = {}
    locale = sheet.source.options.locale
    for row in sheet.sound_rows:
        for at, column in sheet.layout.product_columns:
            varies = column.target in VARYING and row.role == "variant"
            if at not in row.texts or (varies and row is not sheet.rows[0]):
                continue  # a later variant's own value
            value = sheet.read(row, at, column)
            if value is None:
                continue
            key = f"{column.target}@{locale}" if column.localized else column.target
            if key not in found:
                found[key] = value, row
                sheet.product.cells["", key] = sheet.cell(row, at)
            elif found[key][0] != value:
                sheet.differs(row, at, found[key][1])
    values = {key: value for key, (value, _) in found.items()}
    path = values.pop("categories", None)
    return values, (path,) if path else None


def read_gallery(sheet: Sheet) -> Gallery:
    gallery = Gallery()
    places, columns = sheet.layout.places, sheet.layout.columns
    image, alt, position = (places.get(name, -1) for name in ("image", "image_alt", "image_position"))
    for row in sheet.sound_rows:
        url, text, place = (
            sheet.read(row, at, columns[at]) if at in row.texts else None for at in (image, alt, position)
        )
        if url:
            gallery.add(url, place, text or "")
            sheet.product.cells.setdefault(("", "media"), sheet.cell(row, image))
        elif text and image not in row.texts:
            sheet.warn(row, alt, "alt_without_image")
    return gallery


def read_options(sheet: Sheet) -> Options:
    """The product's options, by the first rows that name them, and each variant's values."""
    names: dict[int, tuple[str, Row]] = {}
    values: dict[int, dict[int, str]] = {}
    for row in sheet.sound_rows:
        for number, (name_at, value_at) in sheet.layout.option_places.items():
            if name_at in row.texts:
                sheet.look_for_mojibake(row, name_at)
                first, where = names.setdefault(number, (row.texts[name_at], row))
                if first != row.texts[name_at]:
                    sheet.differs(row, name_at, where)
            if value_at in row.texts:
                sheet.look_for_mojibake(row, value_at)
                values.setdefault(row.line, {})[number] = row.texts[value_at]
    has_column = any(value_at >= 0 for _, value_at in sheet.layout.option_places.values())
    return Options({number: name for number, (name, _) in names.items()}, values, said=has_column)


def reject_the_rest(sheet: Sheet) -> None:
    """A product whose variants were all refused waits as a whole: no half of it comes in."""
    refused = [row.line for row in sheet.rows if row.role == "variant"]
    for row in sheet.rows:
        if refused and row.role != "blank" and row.line not in sheet.product.rejected_lines:
            sheet.refuse(row, None, "product_rejected", handle=sheet.handle, line=refused[0])


def contexts(sheet: Sheet, options: Options) -> dict[int, Mapping[str, str]]:
    """What each row needs to stand alone: its handle, a variant's the names of its options."""
    headers, columns = sheet.source.headers, sheet.layout.columns
    name_at, value_at = sheet.layout.option_places[1]
    shared = {headers[sheet.layout.places["handle"]]: sheet.handle}
    named = dict(shared)
    for number, name in options.names.items():
        named[headers[sheet.layout.option_places[number][0]]] = name
    # The variant that nothing in its row speaks of (see `_default_variant`) must be seen there.
    default = dict(shared)
    if name_at >= 0 and value_at >= 0:
        default |= {headers[name_at]: "Title", headers[value_at]: "Default Title"}
    found: dict[int, Mapping[str, str]] = {}
    for row in sheet.rows:
        spoken_of = row.extra or any(columns[at].marks_variant for at in row.texts)
        found[row.line] = shared if row.role != "variant" else named if spoken_of else default
    return found
