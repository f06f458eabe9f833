"""The rows of one product of a table → what they say of it, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.imports.formats import cells
from catalog.imports.formats.base import Catalogue, HeldProduct, ParsedProduct, ReadOptions, Role
from catalog.imports.formats.shopify_messages import MESSAGES as ROWS
from catalog.imports.formats.table_columns import Layout
from catalog.imports.problems import Cell, RowError
from catalog.imports.readers.csv import Record
from catalog.imports.text import clean, code_key, without_apostrophe
from catalog.products.changes import UNSET, OfferChange, ProductChange, VariantChange
from pimhub.foundation import moments
from pimhub.foundation.jsonvalue import JSON


@dataclass(slots=True)
class Survey:
    """What only the whole file can tell."""

    rows: int = 0
    groups: int = 0  # products, and runs of rows that belong to none
    last_row: dict[str, int] = field(default_factory=dict)  # product key → number of its last row
    first_sku: dict[str, int] = field(default_factory=dict)  # SKU key → line of its first row
    filled: dict[int, int] = field(default_factory=dict)  # unread column → filled cells


@dataclass(frozen=True, slots=True)
class Source:
    """What all products of a file share."""

    headers: Sequence[str]
    layout: Layout
    survey: Survey
    options: ReadOptions
    catalogue: Catalogue


@dataclass(slots=True)
class Row:
    """`texts`: position → cleaned text, filled cells only."""

    line: int
    sku: str
    texts: dict[int, str]
    extra: list[str]
    torn: bool
    role: Role = "blank"


MESSAGES = {
    **{code: ROWS[code] for code in ("row_too_long", "quote_lost")},
    "unknown_sku": "There is no variant with the SKU “{sku}”. Correct it; or say in a column “product” of which "
    "product it is to be a new variant.",
    "not_there": "The row was exported, and its product has no variant “{sku}”. Perhaps a spreadsheet changed the SKU "
    "(it drops zeros in front), or it was taken away since. Correct it, or empty the cell “as_of” to make it new.",
    "as_of": "“{text}” is not the number that the export wrote. Put it back; or empty the cell, and the row replaces "
    "whatever was changed here since.",
    "names_nothing": "The row names neither a SKU nor a product. Fill in one of them.",
    "sku_repeated": "The SKU “{sku}” is on line {line} already. Leave one of the two rows.",
    "differs": "“{text}” differs from line {line}, which says “{first}”. A product has one “{column}”: make them "
    "equal, or leave the cells of its other rows empty.",
    "no_variant_here": "“{text}” says something of a variant, but the row names none; it was left out. "
    "Fill in the SKU.",
}


def parse_product(
    source: Source, key: str, records: Sequence[Record], held: HeldProduct | None, skus: Collection[str]
) -> ParsedProduct:
    """One product from all its rows. `key`: that of its code; "" for rows that belong to none. `skus`: keys of those
    that it has."""
    sheet = _Sheet(source, records, held, skus)
    if not key:
        sheet.refuse_all()
        return sheet.product
    at = source.layout.row.get("product", -1)
    code = held.code if held else next((sheet.code(row) for row in sheet.rows if at in row.texts), "")
    sheet.assign_roles()
    change = ProductChange(
        code=code,
        family=sheet.text_of("family") or (held.family if held else source.options.family),
        axes=sheet.list_of("axes"),
        categories=sheet.list_of("categories"),
        line=sheet.rows[0].line,
    )
    own = {*source.catalogue.on_variant(change.family), *(change.axes or (held.axes if held else ()))}
    values = sheet.product_values(own)
    variants = tuple(sheet.variant(row, own) for row in sheet.rows if row.role == "variant")
    sheet.reject_the_rest()
    sheet.product.change = ProductChange(
        code=change.code,
        family=change.family,
        axes=change.axes,
        categories=change.categories,
        line=change.line,
        values=values,
        variants=tuple(v for v in variants if v.line not in sheet.product.rejected_lines),
    )
    return sheet.product


class _Sheet:
    """All rows of one product. Notes end in `product`; a refusal rejects the row."""

    def __init__(
        self, source: Source, records: Sequence[Record], held: HeldProduct | None, skus: Collection[str]
    ) -> None:
        self.source, self.held, self.skus = source, held, skus
        self.layout, self.headers = source.layout, source.headers
        self.rows = [self._row(record) for record in records]
        # The cells of a row that is too long may stand in the wrong columns: nothing is read from it.
        self.sound = [row for row in self.rows if not row.extra]
        self.product = ParsedProduct(ProductChange(code=""), lines={}, category_codes=True)

    def _row(self, record: Record) -> Row:
        texts = {at: text for at, cell in enumerate(record.cells) if cell and (text := clean(cell))}
        sku = without_apostrophe(texts.get(self.layout.row.get("sku", -1), ""))
        return Row(record.line, sku, texts, record.extra, record.torn)

    def code(self, row: Row) -> str:
        return without_apostrophe(row.texts.get(self.layout.row.get("product", -1), ""))

    def refuse(self, row: Row, at: int | None, code: str, message: str = "", **facts: object) -> None:
        self.product.errors.append(self._problem(row, at, code, message or MESSAGES[code].format(**facts)))
        self.product.rejected_lines.add(row.line)

    def warn(self, row: Row, at: int | None, code: str, message: str = "", **facts: object) -> None:
        self.product.warnings.append(self._problem(row, at, code, message or MESSAGES[code].format(**facts)))

    def _problem(self, row: Row, at: int | None, code: str, message: str) -> RowError:
        column, text = ("", "") if at is None else (self.headers[at], row.texts.get(at, ""))
        return RowError(row.line, column, text, code, message)

    def refuse_all(self) -> None:
        """Rows that belong to no product: blank ones are passed over."""
        for row in self.rows:
            if row.sku:
                row.role = "variant"
                self.refuse(row, self.layout.row["sku"], "unknown_sku", sku=row.sku)
            elif row.texts or row.extra:
                row.role = "product"
                self.refuse(row, None, "names_nothing")
        self.product.lines = {row.line: row.role for row in self.rows}

    def assign_roles(self) -> None:
        for row in self.rows:
            row.role = "variant" if row.sku else "product"
            if row.torn:
                self.refuse(row, None, "quote_lost")
            elif row.extra:
                self.refuse(row, None, "row_too_long", cells=", ".join(f"“{text[:40]}”" for text in row.extra[:3]))
            elif row.sku and (first := self.source.survey.first_sku[code_key(row.sku)]) != row.line:
                self.refuse(row, self.layout.row["sku"], "sku_repeated", sku=row.sku, line=first)
            elif row.sku:
                self.product.line_of_sku[row.sku] = row.line
                self._check_exported(row)
        self.product.lines = {row.line: row.role for row in self.rows}
        self.product.as_of = self._as_of()
        shared = {self.headers[at]: code for at, code in self._names().items()}
        self.product.contexts = {row.line: shared for row in self.rows}

    def _names(self) -> dict[int, str]:
        at = self.layout.row.get("product")
        code = next((c for row in self.rows if (c := self.code(row))), self.held.code if self.held else "")
        return {} if at is None or not code else {at: code}

    def _check_exported(self, row: Row) -> None:
        """What was exported is there: else a spreadsheet spoilt the row, or somebody took it away since."""
        at = self.layout.row.get("as_of", -1)
        if at in row.texts and _number(row.texts[at]) is None:
            self.refuse(row, at, "as_of", text=row.texts[at][:40])
        elif at in row.texts and code_key(row.sku) not in self.skus:
            self.refuse(row, self.layout.row["sku"], "not_there", sku=row.sku)

    def _as_of(self) -> int | None:
        """The oldest that the rows say."""
        said = (_number(row.texts.get(self.layout.row.get("as_of", -1), "")) for row in self.sound)
        return min((number for number in said if number is not None), default=None)

    # ---- the product ----

    def _one(self, at: int, part: str) -> tuple[Row, str] | None:
        """What the rows say of the product as a whole; where they differ, all of them wait."""
        told = [row for row in self.sound if at in row.texts]
        if not told:
            return None
        first = told[0]
        self.product.cells["", part] = self._cell(first, at)
        differ = [row for row in told[1:] if row.texts[at] != first.texts[at]]
        for row in differ:
            said = {"text": row.texts[at][:60], "first": first.texts[at][:60], "column": self.headers[at]}
            self.refuse(row, at, "differs", MESSAGES["differs"].format(**said, line=first.line))
        if differ:
            self.product.rejected_lines |= {row.line for row in self.rows}
        return first, first.texts[at]

    def text_of(self, name: str) -> str:
        found = self._one(self.layout.row[name], name) if name in self.layout.row else None
        return found[1] if found else ""

    def list_of(self, name: str) -> tuple[str, ...] | None:
        """Codes parted by "|"; None = not mentioned."""
        if name not in self.layout.row:
            return None
        if text := self.text_of(name):
            return tuple(part.strip() for part in text.split("|") if part.strip())
        return () if name == "categories" and self._clears and self.held else None

    @property
    def _clears(self) -> bool:
        return self.source.options.empty_cells == "clear"

    def _empties(self, attribute: str) -> bool:
        """Whether an empty cell empties the value: a table of several families has cells that mean nothing."""
        held = self.held
        return self._clears and held is not None and attribute in self.source.catalogue.attributes(held.family)

    def product_values(self, own: Collection[str]) -> dict[str, JSON]:
        """Values by key. Of attributes that variants have of their `own`, only rows without a SKU speak."""
        values: dict[str, JSON] = {}
        whole = [row for row in self.sound if not row.sku]
        for at, column in self.layout.values.items():
            if column.attribute in own:
                told = next((row for row in whole if at in row.texts), None)
                if told is not None:
                    self.product.cells["", column.key] = self._cell(told, at)
                    self._read_into(values, told, at)
                continue
            found = self._one(at, column.key)
            if found:
                self._read_into(values, found[0], at)
            elif self._empties(column.attribute):
                values[column.key] = None
        return values

    def _read_into(self, values: dict[str, JSON], row: Row, at: int) -> None:
        column = self.layout.values[at]
        spec = self.source.catalogue.specs[column.attribute]
        separator = self.source.options.decimal_separator
        try:
            values[column.key] = type_of(spec.type).parse(row.texts[at], spec, decimal_separator=separator)
        except ValueProblem as problem:
            self.refuse(row, at, problem.code, str(problem))

    # ---- a variant ----

    def variant(self, row: Row, own: Collection[str]) -> VariantChange:
        values: dict[str, JSON] = {}
        reset: list[str] = []
        for at, column in self.layout.values.items():
            if column.attribute not in own or row.extra:
                continue
            if at in row.texts:
                self.product.cells[row.sku, column.key] = self._cell(row, at)
                self._read_into(values, row, at)
            elif self._empties(column.attribute):
                reset.append(column.key)
        gtin, offers, stock, references = self._parts(row)
        return VariantChange(
            sku=row.sku,
            gtin=gtin,
            values=values,
            reset=tuple(reset),
            offers={code: OfferChange(**given) for code, given in offers.items()},
            stock=stock,
            references=references,
            line=row.line,
        )

    def _parts(self, row: Row) -> tuple[Any, dict[str, dict[str, Any]], dict[str, int], dict[str, str]]:
        gtin: Any = UNSET
        offers: dict[str, dict[str, Any]] = {}
        stock: dict[str, int] = {}
        references: dict[str, str] = {}
        for at, (part, kind) in self.layout.parts.items():
            if row.extra:
                break
            if at not in row.texts:
                if part == "gtin" and self._clears and self.held:
                    gtin = None
                continue
            value = self._read(row, at, kind)
            if value is None:
                continue
            self.product.cells[row.sku, part] = self._cell(row, at)
            room, _, rest = part.partition(".")
            if room == "gtin":
                gtin = value
            elif room == "offers":
                code, _, name = rest.rpartition(".")
                offers.setdefault(code, {})[name] = value
            elif room == "stock":
                stock[rest.removesuffix(".available")] = value
            else:
                references[rest] = value
        return gtin, offers, stock, references

    def _read(self, row: Row, at: int, kind: str) -> Any:
        """A part's value; None when it says nothing or is refused."""
        text = row.texts[at]
        try:
            found = cells.Read(_moment(text)) if kind == "moment" else cells.READERS[kind](text)
        except cells.CellProblem as problem:
            if kind == "gtin" and self.source.options.bad_barcodes == "empty":
                self.warn(row, at, problem.code, f"{problem.message} The barcode was left empty.")
            else:
                self.refuse(row, at, problem.code, problem.message)
            return None
        if found.warning:
            self.warn(row, at, *found.warning)
        return found.value

    def reject_the_rest(self) -> None:
        """A product whose variants were all refused waits as a whole: no half of it comes in."""
        for row in self.rows:
            if row.role == "product":
                for at in (at for at in self.layout.parts if at in row.texts):
                    self.warn(row, at, "no_variant_here", text=row.texts[at][:60])
        variants = [row for row in self.rows if row.role == "variant"]
        if variants and all(row.line in self.product.rejected_lines for row in variants):
            self.product.rejected_lines |= {row.line for row in self.rows}

    def _cell(self, row: Row, at: int) -> Cell:
        return Cell(row.line, self.headers[at], row.texts[at])


def _number(text: str) -> int | None:
    """A whole number as an export wrote it, or as a spreadsheet keeps it."""
    found = re.fullmatch(r"([0-9]{1,18})(?:[.,]0+)?", text)
    return int(found[1]) if found else None


def _moment(text: str) -> Any:
    moment = moments.exact(text)
    if moment is None:
        raise cells.CellProblem(
            "moment", f"“{text[:40]}” is no moment. Write it with its offset: 2026-11-27T06:00:00+01:00."
        )
    return moment
