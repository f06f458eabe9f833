"""The lines of a delivery from any byte on: NDJSON, CSV or a workbook's rows, as objects in our words."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from catalog.models import Source
from catalog.products.changes import ChangeError
from catalog.products.wire import MAX_LINE, BadForm, load_json
from catalog.sources.items import item_columns
from pimhub.foundation import spreadsheets
from pimhub.foundation.numbers import written_out

F = Source.Format
WHOLE = ("available", "sequence")
AMOUNTS = ("price", "compare_at", "sale_price", "cost")
FIELDS = frozenset(
    {"sku", "price_list", "location", "currency", "sale_from", "sale_to", "tax_class", "at", *WHOLE, *AMOUNTS}
)
NEEDED = {
    Source.Delivers.OFFER: ("sku", "price_list"),
    Source.Delivers.STOCK: ("sku", "location", "available"),
    Source.Delivers.ITEM: ("code",),
}
Row = tuple[int, Any, BadForm | None]  # the byte after it, what it says, why it cannot be read
Cells = tuple[int, Sequence[Any], str]  # the byte after it, its cells, the row as it stands if it is torn


class BadFile(Exception):
    """Nothing of the file can be read; the text names the remedy."""


@dataclass(slots=True)
class Profile:
    """How a file speaks."""

    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal_comma: bool = False
    delivers: str = Source.Delivers.STOCK

    @classmethod
    def of(cls, source: Source) -> Profile:
        return cls(source.format, source.columns, source.constants, source.decimal_comma, source.delivers)


def readable(path: Path, profile: Profile) -> Path:
    """The file that `rows` reads: a workbook is unpacked beside itself, once. Raises BadFile."""
    if profile.format != F.XLSX:
        return path
    unpacked = path.with_name(f"{path.name}.rows")
    if not unpacked.exists():
        try:
            spreadsheets.unpack(path, unpacked)
        except spreadsheets.BadWorkbook as error:
            raise BadFile(str(error)) from error
    return unpacked


def rows(path: Path, profile: Profile, *, start: int) -> Iterator[Row]:
    """Rows from the byte `start` (0, or one that a row ended with). Raises BadFile."""
    with path.open("rb") as file:
        if profile.format == F.NDJSON:
            yield from _ndjson(file, profile, start)
        elif profile.format == F.CSV:
            yield from _table(*_csv(file, start), profile)
        else:
            yield from _table(*_sheet(file, start), profile)


def _line(file: IO[bytes]) -> bytes:
    line = file.readline(MAX_LINE + 1)
    if len(line) > MAX_LINE:
        raise BadFile(f"A line has more than {MAX_LINE:,} bytes. Check that each record stands on a line of its own.")
    return line


def _ndjson(file: IO[bytes], profile: Profile, start: int) -> Iterator[Row]:
    _refuse_others(file.read(4), F.NDJSON)
    file.seek(start)
    ours = {theirs: name for name, theirs in profile.columns.items()}
    while line := _line(file):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            given = load_json(text)
        except BadForm as error:
            yield file.tell(), text[:1000].decode(errors="replace").replace("\0", ""), error
            continue
        if isinstance(given, dict):
            given = {**profile.constants, **{ours.get(name, name): value for name, value in given.items()}}
        yield file.tell(), given, None


# ---- tables ----


def _table(names: Sequence[str], found: Iterator[Cells], profile: Profile) -> Iterator[Row]:
    places = _places(names, profile)
    for at, cells, torn in found:
        if torn:
            text = 'A quotation mark is missing in this row, or one is too many. Double those within a text ("").'
            yield at, torn, BadForm([ChangeError("", "torn_row", text)])
        elif any(cell not in ("", None) for cell in cells):
            there = {n: cells[i] for n, i in places.items() if i < len(cells) and cells[i] not in ("", None)}
            yield at, {**profile.constants, **{n: _cell(n, value, profile) for n, value in there.items()}}, None


def _places(names: Sequence[str], profile: Profile) -> dict[str, int]:
    """Where our fields stand. Raises BadFile."""
    ours = item_columns(names) if profile.delivers == Source.Delivers.ITEM else FIELDS.intersection(names)
    wanted = {name: name for name in ours if name not in profile.columns.values()} | dict(profile.columns)
    counts, there = Counter(names), ", ".join(f"“{name}”" for name in names[:20])
    for theirs in wanted.values():
        if not counts[theirs]:
            raise BadFile(f"The file has no column “{theirs}”, but {there}. Correct the columns of the source.")
        if counts[theirs] > 1:
            raise BadFile(f"The file has the column “{theirs}” {counts[theirs]} times. Leave one of them.")
    for name in NEEDED[Source.Delivers(profile.delivers)]:
        if name not in wanted and name not in profile.constants:
            raise BadFile(f"No column says “{name}”; there are {there}. Say on the page of the source which one does.")
    return {name: names.index(theirs) for name, theirs in wanted.items()}


def _csv(file: IO[bytes], start: int) -> tuple[list[str], Iterator[Cells]]:
    head = _line(file)
    _refuse_others(head[:4], F.CSV)
    text = _decoded(head.removeprefix(b"\xef\xbb\xbf"))
    if text.lower().startswith(("sep=", '"sep=')):  # Excel's word on the delimiter
        text = _decoded(_line(file))
    delimiter = max(",;\t|", key=text.count)
    names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
    return names, _csv_rows(file, delimiter, max(start, file.tell()))


def _csv_rows(file: IO[bytes], delimiter: str, start: int) -> Iterator[Cells]:
    """Strict, so that a quotation mark too few is found out: such a row is given as it stands, and only its line."""
    file.seek(start)
    at, taken = start, (0, "")  # where the row's first line ends, and what it says

    def lines() -> Iterator[str]:
        nonlocal at, taken
        while line := _line(file):
            at += len(line)
            text = _decoded(line)
            taken = taken if taken[0] else (at, text)
            yield text

    while True:
        # The reader takes no line more than the row needs, so `at` is where the next row begins.
        reader = csv.reader(lines(), delimiter=delimiter, strict=True)
        while True:
            taken = (0, "")
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                at, torn = taken
                file.seek(at)
                yield at, (), torn.strip()[:1000] or "?"
                break
            yield at, cells, ""


def _sheet(file: IO[bytes], start: int) -> tuple[list[str], Iterator[Cells]]:
    names: list[str] = []
    while not any(names) and (line := file.readline()):
        names = ["" if cell is None else str(cell).strip() for cell in json.loads(line)]
    if not any(names):
        raise BadFile("The workbook is empty. Fill its first sheet, with a header row.")
    file.seek(max(start, file.tell()))
    # Decimals stay as they are written: no float is ever made of a price.
    return names, ((file.tell(), json.loads(line, parse_float=_exact), "") for line in iter(file.readline, b""))


def _exact(text: str) -> Decimal | str:
    try:
        return written_out(text)
    except InvalidOperation:
        return text  # refused in its row


def _cell(name: str, value: Any, profile: Profile) -> Any:
    text = str(value).strip()
    if name not in WHOLE and name not in AMOUNTS:
        return text
    if profile.decimal_comma and isinstance(value, str):  # what a workbook holds as a number has no comma
        text = text.replace(".", "").replace(",", ".")
    if name in AMOUNTS:
        return text
    try:
        number = written_out(text)
        return int(number) if number == number.to_integral_value() else number
    except (InvalidOperation, OverflowError, ValueError):
        return text


def _refuse_others(head: bytes, wanted: str) -> None:
    if spreadsheets.is_workbook(head):
        raise BadFile("This is an Excel workbook. Set the format of the source to XLSX, or send text.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile("The file is UTF-16. Save it as UTF-8; in Excel, as “CSV UTF-8”.")
    if wanted == F.CSV and head.startswith(b'{"'):
        raise BadFile("This is NDJSON, not CSV. Set the format of the source to NDJSON.")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")  # what spreadsheets write
