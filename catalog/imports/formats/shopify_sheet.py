"""The rows of one product on the table: their texts, and the notes made on their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.imports.formats import cells
from catalog.imports.formats.base import ParsedProduct, ReadOptions, Role
from catalog.imports.formats.shopify_columns import Column, Layout
from catalog.imports.formats.shopify_messages import LEFT_EMPTY, MESSAGES
from catalog.imports.formats.shopify_rows import Survey, handle_of
from catalog.imports.problems import Cell, RowError
from catalog.imports.readers.csv import Record
from catalog.imports.text import clean, repair_mojibake
from catalog.products.changes import ProductChange


@dataclass(frozen=True, slots=True)
class Source:
    """What all products of a file share."""

    headers: tuple[str, ...]
    layout: Layout
    survey: Survey
    options: ReadOptions


@dataclass(slots=True)
class Row:
    """One input row. `texts`: position → cleaned text, filled cells of read columns only."""

    line: int
    handle: str
    texts: dict[int, str]
    extra: list[str]
    torn: bool = False
    role: Role = "blank"


class Sheet:
    """All rows of one handle. Notes end in `product`; a refusal rejects the row."""

    def __init__(self, source: Source, records: Sequence[Record]) -> None:
        self.source = source
        self.layout = source.layout
        self.rows = [self._row(record) for record in records]
        # The cells of a row that is too long may stand in the wrong columns: nothing is read from it.
        self.sound_rows = [row for row in self.rows if not row.extra]
        self.handle = next((row.handle for row in self.rows if row.handle), "")
        self.product = ParsedProduct(ProductChange(code=""), lines={})

    def _row(self, record: Record) -> Row:
        handle_at = self.layout.places["handle"]
        texts = {
            at: text
            for at in self.layout.columns
            if record.cells[at] and at != handle_at and (text := clean(record.cells[at]))
        }
        return Row(record.line, handle_of(record.cells[handle_at]), texts, record.extra, record.torn)

    def refuse(self, row: Row, at: int | None, code: str, message: str = "", **facts: object) -> None:
        self.product.errors.append(self._problem(row, at, code, message or MESSAGES[code].format(**facts)))
        self.product.rejected_lines.add(row.line)

    def warn(self, row: Row, at: int | None, code: str, message: str = "", **facts: object) -> None:
        self.product.warnings.append(self._problem(row, at, code, message or MESSAGES[code].format(**facts)))

    def refuse_barcode(self, row: Row, at: int, code: str, message: str = "", **facts: object) -> None:
        """As the user chose: the row goes, or only the barcode."""
        message = message or MESSAGES[code].format(**facts)
        if self.source.options.bad_barcodes == "empty":
            self.warn(row, at, code, f"{message} {LEFT_EMPTY}")
        else:
            self.refuse(row, at, code, message)

    def _problem(self, row: Row, at: int | None, code: str, message: str) -> RowError:
        if at is None:
            return RowError(row.line, "", "", code, message)
        return RowError(row.line, self.source.headers[at], row.texts.get(at, ""), code, message)

    def read(self, row: Row, at: int, column: Column) -> Any:
        """The cell's value; None when it says nothing or is refused."""
        if column.kind in ("text", "tags", "category"):
            self.look_for_mojibake(row, at)
        try:
            found = cells.READERS[column.kind](row.texts[at])
        except cells.CellProblem as problem:
            refuse = self.refuse_barcode if column.kind == "gtin" else self.refuse
            refuse(row, at, problem.code, problem.message)
            return None
        if found.warning:
            self.warn(row, at, *found.warning)
        return found.value

    def look_for_mojibake(self, row: Row, at: int) -> None:
        text = row.texts[at]
        repaired = repair_mojibake(text)
        if repaired == text:
            return
        pairs = zip(text, f"{repaired}\0", strict=False)
        first = next(place for place, (ours, theirs) in enumerate(pairs) if ours != theirs)
        shown = slice(max(0, first - 30), first + 30)
        self.warn(row, at, "mojibake", text=text[shown], repaired=repaired[shown])

    def differs(self, row: Row, at: int, first: Row) -> None:
        """Note that an earlier cell said otherwise, and was kept."""
        where = f"line {first.line}" if first is not row else "another column of this row"
        self.warn(row, at, "differs", text=row.texts[at][:60], where=where, column=self.source.headers[at])

    def cell(self, row: Row, at: int) -> Cell:
        return Cell(row.line, self.source.headers[at], row.texts.get(at, ""))
