"""Shopify's product CSV: recognised by its headers, its rows grouped into products by their handle.

A file is read twice: the survey learns what only the whole can tell (where a handle comes last, which
row has a SKU or barcode first, which columns are filled), then the products stream.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from catalog.imports.formats.base import FORMATS, AttributeNeed, IgnoredColumn, ParsedProduct, ReadOptions
from catalog.imports.formats.grouping import groups
from catalog.imports.formats.shopify_columns import lacks, layout, score
from catalog.imports.formats.shopify_product import parse_product, without_handle
from catalog.imports.formats.shopify_rows import keyed, survey
from catalog.imports.formats.shopify_sheet import Source
from catalog.imports.problems import RowError
from catalog.imports.readers.csv import Table


class ShopifyReading:
    """One Shopify file, surveyed. See `Reading`.

    `needs` has the metafields from the start and gains the options while the products are read;
    `ParsedProduct.needs` names those of one product.
    """

    def __init__(self, table: Table, options: ReadOptions) -> None:
        self.table = table
        plan = layout(table.headers)
        seen = survey(table, plan)
        self._source = Source(tuple(table.headers), plan, seen, options)
        self.rows = seen.rows
        self.product_count = seen.groups
        self.warnings: Sequence[RowError] = table.warnings
        self.ignored_columns: Sequence[IgnoredColumn] = [
            IgnoredColumn(table.headers[at], filled) for at, filled in sorted(seen.filled.items())
        ]
        self._needs: dict[str, AttributeNeed] = {
            need.code: need for at, need in plan.needs.items() if at in seen.filled_needs
        }

    @property
    def needs(self) -> Mapping[str, AttributeNeed]:
        return self._needs

    def products(self, *, skip: int = 0, made_skus: Collection[str] = ()) -> Iterator[ParsedProduct]:
        source, made = self._source, set(made_skus)
        with tempfile.TemporaryFile() as file:
            rows = keyed(self.table, source.layout)
            for key, records in islice(groups(rows, source.survey.last_row, file), skip, None):
                product = parse_product(source, records, made) if key else without_handle(source, records)
                for need in product.needs:
                    self._needs.setdefault(need.code, need)
                yield product


DEFAULTS = ReadOptions()


class Shopify:
    """The format; see `Format`."""

    code = "shopify"
    label = "Shopify products (CSV)"

    def score(self, headers: Sequence[str]) -> int:
        return score(headers)

    def lacks(self, headers: Sequence[str]) -> str:
        return lacks(headers)

    def read(self, table: Table, options: ReadOptions = DEFAULTS) -> ShopifyReading:
        return ShopifyReading(table, options)


FORMATS.add(Shopify.code, Shopify())
