"""The error file: the rejected rows as they were, with the reason beside each, ready to be mended.

It can be imported again after the mending: the `pimhub_…` columns are read over, and what a row needs
of its product (handle, option names) is filled in where it was left to the product's first row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from catalog.imports.formats.base import Reading
from catalog.imports.problems import RowError
from catalog.imports.readers.csv import Record
from catalog.imports.text import clean, guarded

REASON_COLUMNS = ("pimhub_line", "pimhub_column", "pimhub_reason")


def write_error_file(path: Path, reading: Reading, problems: Mapping[int, Sequence[RowError]]) -> int:
    """Write the rows whose lines are in `problems` to `path` (CSV, comma, UTF-8 with BOM); return how many.

    Cells keep their text; one that a spreadsheet would run as a formula gets an apostrophe in front,
    which the reader takes off again. The file is written whole or not at all.
    """
    table = reading.table
    kept = [at for at, header in enumerate(table.headers) if not header.casefold().startswith("pimhub_")]
    draft = path.with_name(f"{path.name}.part")
    written = 0
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(table.original_headers[at] for at in kept), *REASON_COLUMNS])
        for record, context in _with_context(reading, problems):
            found = problems[record.line]
            cells = [
                record.cells[at] if clean(record.cells[at]) else context.get(table.headers[at], record.cells[at])
                for at in kept
            ]
            reasons = [
                record.line,
                " | ".join(dict.fromkeys(problem.column for problem in found if problem.column)),
                " | ".join(problem.message for problem in found),
            ]
            # Cells beyond the header stay beyond it, so that the row is refused until it is mended.
            writer.writerow([guarded(str(cell)) for cell in [*cells, *reasons, *record.extra]])
            written += 1
    draft.replace(path)
    return written


def _with_context(
    reading: Reading, problems: Mapping[int, Sequence[RowError]]
) -> Iterator[tuple[Record, Mapping[str, str]]]:
    contexts = {
        line: context
        for product in reading.products()
        for line, context in product.contexts.items()
        if line in problems
    }
    for record in reading.table:
        if record.line in problems:
            yield record, contexts.get(record.line, {})
