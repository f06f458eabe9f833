"""What can be wrong with a file or a cell, said so that its owner can mend it."""

from __future__ import annotations

from dataclasses import dataclass


class FileRefused(Exception):
    """The whole file cannot be read. `message` says why in plain words and names the remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the file: physical line (the record's first, counted from 1), column as written, text."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class RowError:
    """One cell that was refused or is worth a look; `message` gives the reason and the remedy.

    `line` 0 and `column` "" mean the file, or the row, as a whole.
    """

    line: int
    column: str
    value: str
    code: str
    message: str
