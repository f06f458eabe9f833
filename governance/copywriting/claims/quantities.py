"""Amounts a text states, in digits or words: each with its unit, the shared unit of ranges and dimensions included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from governance.copywriting.claims.numerals import Numeral, Reading, numerals
from governance.copywriting.claims.sides import is_label, sides
from governance.copywriting.claims.spelled import HALF, Spelled, part_more, spelled, tails
from governance.copywriting.claims.units import KNOWN, Unit, unit_after, unit_of
from governance.copywriting.claims.words import words

_JOINED = re.compile(
    r"\s*(?:[-–—/x×*]|to|bis|à|a|hasta|tot|do|til|till|und|and|et|y|e|en|i|or|oder|ou|by|bij|por|per|par|på|na)\s*[+−-]?",
    re.IGNORECASE,
)
_BELOW_ZERO = re.compile(
    r"\s*(?:(?:below|under|unter|onder|pod|poniżej|sotto|bajo|sous|abaixo de|au-dessous de) "
    r"(?:zero|null|nul|noll|nulou|zera|cero|zéro|freezing))\b",
    re.IGNORECASE,
)
_MINUS = re.compile(r"\s*(minus(?:grad\w*|degrees))", re.IGNORECASE)
_LABEL = re.compile(r"(?<=[x×*/])\s*([^\W\d_]{1,6}\.?):?\s*$")  # the side that comes next: "45 x P 40"
_TAIL = re.compile(r"(?:(?![x×]\d)[0-9A-Za-z\u00c0-\u052f])*")  # not the next number of 1920x1080
_AND = re.compile(r"\.?\s*(?:(?:and|und|et|y|e|en|i|och|a)\s+)?", re.IGNORECASE)
# "half a litre", "a quarter of an hour", "trois quarts d'heure"
_ARTICLE = re.compile(r"\s+(?:of\s+)?an?(?=\s)|\s+(?:de|di)(?=\s)|\s+d['’]|['’]|", re.IGNORECASE)
_IN_TWO = frozenset(["length", "time", "weight", "mass"])
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
    negative: bool = False
    in_words: bool = False
    of: str = ""  # what a number in words counts, where they are one word ("sechsteilig")
    sides: frozenset[str] = frozenset()  # what it measures, where that is said beside it: "(W x D x H)"
    parts: tuple[Stated, ...] = ()  # of an amount in two units: "4 ft 11 in"


def stated(text: str, locale: str) -> list[Stated]:
    language = locale.split("_")[0]
    found = [_one(text, numeral, language) for numeral in numerals(text, locale)]
    found += [_in_words(text, each, language) for each in spelled(text, language)]
    found += [each for each in _and_a_half(text, language) if not any(s.start <= each.start < s.end for s in found)]
    found.sort(key=lambda each: each.start)
    for at in range(len(found) - 2, -1, -1):
        one, after = found[at], found[at + 1]
        between = text[one.end : after.start]
        label = _LABEL.search(between)
        if label and is_label(label[1], language):
            between = between[: label.start()]
        if one.unit is None and not one.code and after.unit and _JOINED.fullmatch(between):
            found[at] = replace(one, unit=after.unit)
    known = sides(text, found, language)
    found = [replace(each, sides=known[each.start]) if each.start in known else each for each in found]
    return list(_compounds(text, found))


def _compounds(text: str, found: Sequence[Stated]) -> Iterator[Stated]:
    """The amounts, those in a unit and a smaller one of its kind as one: "4 ft 11 in", "1 Std. 30 Min."."""
    at = 0
    while at < len(found):
        one, after = found[at], found[at + 1] if at + 1 < len(found) else None
        if after and (readings := _together(text[one.end : after.start], one, after)):
            yield replace(one, end=after.end, number_end=after.number_end, readings=readings, parts=(one, after))
            at += 2
        else:
            yield one
            at += 1


def _together(between: str, one: Stated, after: Stated) -> tuple[Reading, ...]:
    if not one.unit or not after.unit or one.unit == after.unit or one.unit.dimension != after.unit.dimension:
        return ()
    if one.unit.dimension not in _IN_TWO or not _AND.fullmatch(between) or one.in_words or after.in_words:
        return ()
    small, step = after.readings[0], one.readings[0].step
    more = one.unit.from_base(after.unit.to_base(small.value))
    if not 0 < more < 1 or step < 1:
        return ()
    exact = one.unit.from_base(after.unit.to_base(small.step))
    return tuple(Reading(reading.value + more, exact) for reading in one.readings)


def _one(text: str, numeral: Numeral, language: str) -> Stated:
    after = unit_after(text, numeral.end, language)
    if after:
        end, readings = _with_half(text, after.end, numeral.readings, language)
        below = _BELOW_ZERO.match(text, end) if after.unit.dimension in ("temperature", "angle") else None
        negative = numeral.negative or below is not None
        return Stated(
            numeral.start, below.end() if below else end, numeral.end, readings, after.unit, negative=negative
        )
    if minus := _MINUS.match(text, numeral.end):  # "20 minusgrader"
        return Stated(numeral.start, minus.end(), numeral.end, numeral.readings, KNOWN["degree"], negative=True)
    grown = _TAIL.match(text, numeral.end)
    assert grown is not None
    code = text[numeral.start : grown.end()] if grown[0] else ""
    return Stated(numeral.start, grown.end(), numeral.end, numeral.readings, None, code, numeral.negative)


def _with_half(text: str, end: int, readings: tuple[Reading, ...], language: str) -> tuple[int, tuple[Reading, ...]]:
    """The same and a half where the text says so after the unit: "2 ans et demi"."""
    further, more = part_more(text, end, language)
    if not further:
        return end, readings
    step = Decimal("0.01") if more % HALF else Decimal("0.1")
    return further, tuple(Reading(reading.value + more, step) for reading in readings)


def _in_words(text: str, each: Spelled, language: str) -> Stated:
    readings: tuple[Reading, ...] = (Reading(each.value, Decimal("0.1") if each.value % 1 else Decimal(1)),)
    if each.of:
        return Stated(each.start, each.end, each.end, readings, KNOWN.get(each.of), in_words=True, of=each.of)
    article = _ARTICLE.match(text, each.end)
    assert article is not None
    after = unit_after(text, article.end(), language)
    if not after or len(text[article.end() : after.end].strip(" -")) < 3:  # after words, units are written out
        return Stated(each.start, each.end, each.end, readings, in_words=True)
    end, readings = _with_half(text, after.end, readings, language)
    return Stated(each.start, end, each.end, readings, after.unit, in_words=True)


def _and_a_half(text: str, language: str) -> Iterator[Stated]:
    """One and a half of a unit without a number: "litro y medio", "a liter and a half"."""
    for tail, end, more in tails(text, language):
        before = words(text[:tail])[-1:]
        unit = unit_of(before[0].text, language) if before and before[0].end == tail else None
        if unit:
            start = before[0].start
            yield Stated(start, end, end, (Reading(1 + more, Decimal("0.01")),), unit, in_words=True)
