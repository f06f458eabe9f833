"""Days of the calendar."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Container, Iterator
from functools import cache

from babel import Locale

from catalog.attributes.cells import shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from pimhub.foundation.jsonvalue import JSON

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_EITHER_FIRST = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", re.ASCII)
_DAY_NAME = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th)?\s+([^\W\d_]+)\.?,?\s+(\d{4})")
_NAME_DAY = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_LANGUAGES = ("en", "de", "fr", "sv", "es", "it", "nl", "da", "nb", "pl", "pt", "fi")
_REMEDY = "Write year-month-day, such as 2026-12-31."


def date_limit(limit: JSON) -> dt.date:
    if not isinstance(limit, str):
        raise ValueError(_REMEDY)
    return dt.date.fromisoformat(limit)


@attribute_type
class Date(AttributeType):
    """Canonical: "2026-12-31"."""

    name = "date"
    label = "Date"
    widget = "date"
    index_column = "date"
    limits = {"min": date_limit, "max": date_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        year, month, day = _read(text)
        try:
            return dt.date(year, month, day).isoformat()
        except ValueError as error:
            raise ValueProblem("not_a_date", f"{shown(text)} is not in the calendar.", _REMEDY) from error

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            raise ValueProblem("not_a_date", f"{shown(value)} is not a date.", _REMEDY)
        try:
            day = dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueProblem("not_a_date", f"{shown(value)} is not in the calendar.", _REMEDY) from error
        if "min" in spec.limits and day < date_limit(spec.limits["min"]):
            raise ValueProblem("too_early", f"{value} is too early.", f"Give {spec.limits['min']} or later.")
        if "max" in spec.limits and day > date_limit(spec.limits["max"]):
            raise ValueProblem("too_late", f"{value} is too late.", f"Give {spec.limits['max']} or earlier.")
        return value

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        yield "date", dt.date.fromisoformat(value)

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(spec, "string", format="date")


def _read(text: str) -> tuple[int, int, int]:
    """Year, month, day of every spelling that has one reading. Raises ValueProblem."""
    if found := _YEAR_FIRST.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DAY_FIRST.fullmatch(text):
        return int(found[3]), int(found[2]), int(found[1])
    if found := _EITHER_FIRST.fullmatch(text):
        return _day_or_month_first(text, int(found[1]), int(found[3]), int(found[4]))
    if (found := _DAY_NAME.fullmatch(text)) and (month := _months().get(found[2].casefold())):
        return int(found[3]), month, int(found[1])
    if (found := _NAME_DAY.fullmatch(text)) and (month := _months().get(found[1].casefold())):
        return int(found[3]), month, int(found[2])
    raise ValueProblem("not_a_date", f"{shown(text)} is not a date.", _REMEDY)


def _day_or_month_first(text: str, first: int, second: int, year: int) -> tuple[int, int, int]:
    """With slashes, half the world writes the day first: only the numbers can tell."""
    if first <= 12 and second <= 12 and first != second:
        readings = f"{year}-{second:02}-{first:02} or as {year}-{first:02}-{second:02}"
        raise ValueProblem("ambiguous_date", f"{shown(text)} can be read as {readings}.", "Write one of these.")
    return (year, first, second) if second > 12 else (year, second, first)


@cache
def _months() -> dict[str, int]:
    """Month by name or abbreviation in the languages of our files; a name with two meanings is in none."""
    meanings: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for forms in Locale(language).months["format"], Locale(language).months["stand-alone"]:
            for width in "wide", "abbreviated":
                for number, name in forms[width].items():
                    meanings.setdefault(name.rstrip(".").casefold(), set()).add(number)
    return {name: numbers.pop() for name, numbers in meanings.items() if len(numbers) == 1}
