"""The lines of a delivery from any byte on: NDJSON or CSV, as objects in our words."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from catalog.models import Source
from catalog.products.wire import MAX_LINE, BadForm, load_json

WHOLE = ("available", "sequence")
AMOUNTS = ("price", "compare_at", "sale_price", "cost")
Row = tuple[int, Any, BadForm | None]  # the byte after it, what it says, why it cannot be read


class BadFile(Exception):
    """Nothing of the file can be read; the text names the remedy."""


@dataclass(slots=True)
class Profile:
    """How a file speaks."""

    format: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal_comma: bool = False

    @classmethod
    def of(cls, source: Source) -> Profile:
        return cls(source.format, source.columns, source.constants, source.decimal_comma)


def rows(path: Path, profile: Profile, *, start: int) -> Iterator[Row]:
    """Rows from the byte `start` (0, or one that a row ended with). Raises BadFile."""
    with path.open("rb") as file:
        if profile.format == Source.Format.CSV:
            yield from _csv(file, profile, start)
        else:
            yield from _ndjson(file, profile, start)


def _ndjson(file: IO[bytes], profile: Profile, start: int) -> Iterator[Row]:
    file.seek(start)
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise BadFile(f"A line has more than {MAX_LINE} bytes. Send one object a line.")
        if not line.strip():
            continue
        try:
            given = load_json(line.strip())
        except BadForm as error:
            yield file.tell(), line[:1000].decode(errors="replace").replace("\0", ""), error
            continue
        yield file.tell(), _renamed(given, profile) if isinstance(given, dict) else given, None


def _renamed(given: dict[str, Any], profile: Profile) -> dict[str, Any]:
    ours = {theirs: name for name, theirs in profile.columns.items()}
    return {**profile.constants, **{ours.get(name, name): value for name, value in given.items()}}


def _csv(file: IO[bytes], profile: Profile, start: int) -> Iterator[Row]:
    head = file.readline(MAX_LINE)
    begin = file.tell()
    text = _decoded(head.removeprefix(b"\xef\xbb\xbf"))
    delimiter = max(",;\t|", key=text.count)
    names = next(csv.reader([text], delimiter=delimiter), [])
    places = {}
    for name in {*_fields(names, profile), *profile.columns}:
        theirs = profile.columns.get(name, name)
        if theirs not in names:
            raise BadFile(f"The file has no column “{theirs}”. Correct the columns of the source, or the file.")
        places[name] = names.index(theirs)
    file.seek(max(start, begin))
    at = max(start, begin)

    def lines() -> Iterator[str]:
        nonlocal at
        while line := file.readline(MAX_LINE):
            at += len(line)
            yield _decoded(line)

    # The reader takes no line more than the row needs, so `at` is where the next row begins.
    for cells in csv.reader(lines(), delimiter=delimiter):
        if any(cells):
            given = {name: cells[place] for name, place in places.items() if place < len(cells) and cells[place] != ""}
            yield at, {**profile.constants, **{n: _cell(n, c, profile) for n, c in given.items()}}, None


def _fields(names: list[str], profile: Profile) -> list[str]:
    """Columns that have our names already."""
    taken = set(profile.columns.values())
    known = {"sku", "price_list", "location", "currency", "sale_from", "sale_to", "tax_class", "at", *WHOLE, *AMOUNTS}
    return [name for name in names if name in known and name not in taken]


def _cell(name: str, text: str, profile: Profile) -> Any:
    text = text.strip()
    if name not in WHOLE and name not in AMOUNTS:
        return text
    plain = text.replace(".", "").replace(",", ".") if profile.decimal_comma else text
    if name in AMOUNTS:
        return plain
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return text
    return int(number) if number == number.to_integral_value() else number


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")  # what spreadsheets write
