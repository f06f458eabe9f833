"""Excel workbooks: the first sheet as a CSV file beside them, made once."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

from catalog.imports.problems import FileRefused
from pimhub.foundation import spreadsheets


def as_text(path: Path, *, name: str) -> Path:
    """The file itself, or what a workbook says as CSV: row for line. Raises FileRefused."""
    with path.open("rb") as file:
        if not spreadsheets.is_workbook(file.read(4)):
            return path
    made = path.with_name(f"{path.name}.sheet.csv")
    if made.exists():
        return made
    rows = path.with_name(f"{path.name}.{os.getpid()}.rows")
    part = rows.with_suffix(".part")
    try:
        spreadsheets.unpack(path, rows)
        with rows.open(encoding="utf-8") as lines, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for line in lines:
                writer.writerow(["" if cell is None else cell for cell in json.loads(line, parse_float=str)])
        part.replace(made)
    except spreadsheets.BadWorkbook as error:
        raise FileRefused("not_a_csv", f"{name} cannot be read. {error}") from error
    finally:
        rows.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return made
