"""Rows of a Shopify CSV a second, beside a plain django-import-export import and a lean pipeline of the same file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import tablib
from django.db import connection, models, transaction
from import_export.resources import ModelResource

from benchmarks.goods import HEADER, write_shopify
from benchmarks.measure import Table, own_instance, peak_megabytes, timed
from catalog.attributes.types import type_of
from catalog.imports.run import start_run, work_through
from catalog.models import ImportRun

PLAIN_ROWS = 1500  # django-import-export looks each row up on its own: more would only take longer


class PlainRow(models.Model):
    """What a team without a product hub would import into: a table with the file's columns."""

    sku = models.CharField(max_length=255, unique=True)
    handle = models.CharField(max_length=255, db_index=True)
    title = models.CharField(max_length=255)
    body = models.TextField()
    vendor = models.CharField(max_length=255)
    barcode = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    stock = models.IntegerField()
    more = models.TextField()

    class Meta:
        app_label = "pimhub"  # the roof, which has no tables of its own

    def __str__(self) -> str:
        return self.sku


COLUMNS = ["sku", "handle", "title", "body", "vendor", "barcode", "price", "stock", "more"]


class PlainResource(ModelResource):
    class Meta:
        model = PlainRow
        import_id_fields = ["sku"]
        fields = COLUMNS


class BulkResource(ModelResource):
    class Meta:
        model = PlainRow
        import_id_fields = ["sku"]
        fields = COLUMNS
        use_bulk = True
        skip_diff = True
        batch_size = 1000


def run(say: Callable[[str], None], *, products: int = 2000) -> Table:
    table = Table("import", say)
    with own_instance() as home:
        file, changed = home / "goods.csv", home / "changed.csv"
        rows = write_shopify(file, products)
        write_shopify(changed, products, bump=" new")
        lean = _lean(table, file, rows)
        _plain(table, file)
        assert type_of("text")  # the types are registered before the clock runs
        for name, path, dry in (
            ("PIMHub, dry run", file, True),
            ("PIMHub, create", file, False),
            ("PIMHub, the same file again", file, False),
            ("PIMHub, every row changed", changed, False),
        ):
            seconds, _ = timed(lambda path=path, dry=dry: _ours(path, dry=dry))  # type: ignore[misc]
            table.add(name, rows_per_second=rows / seconds, of_lean=round(rows / seconds / lean, 3))
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


def _ours(path: Path, *, dry: bool) -> ImportRun:
    run = start_run(user=None, filename=path.name, chunks=[path.read_bytes()], apply=not dry)
    run = work_through(run)
    assert run.state == ("planned" if dry else "applied"), run.refusal
    assert not run.counts["rejected"], run.problems.first()
    return run


# ---- beside it: a table with import-export --------------------------------------------------------


def _plain(table: Table, file: Path) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(PlainRow)
    data = tablib.Dataset(headers=COLUMNS)
    with file.open(newline="") as source:
        for number, row in enumerate(csv.DictReader(source)):
            if number == PLAIN_ROWS:
                break
            data.append(_plain_row(row))
    for name, resource in (
        ("django-import-export, as it comes, create", PlainResource),
        ("django-import-export, in bulk, the same rows again", BulkResource),
    ):
        seconds, result = timed(lambda resource=resource: resource().import_data(data, raise_errors=True))  # type: ignore[misc]
        assert not result.has_errors()
        table.add(name, rows_per_second=len(data) / seconds)
    PlainRow.objects.all().delete()
    seconds, _ = timed(lambda: BulkResource().import_data(data, raise_errors=True))
    table.add("django-import-export, in bulk, create", rows_per_second=len(data) / seconds)


def _plain_row(row: dict[str, str]) -> list[str]:
    named = ("Handle", "Title", "Body (HTML)", "Vendor", "Variant Barcode", "Variant Price", "Variant Inventory Qty")
    return [row["Variant SKU"], *(row[name] for name in named), orjson.dumps(row).decode()]


# ---- beside it: as lean as Python can be ------------------------------------------------------------


def _lean(table: Table, file: Path, rows: int) -> float:
    """The same rows into two tables with history and outbox, no checks but types: rows a second."""
    with connection.cursor() as cursor:
        kind = "jsonb" if connection.vendor == "postgresql" else "text"
        cursor.execute(f"CREATE TABLE lean_product (code text PRIMARY KEY, data {kind})")
        cursor.execute(f"CREATE TABLE lean_variant (sku text PRIMARY KEY, code text, price numeric, data {kind})")
        cursor.execute(f"CREATE TABLE lean_history (key text, data {kind})")
        cursor.execute("CREATE TABLE lean_outbox (key text)")
    seconds, _ = timed(lambda: _lean_import(file))
    return float(table.add("a lean pipeline, create", rows_per_second=rows / seconds)["rows_per_second"])


def _lean_import(file: Path) -> None:
    products: list[tuple[Any, ...]] = []
    variants: list[tuple[Any, ...]] = []
    place = {name: at for at, name in enumerate(HEADER)}
    with file.open(newline="") as source:
        reader = csv.reader(source)
        next(reader)
        for row in reader:
            code = row[place["Handle"]]
            if row[place["Title"]]:
                products.append((code, orjson.dumps(dict(zip(HEADER, row, strict=True))).decode()))
            price, stock = Decimal(row[place["Variant Price"]]), int(row[place["Variant Inventory Qty"]])
            data = {"gtin": row[place["Variant Barcode"]], "color": row[place["Option1 Value"]], "stock": stock}
            variants.append((row[place["Variant SKU"]], code, price, orjson.dumps(data).decode()))
    with transaction.atomic(), connection.cursor() as cursor:
        for name, columns, found in (
            ("lean_product", 2, products),
            ("lean_variant", 4, variants),
            ("lean_history", 2, [(v[0], v[3]) for v in variants]),
            ("lean_outbox", 1, [(p[0],) for p in products]),
        ):
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                    for row in found:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * columns)
                cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", [tuple(map(str, r)) for r in found])
