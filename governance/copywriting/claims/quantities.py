"""Amounts a text states: each number with its unit, the shared unit of ranges and dimensions included."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from governance.copywriting.claims.numerals import Numeral, Reading, numerals
from governance.copywriting.claims.units import Unit, unit_after

_JOINED = re.compile(
    r"\s*(?:[-–—/x×*]|to|bis|à|a|hasta|tot|do|til|till|und|and|et|y|e|en|i|or|oder|ou)\s*", re.IGNORECASE
)
_TAIL = re.compile(r"(?:(?![x×]\d)[0-9A-Za-z\u00c0-\u052f])*")  # not the next number of 1920x1080
_HEAD = re.compile(r"[^\W_]+[ -]?$")


@dataclass(frozen=True, slots=True)
class Stated:
    """A number in a cleaned text; `end` lies after its unit. `code` is a word grown together with it ("1080p")."""

    start: int
    end: int
    number_end: int
    readings: tuple[Reading, ...]
    unit: Unit | None = None
    code: str = ""


def stated(text: str, locale: str) -> list[Stated]:
    language = locale.split("_")[0]
    found = [_one(text, numeral, language) for numeral in numerals(text, locale)]
    for at in range(len(found) - 2, -1, -1):
        one, after = found[at], found[at + 1]
        between = text[one.end : after.start]
        if one.unit is None and not one.code and after.unit and _JOINED.fullmatch(between):
            found[at] = replace(one, unit=after.unit)
    return found


def _one(text: str, numeral: Numeral, language: str) -> Stated:
    after = unit_after(text, numeral.end, language)
    if after:
        return Stated(numeral.start, after.end, numeral.end, numeral.readings, after.unit)
    grown = _TAIL.match(text, numeral.end)
    assert grown is not None
    code = text[numeral.start : grown.end()] if grown[0] else ""
    return Stated(numeral.start, grown.end(), numeral.end, numeral.readings, None, code)
