"""Excel workbooks (.xlsx) as lines of cells, read by a child process of bounded memory and time.

A workbook of 5 kB can ask its reader for half a terabyte, which ends the process that tries; no `except` helps.
So a child looks at the archive's own figures first, then reads under a limit that the system enforces.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LARGEST_FILE = 100 * 1024 * 1024
LARGEST_UNPACKED = 512 * 1024 * 1024
MOST_PARTS = 2000
MOST_ROWS = 1_048_576
MOST_COLUMNS = 500
MOST_CELLS = 10_000_000
MEMORY = 2 * 1024**3
SECONDS = 120
_SMALLER = "Split it, or save it as CSV, which may be of any length."
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})(\d{1,7})"')
_REFUSED = 3  # the child's exit code: it says why

Cell = str | int | float | None


class BadWorkbook(ValueError):
    """The workbook cannot be read; the text names the remedy."""


def unpack(path: Path, target: Path) -> None:
    """Write the rows of the first sheet that has any to `target`: a JSON list of cells a line. Raises BadWorkbook.

    `target` is there whole or not at all, whenever this is killed.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise BadWorkbook(f"The workbook is larger than {LARGEST_FILE >> 20} MB. {_SMALLER}")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    command = [sys.executable, "-m", "pimhub.foundation.spreadsheets", str(path), str(part)]
    try:
        done = subprocess.run(  # noqa: S603 # our own interpreter and module
            command, capture_output=True, timeout=SECONDS, cwd=Path(__file__).parents[2], check=False
        )
        if done.returncode == 0:
            part.replace(target)
            return
        if done.returncode == _REFUSED:
            raise BadWorkbook(done.stderr.decode(errors="replace").strip()[:500])
        raise BadWorkbook(f"The workbook asks for more memory than is sound, or is damaged. {_SMALLER}")
    except subprocess.TimeoutExpired:
        raise BadWorkbook(f"The workbook could not be read within {SECONDS} seconds. {_SMALLER}") from None
    finally:
        part.unlink(missing_ok=True)


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so may be a workbook: it is an archive."""
    return head.startswith(b"PK\x03\x04")


# ---- the child --------------------------------------------------------------------------------------


def _check(path: Path) -> None:
    """Refuse by the archive's own words what need not be read at all."""
    with path.open("rb") as file:
        if file.read(4) == b"\xd0\xcf\x11\xe0":
            raise BadWorkbook("This is an old Excel workbook (.xls), or one with a password. Save it as .xlsx without.")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise BadWorkbook("This is an archive, but no Excel workbook (.xlsx).")
            if len(parts) > MOST_PARTS or sum(each.file_size for each in parts) > LARGEST_UNPACKED:
                raise BadWorkbook(f"The workbook unpacks to more than {LARGEST_UNPACKED >> 20} MB. {_SMALLER}")
            for each in parts:
                if each.filename.startswith("xl/worksheets/") and each.filename.endswith(".xml"):
                    with archive.open(each) as sheet:
                        _check_cells(sheet)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadWorkbook(f"The workbook is damaged: {error}. Save it again.") from error


def _check_cells(sheet: IO[bytes]) -> None:
    left, top, bottom, count, rest = 0, 0, 0, 0, b""
    while piece := sheet.read(1 << 20):
        text = rest + piece
        for column, row in _CELL.findall(text):
            width = 0
            for letter in column:
                width = width * 26 + letter - 64
            left, bottom = max(left, width), max(bottom, int(row))
            top = min(top or int(row), int(row))
        count += text.count(b"<c ") + text.count(b"<c>")
        rest = text[text.rfind(b"<") :] if b"<" in text else text
        count -= rest.count(b"<c ") + rest.count(b"<c>")
        if left > MOST_COLUMNS or bottom > MOST_ROWS:
            raise BadWorkbook(
                f"A sheet has cells in column {left:,}, row {bottom:,}; {MOST_COLUMNS} columns can be read. "
                "Delete what stands far from the table."
            )
        if max(count, left * (bottom - top + 1)) > MOST_CELLS:
            raise BadWorkbook(f"A sheet spans more than {MOST_CELLS:,} cells. {_SMALLER}")


def _rows(path: Path) -> Iterator[list[Cell]]:
    from python_calamine import CalamineError, load_workbook

    try:
        workbook = load_workbook(path)
        for name in workbook.sheet_names:
            found = False
            for row in workbook.get_sheet_by_name(name).iter_rows():
                found = True
                yield [_cell(value) for value in row]
            if found:
                return
    except CalamineError as error:
        raise BadWorkbook(f"The workbook is damaged: {error}. Save it again.") from error
    raise BadWorkbook("The workbook is empty. Fill its first sheet, with a header row.")


def _cell(value: object) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)  # Excel knows no whole numbers: a SKU of digits comes as 4711.0
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value) if value is not None else None


def _main(path: Path, target: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _check(path)
        with target.open("w", encoding="utf-8") as file:
            for row in _rows(path):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except BadWorkbook as error:
        sys.stderr.write(str(error))
        sys.exit(_REFUSED)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
