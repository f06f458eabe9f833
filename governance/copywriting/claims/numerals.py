"""Numbers as people write them: 1,5 · 1.200,50 · 1 200 · 1½ · 3/4, with what each could mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from math import gcd

from babel import Locale, UnknownLocaleError

_FRACTIONS = {
    "½": "0.5",
    "¼": "0.25",
    "¾": "0.75",
    "⅓": "0.3333",
    "⅔": "0.6667",
    "⅛": "0.125",
    "⅜": "0.375",
    "⅝": "0.625",
    "⅞": "0.875",
}
_MARKS = "".join(_FRACTIONS)
NUMBER = re.compile(
    rf"""(?:(?<![0-9A-Za-z\u00c0-\u052f_.,])|(?<=\d[x×]))(?<!\d/)(?:
      (?P<mixed>\d+)[ ]?(?P<vulgar>[{_MARKS}])
    | (?P<alone>[{_MARKS}])
    | (?:(?P<whole>\d+)[ ])?(?P<over>\d{{1,2}})/(?P<under>2|3|4|5|6|8|10|16|32)(?![\d/.,]*\d)
    | (?P<plain>\d{{1,3}}(?:[ .,'’]\d{{3}})+(?:[.,]\d+)?(?!\d) | \d+(?:[.,]\d+)*)(?!/\d)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a written number. `step` is the worth of its last digit: 0.1 for 58.4."""

    value: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text, with its readings, likeliest first."""

    start: int
    end: int
    readings: tuple[Reading, ...]
    negative: bool = False  # a minus is written before it


_MINUS = re.compile(
    r"(?:(?:^|(?<=[(\s]))(?<!\d\s)[-−–]|(?:^|(?<=\s))(?:minus|moins|meno|menos|min)\s?)$", re.IGNORECASE
)


def numerals(text: str, locale: str) -> Iterator[Numeral]:
    """The numbers of a cleaned text that stand for themselves, not those inside codes such as P2312H."""
    at = 0
    while match := NUMBER.search(text, at):
        at = match.end()
        if match["over"] and not _is_fraction(int(match["over"]), int(match["under"])):
            for part in ("over", "under"):  # 14/16 megapixels are two numbers
                yield Numeral(match.start(part), match.end(part), readings_of(match[part], locale))
        elif readings := _readings(match, locale):
            negative = bool(_MINUS.search(text[max(0, match.start() - 8) : match.start()]))
            yield Numeral(match.start(), match.end(), readings, negative)


def _is_fraction(over: int, under: int) -> bool:
    return over < under and gcd(over, under) == 1


def _readings(match: re.Match[str], locale: str) -> tuple[Reading, ...]:
    if match["vulgar"]:
        return (Reading(Decimal(match["mixed"]) + Decimal(_FRACTIONS[match["vulgar"]]), Decimal("0.001")),)
    if match["alone"]:
        return (Reading(Decimal(_FRACTIONS[match["alone"]]), Decimal("0.001")),)
    if match["over"]:
        part = Decimal(match["over"]) / Decimal(match["under"])
        return (Reading(Decimal(match["whole"] or 0) + part, Decimal("0.001")),)
    return readings_of(match["plain"], locale)


@cache
def readings_of(written: str, locale: str) -> tuple[Reading, ...]:
    """What digits with marks can mean; none for what is no number, such as 1.2.3."""
    decimal = _decimal_mark(locale)
    found = [_read(written, decimal), _read(written, "," if decimal == "." else ".")]
    kept: list[Reading] = []
    for reading in found:
        if reading and reading not in kept:
            kept.append(reading)
    return tuple(kept)


def _read(written: str, decimal: str) -> Reading | None:
    whole, mark, part = written.rpartition(decimal)
    if not mark:
        whole, part = written, ""
    groups = re.split(r"[ .,'’]", whole)
    if decimal in whole or (len(groups) > 1 and (len(groups[0]) > 3 or any(len(g) != 3 for g in groups[1:]))):
        return None
    if not part.isdigit() and part:
        return None
    return Reading(Decimal("".join(groups) + (f".{part}" if part else "")), Decimal(1).scaleb(-len(part)))


@cache
def _decimal_mark(locale: str) -> str:
    try:
        return str(Locale.parse(locale).number_symbols["latn"]["decimal"])
    except (UnknownLocaleError, ValueError, KeyError):
        return "."
