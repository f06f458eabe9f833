"""Dates as texts write them: 12.05.2024, May 12, 2024, 12 de mayo de 2024, June 2024. Months' names come from CLDR."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

from governance.copywriting.claims.words import fold

Day = tuple[int, int, int]  # year, month, day; 0 where it is not said

_DIGITS = re.compile(
    r"(?<![\w.,/-])(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})([./-])(\d{1,2})\5(\d{4}|\d{2}))(?![\w/-]|[.,]\d)"
)
_LONG = re.compile(
    r"(?<![\w.,])(?:(?P<first>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?\s+)?(?:(?:de|of|di)\s+|d['’]\s*)?"
    r"(?P<month>[^\W\d_]{3,})\.?\s+(?:(?P<second>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?:(?:de|del|of)\s+)?(?P<year>\d{4})(?![\w/-]|[.,]\d)"
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text, with every day it can mean: 03/04/2024 is two."""

    start: int
    end: int
    days: tuple[Day, ...]

    @property
    def is_full(self) -> bool:
        return any(day for _, _, day in self.days)


@cache
def _months(language: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in dict.fromkeys(("en", language)):
        try:
            months = Locale.parse(name).months
        except (UnknownLocaleError, ValueError):
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, word in months[context][width].items():
                    found.setdefault(fold(word).rstrip("."), number)
    return found


def dates(text: str, language: str) -> Iterator[Dated]:
    """The dates of a cleaned text, those with a month's name first."""
    for match in _LONG.finditer(text):
        month = _months(language).get(fold(match["month"]).rstrip("."))
        if month:
            day = int(match["first"] or match["second"] or 0)
            start = match.start() if match["first"] else match.start("month")
            yield Dated(start, match.end(), ((int(match["year"]), month, day),))
    for match in _DIGITS.finditer(text):
        days = tuple(day for day in _read(match) if 1 <= day[1] <= 12 and 1 <= day[2] <= 31)
        if days:
            yield Dated(match.start(), match.end(), days)


def _read(match: re.Match[str]) -> list[Day]:
    if match[1]:
        return [(int(match[1]), int(match[2]), int(match[3]))]
    year = int(match[7]) + (2000 if len(match[7]) == 2 else 0)
    one, two = int(match[4]), int(match[6])
    return [(year, two, one)] if match[5] == "." else [(year, two, one), (year, one, two)]


def same(said: Day, known: Day) -> bool:
    """Whether two dates agree in all that both say."""
    return all(a == b or 0 in (a, b) for a, b in zip(said, known, strict=True))
