"""Product files for tests, written down where they are read."""

from __future__ import annotations

import csv
from pathlib import Path

from catalog.imports.formats.base import ParsedProduct, ReadOptions
from catalog.imports.formats.shopify import Shopify, ShopifyReading
from catalog.imports.readers.csv import open_table

DATA = Path(__file__).parents[2] / "data" / "shopify"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_rows(path: Path, *rows: dict[str, str]) -> Path:
    """A file whose columns are those that any row fills."""
    headers = list(dict.fromkeys(header for row in rows for header in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headers, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def reading(path: Path, **options: str) -> ShopifyReading:
    return Shopify().read(open_table(path), ReadOptions(**options))  # type: ignore[arg-type]


def products(path: Path, **options: str) -> dict[str, ParsedProduct]:
    return {product.change.code: product for product in reading(path, **options).products()}


def codes(product: ParsedProduct) -> list[tuple[int, str, str]]:
    return [(error.line, error.column, error.code) for error in product.errors]


def warned(product: ParsedProduct) -> list[tuple[int, str, str]]:
    return [(warning.line, warning.column, warning.code) for warning in product.warnings]
