"""What people and spreadsheets put into a cell, made tidy before a type reads it."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from catalog.attributes.spec import ValueProblem
from pimhub.foundation.numbers import AmbiguousNumber, parse_number

# Spreadsheets lead with an apostrophe to keep what looks like a number or a formula as text.
_GUARDED = re.compile(r"'(?='*(?:[=+@\t-]|[0-9][0-9.,:/\s-]*\Z))")
_QUOTED = re.compile(r'(?:^|(?<=[;|,\n])) *"(?:[^"]|"")*"')


# Control characters but tab and line feed, byte-order marks, halves of characters (categories Cc and Cs).
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


def tidy(text: str) -> str:
    """Trimmed, with plain line feeds, without control characters and halves of characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", text).strip()


def tidy_line(text: str) -> str:
    """`tidy`, composed (NFC), on one line: a line feed or tab with the spaces around it is one space."""
    pieces = (piece.strip() for piece in re.split(r"[\n\t\u2028\u2029]+", tidy(text)))
    return unicodedata.normalize("NFC", " ".join(piece for piece in pieces if piece)).strip()


def unguard(text: str) -> str:
    """Without the apostrophe of a spreadsheet: "'0123" → "0123"; "'t Hooft" stays."""
    return text[1:] if _GUARDED.match(text) else text


def guard(text: str) -> str:
    """The text such that `unguard` gives it back."""
    return f"'{text}" if unguard(text) != text else text


def shown(value: object) -> str:
    """A value inside an error message: in quotes, and not longer than a glance."""
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def read_number(text: str, decimal_separator: str | None) -> Decimal:
    """`parse_number` with its refusals as problems of a value."""
    try:
        return parse_number(text, decimal_separator=decimal_separator)
    except AmbiguousNumber as error:
        message, remedy = str(error).split(". ", 1)
        raise ValueProblem("ambiguous_number", f"{message}.", remedy) from error
    except ValueError as error:
        raise ValueProblem("not_a_number", str(error), "Write digits, such as 1299 or 12.5.") from error


def split_list(text: str) -> list[str]:
    """Items separated by ";", "|" or line feeds, or by "," where none of these is; quotes protect an item."""
    outside = _QUOTED.sub("", text)
    separator = next((s for s in ";|\n" if s in outside), ",")
    if separator == "\n":
        text, separator = text.replace("\n", ";"), ";"
    rows = csv.reader([text.replace("\n", " ")], delimiter=separator, skipinitialspace=True)
    try:
        return [item.strip() for row in rows for item in row if item.strip()]
    except csv.Error as error:  # an item beyond csv's own limit of 128 kB
        raise ValueProblem("not_a_list", f"{shown(text)} cannot be split: {error}.", "Separate with “;”.") from error


def join_list(items: Iterable[str]) -> str:
    """One cell that `split_list` reads back."""
    return "; ".join(f'"{i.replace(chr(34), chr(34) * 2)}"' if re.search(r'[;|,"]', i) else i for i in items)
