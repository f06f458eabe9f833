"""Tables of real products, with cells as long as they are."""

from __future__ import annotations

import csv
from pathlib import Path


def rows_of(path: Path, *, delimiter: str = ",") -> list[dict[str, str]]:
    """All rows. The longest cell that may be is one figure for the whole process: it is put back."""
    before = csv.field_size_limit(10**9)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=delimiter))
    finally:
        csv.field_size_limit(before)
