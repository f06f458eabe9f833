"""Doubts that other floors have about a value in a file: it is taken as it is, and its row is worth a look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalog.imports.formats.base import ParsedProduct
from catalog.imports.problems import RowError
from pimhub.foundation.registry import Registry

# (text of a cell) → what is doubtful about it and what to do, or "".
doubts: Registry[Callable[[str], str]] = Registry("doubt about a value")

SHORTEST = 12  # characters: codes, prices and the like are not asked about


def doubtful(product: ParsedProduct) -> Iterator[RowError]:
    """A warning for each cell that somebody has a doubt about, once for a cell that gives several values."""
    asked = set()
    for cell in product.cells.values():
        place = (cell.line, cell.column)
        if len(cell.text) < SHORTEST or place in asked:
            continue
        asked.add(place)
        for doubt in doubts:
            if message := doubt(cell.text):
                yield RowError(cell.line, cell.column, cell.text[:200], "doubtful", message)
