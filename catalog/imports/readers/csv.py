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
from catalog.imports.readers.workbook import as_text
from catalog.imports.text import clean

csv.field_size_limit(MAX_LINE)
_DELIMITERS = ",;\t|"
# A file with more damaged rows than this was not damaged by hand: its author had better export it again.
MAX_TORN = 100
# So many columns that no line of a text splits into as many by chance.
MANY_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Record:
    """One data row. `cells` as written, as many as the table has headers; `extra` are filled cells beyond.

    `torn`: a quotation mark is missing or one too many, so that nobody can tell where its cells end. Then
    `cells` are those before that mark, and `extra` is the whole row as it stands in the file.
    """

    line: int
    cells: list[str]
    extra: list[str]
    torn: bool = False


class _Lines:
    """The lines of a file, with those of the row under way at hand, to be read again if it proves torn."""

    def __init__(self, file: TextIO, number: int) -> None:
        self._file = file
        self._back: list[str] = []  # to be read again, last line first
        self.number = number  # of the line last read
        self.taken: list[str] = []
        self.dry = False  # the row ran into the end of the file, inside a cell

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else self._file.readline()
        if not line:
            self.dry = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """A row begins; its line number."""
        self.taken, self.dry = [], False
        return self.number + 1

    def give_back(self, lines: list[str]) -> None:
        self._back.extend(reversed(lines))
        self.number -= len(lines)


class Table:
    """A file that can be read again and again; each reading streams. Make it with `open_table`.

    `headers` are trimmed and distinct, `original_headers` as written. Lines without a single
    character are no rows (as every CSV reader has it); rows of blank or empty cells are.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str, first_line: int, name: str) -> None:
        self.path = path
        self.name = name
        self.encoding = encoding
        self.delimiter = delimiter
        self.warnings: list[RowError] = []
        self._first_line = first_line  # of the header
        self._width = 0  # not known before the header is read
        head = next(self._rows(), None)
        if head is None:
            raise FileRefused("empty_file", f"{name} is empty. Export it again, with its header line.")
        self.header_line, self.original_headers, _ = head
        self._width = len(self.original_headers)
        self.headers = self._distinct(self.original_headers)

    def __iter__(self) -> Iterator[Record]:
        """The data rows. Raises FileRefused where the file stops being a table."""
        width = len(self.headers)
        rows = self._rows()
        next(rows)
        for line, cells, torn in rows:
            extra = [torn] if torn else [cell for cell in cells[width:] if clean(cell)]
            yield Record(line, cells[:width] + [""] * (width - len(cells)), extra, bool(torn))

    def _rows(self) -> Iterator[tuple[int, list[str], str]]:
        """(line, cells, text): `text` is that of a torn row, whose `cells` end before the bad quotation mark."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _ in range(self._first_line - 1):
                file.readline()
            lines = _Lines(file, self._first_line - 1)
            reader = csv.reader(lines, delimiter=self.delimiter)
            torn = 0
            while True:
                begins, cells = lines.begin(), []
                try:
                    cells = next(reader)
                    closed = not lines.dry
                except StopIteration:
                    return
                except csv.Error:  # a cell beyond MAX_LINE
                    closed = False
                if closed and (len(lines.taken) == 1 or not self._swallowed(lines.taken, cells)):
                    if cells:
                        yield begins, cells, ""
                    continue
                torn += 1
                own = self._own_lines(lines.taken)
                if torn > MAX_TORN or not self._width or (own == len(lines.taken) and not lines.dry):
                    raise self._torn(begins)
                lines.give_back(lines.taken[own:])
                reader = csv.reader(lines, delimiter=self.delimiter)
                text = "".join(lines.taken[:own])
                yield begins, text.partition('"')[0].split(self.delimiter)[:-1], text.strip()

    # ---- a quotation mark that is missing makes a row swallow those after it --------------------------

    def _swallowed(self, lines: list[str], cells: list[str]) -> bool:
        """Whether a row of several lines holds another row."""
        if not self._width:
            return False
        if self._width >= MANY_COLUMNS and any(map(self._is_row, lines[1:])):
            return True
        if len(cells) == self._width and not any(map(self._begins_row, lines[1:])):
            return False
        return not self._is_strict(lines)

    def _own_lines(self, lines: list[str]) -> int:
        """How many lines belong to the torn row: the next one that begins a row is none of its own."""
        whole = next((at for at, line in enumerate(lines) if at and self._is_row(line)), 0)
        likely = next((at for at, line in enumerate(lines) if at and self._begins_row(line)), 0)
        return min(filter(None, (whole, likely)), default=len(lines))

    def _is_row(self, line: str) -> bool:
        if line.count(self.delimiter) < self._width - 1 or line.count('"') % 2:
            return False
        return len(next(csv.reader([line], delimiter=self.delimiter))) == self._width

    def _begins_row(self, line: str) -> bool:
        """It starts as rows do, with a key: one word, no mark-up, and more cells behind it."""
        first, *more = line.split(self.delimiter, 3)
        return len(more) > 1 and bool(re.fullmatch(r'[^\s"<>]{1,255}', first))

    def _is_strict(self, lines: list[str]) -> bool:
        try:
            list(csv.reader(lines, delimiter=self.delimiter, strict=True))
        except csv.Error:
            return False
        return True

    def _torn(self, line: int) -> FileRefused:
        return FileRefused(
            "quote_not_closed",
            f"{self.name}: the row that begins on line {line} has a quotation mark that is never closed. "
            "Either the file was cut off (export it again), or a quotation mark in that row must be doubled "
            '("").',
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


def open_table(path: Path | str, *, name: str = "") -> Table:
    """The table in a CSV file or workbook: encoding, delimiter, header found out. `name`: what people call the file.

    The whole file is looked at once (in small pieces) before. Raises FileRefused when it is no CSV
    file, is empty, or has a header and no rows; OSError when it cannot be opened.
    """
    path = Path(path)
    name = name or path.name
    path = as_text(path, name=name)
    encoding = sniff_encoding(path, name=name)
    first_line, delimiter = _header(path, encoding.name, name)
    table = Table(path, encoding.name, delimiter, first_line, name)
    if next(iter(table), None) is None:
        raise FileRefused(
            "no_rows",
            f"{name} has a header line and no rows. Export it again with at least one product.",
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


def _header(path: Path, encoding: str, name: str) -> tuple[int, str]:
    """The line number of the header and its delimiter. Excel's first line "sep=;" is obeyed."""
    with path.open(encoding=encoding, newline="") as file:
        for number, line in enumerate(iter(file.readline, ""), start=1):
            named = re.fullmatch(r'"?sep=([,;\t|])"?', line.strip("\r\n"), re.IGNORECASE)
            if named and number == 1:
                return 2, named[1]
            if line.strip():
                return number, max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))
    raise FileRefused("empty_file", f"{name} is empty. Export it again, with its header line.")
