"""A CSV file as a table of texts: streamed, each row with the line it begins on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from catalog.imports.problems import FileRefused, RowError
from catalog.imports.readers.sniff import MAX_LINE, sniff_encoding
from catalog.imports.text import clean

csv.field_size_limit(MAX_LINE)
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Record:
    """One data row. `cells` as written, as many as the table has headers; `extra` are filled cells beyond."""

    line: int
    cells: list[str]
    extra: list[str]


class _Lines:
    """The lines of a file; it remembers having run dry, which shows a quotation mark never closed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.dry = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline()
        if not line:
            self.dry = True
            raise StopIteration
        return line


class Table:
    """A file that can be read again and again; each reading streams. Make it with `open_table`.

    `headers` are trimmed and distinct, `original_headers` as written. Lines without a single
    character are no rows (as every CSV reader has it); rows of blank or empty cells are.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str, first_line: int) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.warnings: list[RowError] = []
        self._first_line = first_line  # of the header
        head = next(self._rows(), None)
        if head is None:
            raise FileRefused("empty_file", f"{path.name} is empty. Export it again, with its header line.")
        self.header_line, self.original_headers = head
        self.headers = self._distinct(self.original_headers)

    def __iter__(self) -> Iterator[Record]:
        """The data rows. Raises FileRefused where the file stops being a table."""
        width = len(self.headers)
        rows = self._rows()
        next(rows)
        for line, cells in rows:
            extra = [cell for cell in cells[width:] if clean(cell)]
            yield Record(line, cells[:width] + [""] * (width - len(cells)), extra)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _ in range(self._first_line - 1):
                file.readline()
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=self.delimiter)
            skipped = self._first_line - 1
            while True:
                begins = skipped + reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise self._unclosed(begins, f"its cell grows beyond {MAX_LINE:,} characters") from error
                if lines.dry:
                    raise self._unclosed(begins, "the file ends inside a cell")
                if cells:
                    yield begins, cells

    def _unclosed(self, line: int, what: str) -> FileRefused:
        return FileRefused(
            "quote_not_closed",
            f"{self.path.name}: the row that begins on line {line} has a quotation mark that is never "
            f"closed: {what}. Either the file was cut off (export it again), or a quotation mark in that "
            'row must be doubled ("").',
        )

    def _distinct(self, originals: list[str]) -> list[str]:
        headers: list[str] = []
        for number, original in enumerate(originals, start=1):
            name = clean(original) or f"(column {number})"
            if name in headers:
                copy = 2
                while f"{name} ({copy})" in headers:
                    copy += 1
                self.warnings.append(
                    RowError(
                        self.header_line,
                        name,
                        original,
                        "header_repeated",
                        f"The column “{name}” appears more than once; the first one is read, this one is "
                        f"called “{name} ({copy})”. Remove one of them if they should be the same.",
                    )
                )
                name = f"{name} ({copy})"
            headers.append(name)
        return headers


def open_table(path: Path | str) -> Table:
    """The table in a CSV file: encoding, delimiter and header found out.

    The whole file is looked at once (in small pieces) before. Raises FileRefused when it is no CSV
    file, is empty, or has a header and no rows; OSError when it cannot be opened.
    """
    path = Path(path)
    encoding = sniff_encoding(path)
    first_line, delimiter = _header(path, encoding.name)
    table = Table(path, encoding.name, delimiter, first_line)
    if next(iter(table), None) is None:
        raise FileRefused(
            "no_rows",
            f"{path.name} has a header line and no rows. Export it again with at least one product.",
        )
    if encoding.not_utf8_line:
        table.warnings.insert(
            0,
            RowError(
                encoding.not_utf8_line,
                "",
                "",
                "not_utf8",
                f"The file is not valid UTF-8 (first on line {encoding.not_utf8_line}), so it was read as "
                "Windows-1252. If letters such as ä or é look wrong, save it as “CSV UTF-8” and import "
                "that file.",
            ),
        )
    return table


def _header(path: Path, encoding: str) -> tuple[int, str]:
    """The line number of the header and its delimiter. Excel's first line "sep=;" is obeyed."""
    with path.open(encoding=encoding, newline="") as file:
        for number, line in enumerate(iter(file.readline, ""), start=1):
            named = re.fullmatch(r'"?sep=([,;\t|])"?', line.strip("\r\n"), re.IGNORECASE)
            if named and number == 1:
                return 2, named[1]
            if line.strip():
                return number, max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))
    raise FileRefused("empty_file", f"{path.name} is empty. Export it again, with its header line.")
