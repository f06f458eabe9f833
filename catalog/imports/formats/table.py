"""A table in the catalogue's own words: what an export writes and people changed, or wrote themselves.

Each row is a variant; a row without a SKU speaks of its product alone. What a row does not mention stays as it is.
Rows without a product's code find it by their SKU. As with Shopify's files, the survey comes first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from catalog.imports.formats.base import FORMATS, AttributeNeed, IgnoredColumn, ParsedProduct, ReadOptions
from catalog.imports.formats.grouping import groups
from catalog.imports.formats.table_columns import layout, score
from catalog.imports.formats.table_product import Source, Survey, parse_product
from catalog.imports.problems import RowError
from catalog.imports.readers.csv import Record, Table
from catalog.imports.text import clean, code_key, without_apostrophe

ASKED = 200  # rows or products about which the catalogue is asked at once
DEFAULTS = ReadOptions()
T = TypeVar("T")


class TableReading:
    """One table, surveyed. See `Reading`."""

    needs: Mapping[str, AttributeNeed] = {}

    def __init__(self, table: Table, options: ReadOptions) -> None:
        if options.catalogue is None:
            raise ValueError("a table in the catalogue's own words is read with the catalogue at hand")
        self.table = table
        plan = layout(table.headers, options.catalogue, locale=options.locale)
        self._source = Source(table.headers, plan, Survey(), options, options.catalogue)
        self._survey()
        seen = self._source.survey
        self.rows, self.product_count = seen.rows, seen.groups
        self.warnings: Sequence[RowError] = table.warnings
        self.ignored_columns: Sequence[IgnoredColumn] = [
            IgnoredColumn(table.headers[at], filled) for at, filled in sorted(seen.filled.items())
        ]

    def products(self, *, skip: int = 0, made_skus: Collection[str] = ()) -> Iterator[ParsedProduct]:
        source = self._source
        with tempfile.TemporaryFile() as file:
            found = islice(groups(self._keyed(), source.survey.last_row, file), skip, None)
            for some in _some(found):
                held = source.catalogue.products([key for key, _ in some if key])
                known = source.catalogue.products_of({self._sku(r) for _, records in some for r in records} - {""})
                for key, records in some:
                    skus = {sku for r in records if code_key(known.get(sku := self._sku(r), "")) == key}
                    yield parse_product(source, key, records, held.get(key), skus)

    def _survey(self) -> None:
        seen, plan = self._source.survey, self._source.layout
        above = None
        for key, record in self._keyed():
            if key:
                seen.last_row[key] = seen.rows
            elif above != "":
                seen.groups += 1
            above = key
            seen.rows += 1
            for at in plan.unread:
                if clean(record.cells[at]):
                    seen.filled[at] = seen.filled.get(at, 0) + 1
            if not record.extra and (sku := self._sku(record)):
                seen.first_sku.setdefault(sku, record.line)
        seen.groups += len(seen.last_row)

    def _keyed(self) -> Iterator[tuple[str, Record]]:
        """Each row with the key of its product; "" when it belongs to none."""
        for some in _some(iter(self.table)):
            keys = [self._cell(record, "product") for record in some]
            unsaid = {self._sku(r) for r, key in zip(some, keys, strict=True) if not key} - {""}
            known = self._source.catalogue.products_of(unsaid) if unsaid else {}
            for record, key in zip(some, keys, strict=True):
                yield key or code_key(known.get(self._sku(record), "")), record

    def _sku(self, record: Record) -> str:
        return self._cell(record, "sku")

    def _cell(self, record: Record, name: str) -> str:
        at = self._source.layout.row.get(name)
        return "" if at is None or at >= len(record.cells) else code_key(without_apostrophe(clean(record.cells[at])))


def _some(items: Iterator[T]) -> Iterator[list[T]]:
    while found := list(islice(items, ASKED)):
        yield found


class OwnTable:
    """The format; see `Format`."""

    code = "table"
    label = "Table with PIMHub's columns (CSV, Excel)"

    def score(self, headers: Sequence[str]) -> int:
        return score(headers)

    def lacks(self, headers: Sequence[str]) -> str:
        return ""

    def read(self, table: Table, options: ReadOptions = DEFAULTS) -> TableReading:
        return TableReading(table, options)


FORMATS.add(OwnTable.code, OwnTable())
