"""The rows of each product of a file together, however the file orders them: memory holds one product at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

import orjson

from catalog.imports.readers.csv import Record


def groups(
    rows: Iterable[tuple[str, Record]], last_row: Mapping[str, int], file: IO[bytes]
) -> Iterator[tuple[str, list[Record]]]:
    """The rows of each key, once its last has come; runs of rows without one as they come.

    `last_row`: key → number of its last row, counted from 0. Rows of a key that comes back later wait in `file`,
    an empty one.
    """
    places: dict[str, list[int]] = {}  # key → where its waiting rows begin
    for last, key, run in _runs(rows):
        if not key or last_row[key] == last:
            yield key, [*_take(file, places.pop(key, [])), *run]
            continue
        file.seek(0, 2)
        for record in run:
            places.setdefault(key, []).append(file.tell())
            file.write(orjson.dumps([record.line, record.cells, record.extra, record.torn]) + b"\n")


def _take(file: IO[bytes], places: list[int]) -> Iterator[Record]:
    for place in places:
        file.seek(place)
        yield Record(*orjson.loads(file.readline()))


def _runs(rows: Iterable[tuple[str, Record]]) -> Iterator[tuple[int, str, list[Record]]]:
    """Neighbouring rows of one key: (number of the last row, key, rows)."""
    run: list[Record] = []
    run_key = ""
    number = -1
    for key, record in rows:
        if run and key != run_key:
            yield number, run_key, run
            run = []
        run_key = key
        run.append(record)
        number += 1
    if run:
        yield number, run_key, run
