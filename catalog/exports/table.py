"""The table of products that exports write and imports read: its columns, its rows, its cells.

Columns: sku, product, family, gtin, state, published (by channel), axes, categories (codes, parted by "|"), then every
value key and part in use, in order, and `as_of`, by which an import of the changed table knows what was there (see
`catalog/imports/merge`). A cell that a spreadsheet would run as a formula gets an apostrophe in front, which an import
takes off.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO

from django.db.models import Max

from catalog.access.reach import sight
from catalog.attributes.spec import AttributeSpec
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.imports.text import guarded
from catalog.models import Attribute, JournalEntry, Product
from catalog.products.load import load_states
from catalog.products.represent import Wanted, represent, source_fields
from catalog.products.state import PRODUCT_ROW, flatten
from catalog.products.told import target_text
from pimhub.foundation.jsonvalue import JSON

Row = Mapping[str, JSON]
FIRST = ["sku", "product", "family", "gtin"]
# Where the record stands; higher floors answer. An import does not read them.
STANDING = ("state", "published")
CODES = ("axes", "categories")
AS_OF = "as_of"


def rows_of(ids: Sequence[int]) -> Iterator[Row]:
    """What the person acting may see of some hundreds of products: a row per variant, by column."""
    sight().learn(ids)
    stands = _standing(ids)
    newest = _newest(ids)  # before the values are read, which may be newer
    for state in load_states(ids=ids, lock=False).values():
        flat = {sku: dict(sight().visible(state.row.pk, row)) for sku, row in flatten(state).items()}
        own = flat.pop(PRODUCT_ROW)
        own.pop("media", None)
        for sku, values in flat.items():
            if "trashed" in values:
                continue
            said = {"sku": sku, "product": state.row.code, AS_OF: newest.get(state.row.pk, 0)}
            yield {**own, **values, **stands.get(state.row.pk, {}), **said}


def columns_of(names: Collection[str]) -> list[str]:
    """The columns of a table whose rows have these."""
    fixed = [*FIRST, *_stands(), *CODES]
    return [*fixed, *sorted(set(names) - {*fixed, *STANDING, AS_OF}), AS_OF]


class Writer:
    """Writes the table's lines to an open text file."""

    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self.columns = columns
        self._specs = {a.code: a.spec() for a in Attribute.objects.all()}
        self._csv = csv.writer(file)

    def header(self) -> None:
        self._csv.writerow(self.columns)

    def line(self, row: Row) -> None:
        self._csv.writerow([_cell(column, row.get(column), self._specs) for column in self.columns])


def _stands() -> list[str]:
    return [name for name in STANDING if name in source_fields]


def _newest(ids: Sequence[int]) -> dict[int, int]:
    """Product id → number of its newest journal entry."""
    return dict(JournalEntry.objects.filter(product_id__in=ids).values_list("product_id").annotate(n=Max("pk")))


def _standing(ids: Sequence[int]) -> dict[int, dict[str, JSON]]:
    """{product id: {name: text}}"""
    names = _stands()
    if not names:
        return {}
    rows = list(Product.objects.filter(pk__in=ids))
    told = represent(rows, Wanted(frozenset(names)))
    return {row.pk: {k: _words(v) for k, v in each.items()} for row, each in zip(rows, told, strict=True)}


def _words(value: JSON) -> str:
    """A state, or states by channel: "google: live; shopify: queued"."""
    if not isinstance(value, dict):
        return str(value)
    return "; ".join(f"{channel}: {each['state'] or 'waiting'}" for channel, each in value.items())


def _cell(column: str, value: JSON, specs: dict[str, AttributeSpec]) -> str:
    if value is None:
        return ""
    if column in CODES and isinstance(value, list):
        return guarded("|".join(map(str, value)))
    attribute = "" if "." in column or column in (*FIRST, *STANDING, AS_OF) else ValueKey.parse(column).attribute
    spec = specs.get(attribute)
    if spec is None and isinstance(value, list):
        return guarded("; ".join(map(target_text, value)))
    text = type_of(spec.type).export(value, spec) if spec is not None else str(value)
    return guarded(text)
