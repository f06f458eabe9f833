"""The rows of a Shopify file as products need them: keyed by handle, and surveyed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.imports.formats import cells
from catalog.imports.formats.shopify_columns import Layout
from catalog.imports.readers.csv import Record, Table
from catalog.imports.text import clean, code_key, without_apostrophe


@dataclass
class Survey:
    """What only the whole file can tell. `first_*`: code as compared → line of its first row."""

    rows: int = 0
    groups: int = 0  # products, and runs of rows that belong to none
    last_row: dict[str, int] = field(default_factory=dict)  # handle key → number of its last row
    first_sku: dict[str, int] = field(default_factory=dict)
    first_gtin: dict[str, int] = field(default_factory=dict)
    filled: dict[int, int] = field(default_factory=dict)  # unread column → filled cells
    filled_needs: set[int] = field(default_factory=set)  # metafield columns with a filled cell


def keyed(table: Table, layout: Layout) -> Iterator[tuple[str, Record]]:
    """Each row with the key of its product; "" when it belongs to none.

    A row without handle and title continues the product above; one with a title is a product of its
    own whose handle is lost.
    """
    handle_at, title_at = layout.places["handle"], layout.places.get("name")
    above = ""
    for record in table:
        if handle := handle_of(record.cells[handle_at]):
            above = code_key(handle)
        elif title_at is not None and clean(record.cells[title_at]):
            above = ""
        yield above, record


def handle_of(cell: str) -> str:
    return without_apostrophe(clean(cell))


def survey(table: Table, layout: Layout) -> Survey:
    """One pass over the file. Raises FileRefused where it stops being a table."""
    seen = Survey()
    sku_at, gtin_at = layout.places.get("sku"), layout.places.get("gtin")
    above = None
    for key, record in keyed(table, layout):
        if key:
            seen.last_row[key] = seen.rows
        elif above != "":
            seen.groups += 1
        above = key
        seen.rows += 1
        _count_filled(seen, layout, record)
        if record.extra or not key:
            continue  # a row that is refused as a whole keeps no SKU
        if sku_at is not None and (sku := cells.sku(clean(record.cells[sku_at])).value):
            seen.first_sku.setdefault(code_key(sku), record.line)
        if gtin_at is not None and (gtin := _right_gtin(clean(record.cells[gtin_at]))):
            seen.first_gtin.setdefault(gtin.zfill(14), record.line)
    seen.groups += len(seen.last_row)
    return seen


def _count_filled(seen: Survey, layout: Layout, record: Record) -> None:
    for at in layout.unread:
        if record.cells[at] and clean(record.cells[at]):
            seen.filled[at] = seen.filled.get(at, 0) + 1
    for at in layout.needs:
        if record.cells[at] and at not in seen.filled_needs and clean(record.cells[at]):
            seen.filled_needs.add(at)


def _right_gtin(text: str) -> str:
    try:
        return (text and cells.gtin(text).value) or ""
    except cells.CellProblem:
        return ""
