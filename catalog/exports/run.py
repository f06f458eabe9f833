"""Write products to a CSV file, a row per variant, streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db.models import Max, QuerySet

from catalog.access.reach import seen, sight
from catalog.attributes.spec import AttributeSpec
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.imports.text import guarded
from catalog.models import Attribute, JournalEntry, Product
from catalog.products.load import load_states
from catalog.products.represent import Wanted, represent, source_fields
from catalog.products.state import PRODUCT_ROW, flatten
from catalog.products.told import target_text
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

CHUNK = 200
FIRST = ["sku", "product", "family", "gtin"]
# Where the record stands; higher floors answer. An import does not read them.
STANDING = ("state", "published")
CODES = ("axes", "categories")
AS_OF = "as_of"


def export_csv(path: Path, products: QuerySet[Product] | None = None) -> int:
    """Write products (all, unless some are chosen) to `path` (CSV, UTF-8 with BOM), whole or not at all; how many rows.

    Columns: sku, product, family, gtin, state, published (by channel), axes, categories (codes, parted by "|"), then
    every value key and part in use, in order, and `as_of`, by which an import of the changed table knows what was
    there (see `catalog/imports/merge`). A cell that a spreadsheet would run as a formula gets an apostrophe in front,
    which an import takes off.
    """
    specs = {a.code: a.spec() for a in Attribute.objects.all()}
    chosen = seen(Product.objects.all() if products is None else products)
    ids = list(chosen.order_by("pk").values_list("pk", flat=True))
    standing = [name for name in STANDING if name in source_fields]
    columns = [*FIRST, *standing, *CODES, *_columns(ids), AS_OF]
    draft = path.with_name(f".{path.name}.part")
    rows = 0
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in _rows(ids, standing):
            writer.writerow([_cell(column, row.get(column), specs) for column in columns])
            rows += 1
    draft.replace(path)
    audit.record("export", rows=rows, products=len(ids), whole=products is None)
    return rows


def _rows(ids: Sequence[int], standing: Sequence[str] = ()) -> Iterator[dict[str, JSON]]:
    for start in range(0, len(ids), CHUNK):
        sight().learn(ids[start : start + CHUNK])
        stands = _standing(ids[start : start + CHUNK], standing)
        newest = _newest(ids[start : start + CHUNK])  # before the values are read, which may be newer
        for state in load_states(ids=ids[start : start + CHUNK], lock=False).values():
            flat = {sku: dict(sight().visible(state.row.pk, row)) for sku, row in flatten(state).items()}
            own = flat.pop(PRODUCT_ROW)
            for sku, values in flat.items():
                if "trashed" in values:
                    continue
                said = {"sku": sku, "product": state.row.code, AS_OF: newest.get(state.row.pk, 0)}
                yield {**own, **values, **stands.get(state.row.pk, {}), **said}


def _newest(ids: Sequence[int]) -> dict[int, int]:
    """Product id → number of its newest journal entry."""
    return dict(JournalEntry.objects.filter(product_id__in=ids).values_list("product_id").annotate(n=Max("pk")))


def _standing(ids: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, JSON]]:
    """{product id: {name: text}}"""
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


def _columns(ids: Sequence[int]) -> list[str]:
    """Every key in use, in a first pass over the rows."""
    skipped = {*FIRST, *STANDING, *CODES, AS_OF, "media"}
    return sorted({key for row in _rows(ids) for key in row if key not in skipped})


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
