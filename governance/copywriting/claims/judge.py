"""Holds a stated amount against the facts: value, unit and attribute must agree."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from governance.copywriting.claims.concepts import concept_word
from governance.copywriting.claims.counted import things
from governance.copywriting.claims.dates import Dated, same
from governance.copywriting.claims.facts import Amount, Fact
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.numerals import Reading
from governance.copywriting.claims.quantities import Stated
from governance.copywriting.claims.units import KNOWN, Unit, unit_after
from governance.copywriting.claims.words import Word, alike, fold, words


class Verdict(StrEnum):
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    fact: str = ""


NEAR = 4  # words between a number and the word that says what it measures
_SPOKEN = frozenset(["ratio"])  # "twice as good" measures nothing, unless a fact does
_IDIOMS = frozenset([("d", Decimal(7)), ("h", Decimal(24))])  # all week, all day
_HOURS = frozenset(["h", "quarter_h"])
_WITHIN, _LASTING = frozenset(listed("terms")["within"].split()), frozenset(listed("terms")["lasting"].split())
_NOT = frozenset(listed("terms")["not_it"].split())
_OVER, _UNDER = (frozenset(listed("terms")[name].split()) for name in ("over", "under"))
_AT_MOST, _AT_LEAST = (frozenset(listed("terms")[name].split()) for name in ("at_most", "at_least"))
_DATED = frozenset(listed("terms")["dated"].split())
_NO_MORE = _NOT | frozenset(listed("terms")["negations"].split())  # "not more than 2 kg" is a limit
_LIMITS = frozenset(["temperature", "calendar"])  # "below 30 °C", "over 3 years": such are what facts give as limits
_CLAUSE = re.compile(r"[.,;:!?()\n•|]")
_NAMES = {"name", "title", "model", "brand", "sku", "mpn", "manufacturer", "series", "produkt", "bezeichnung"}


class Bench:
    """The facts of a product, ready to judge the amounts of one text."""

    def __init__(self, text: str, facts: Sequence[Fact], language: str) -> None:
        self.text, self.facts, self.language = text, facts, language
        self.words = words(text)
        self._starts, self._ends = [w.start for w in self.words], [w.end for w in self.words]
        self.quoted = list(_quoted(text, facts, language))
        self.tokens = {token: fact.key for fact in facts for token in fact.tokens}

    def _before(self, place: int, many: int) -> list[Word]:
        """The last words that end before a place; found by halving, as a text may hold thousands of numbers."""
        at = bisect_right(self._ends, place)
        return self.words[max(0, at - many) : at]

    def _after(self, place: int, many: int) -> list[Word]:
        at = bisect_left(self._starts, place)
        return self.words[at : at + many]

    def judge(self, stated: Stated) -> Judgement | None:
        """None for a number that states nothing, such as that of a list."""
        found = self._judged(stated)
        if found and found.verdict == Verdict.SUPPORTED and self._denied(stated):
            return Judgement(Verdict.CONTRADICTED, found.fact)
        return found

    def _denied(self, stated: Stated) -> bool:
        """Whether it is said not to be so: "not 2 kg", "keine 2 kg"."""
        before = next(iter(self._before(stated.start, 1)), None)
        return (
            before is not None
            and not _NOT.isdisjoint((before.plain, f"{before.plain}@{self.language}"))
            and not self.text[before.end : stated.start].strip()
        )

    def _judged(self, stated: Stated) -> Judgement | None:
        for start, end, key in self.quoted:
            if start <= stated.start and stated.number_end <= end:
                return Judgement(Verdict.SUPPORTED, key)
        if _is_no_claim(self.text, stated):
            return None
        if stated.in_words:
            return self._in_words(stated)
        if stated.code:
            return self._code(stated)
        if stated.parts:
            return self._compound(stated)
        return self._measured(stated, stated.unit) if stated.unit else self._bare(stated)

    def _measured(self, stated: Stated, unit: Unit) -> Judgement:
        pairs = [(f, a) for f in self.facts for a in f.amounts if a.dimension == unit.dimension]
        if not pairs and unit.code == "degree" and self._speak_of_heat():
            scales = [KNOWN["f" if self.language == "en" else "c"], KNOWN["c"]]
            judged = [self._measured(stated, scale) for scale in scales]
            return next((each for each in judged if each.verdict == Verdict.SUPPORTED), judged[-1])
        if aside := [(f, a) for f, a in pairs if f.concept in stated.sides]:
            fits = next((f for f, a in aside if agree(stated.readings, unit, a)), None)
            return Judgement(Verdict.SUPPORTED if fits else Verdict.CONTRADICTED, (fits or aside[0][0]).key)
        concept = self._concept(stated, {f.concept for f, _ in pairs})
        if concept:
            pairs = [(f, a) for f, a in pairs if f.concept == concept]
        if pairs and unit.dimension not in _LIMITS and (more := self._compared(stated)):
            said = unit.to_base(stated.readings[0].value) * more
            fits = next((f for f, a in pairs if a.unit and a.unit.to_base(a.value) * more > said), None)
            return Judgement(Verdict.SUPPORTED if fits else Verdict.CONTRADICTED, (fits or pairs[0][0]).key)
        for fact, amount in pairs:
            if agree(stated.readings, unit, amount, negative=stated.negative) or self._bounds(stated, unit, amount):
                return Judgement(Verdict.SUPPORTED, fact.key)
        if pairs:
            return Judgement(Verdict.CONTRADICTED, self._likeliest(stated, [f for f, _ in pairs]).key)
        unnamed = [(f, a) for f in self.facts for a in f.amounts if not a.dimension and not _is_name(f)]
        for fact, amount in unnamed:
            if any(r.value == amount.value for r in stated.readings) and self._about(stated, fact, amount):
                return Judgement(Verdict.SUPPORTED, fact.key)
        for fact, _ in unnamed:
            if self._named(stated, fact):
                return Judgement(Verdict.CONTRADICTED, fact.key)
        return Judgement(Verdict.UNSUPPORTED)

    def _bounds(self, stated: Stated, unit: Unit, amount: Amount) -> bool:
        """Whether "at most 45 dB" is said of 44: rounded to the safe side, by a tenth at most."""
        before = [w.plain for w in self._before(stated.start, 2)]
        said = {*before[-1:], "_".join(before)}
        if amount.unit is None or unit.dimension in _LIMITS or not said & (_AT_MOST | _AT_LEAST):
            return False
        stated_, known = unit.to_base(stated.readings[0].value), amount.unit.to_base(amount.value)
        low, high = sorted((stated_, known))
        return high <= low * Decimal("1.1") and (known <= stated_) == bool(said & _AT_MOST)

    def _compared(self, stated: Stated) -> int:
        """1 where the text says "more than" the amount, -1 where it says "less than", 0 where it compares nothing."""
        before = self._before(stated.start, 4)
        if not before or self.text[before[-1].end : stated.start].strip() or any(w.plain in _NO_MORE for w in before):
            return 0
        before = before[-2:]
        said = {before[-1].plain, "_".join(word.plain for word in before)}
        return 1 if said & _OVER else -1 if said & _UNDER else 0

    def _compound(self, stated: Stated) -> Judgement:
        """An amount in two units: as a whole, or each as a fact writes it."""
        assert stated.unit is not None
        whole = self._measured(stated, stated.unit)
        if whole.verdict != Verdict.SUPPORTED:
            parts = [self._measured(part, part.unit) for part in stated.parts if part.unit]
            if all(part.verdict == Verdict.SUPPORTED for part in parts):
                return parts[0]
        return whole

    def dated(self, date: Dated) -> Judgement:
        known = [(fact, day) for fact in self.facts for day in fact.dates]
        for fact, day in known:
            if any(same(said, day) for said in date.days):
                return Judgement(Verdict.SUPPORTED, fact.key)
        if known:
            return Judgement(Verdict.CONTRADICTED, known[0][0].key)
        return Judgement(Verdict.UNSUPPORTED if date.is_full else Verdict.NOT_CHECKABLE)

    def _in_words(self, stated: Stated) -> Judgement | None:
        """A number in words is a claim where it measures, or counts what a fact counts; else it is a turn of speech."""
        value, unit = stated.readings[0].value, stated.unit
        if unit is not None and self._is_thing(stated, unit):
            stated, unit = replace(stated, end=stated.number_end), None
        if unit is None:
            about = [f for f in self.facts if f.amounts and not _is_name(f) and self._counts(stated, f)]
            known = [(f, a) for f in about for a in f.amounts]
            if hit := next((f for f, a in known if a.value == value), None):
                return Judgement(Verdict.SUPPORTED, hit.key)
            return Judgement(Verdict.CONTRADICTED, about[0].key) if about and value != 1 else None
        if unit.dimension in _SPOKEN or (unit.code, value) in _IDIOMS:
            return self._measured(stated, unit) if self._is_measured(stated, unit) else None
        idle = value == 1 or (value < 1 and unit.dimension == "time")
        if idle and not self._is_measured(stated, unit) and not self._lasts(stated, unit):
            return None  # "in a minute", "one day"
        return self._measured(stated, unit)

    def _is_thing(self, stated: Stated, unit: Unit) -> bool:
        """Whether the unit's word names what a fact counts, as feet are legs in French, and no fact measures in it."""
        named = {thing for word in words(self.text[stated.number_end : stated.end]) for thing in things(word.plain)}
        counted = any(fact.things & named for fact in self.facts)
        return counted and not any(a.dimension == unit.dimension for f in self.facts for a in f.amounts)

    def _lasts(self, stated: Stated, unit: Unit) -> bool:
        """Whether "in half an hour" is meant to the letter: a fact tells how long something takes."""
        if unit.code not in _HOURS or not any(a.dimension == "time" for f in self.facts for a in f.amounts):
            return False
        before = {w.plain for w in self._before(stated.start, 2)}
        after = {w.plain for w in self._after(stated.end, 1)}
        return bool(before & _WITHIN or after & _LASTING)

    def _is_measured(self, stated: Stated, unit: Unit) -> bool:
        """Whether a fact measures this, and the text speaks of that near by."""
        known = {f.concept for f in self.facts for a in f.amounts if a.dimension == unit.dimension}
        return bool(self._concept(stated, known))

    def _counts(self, stated: Stated, fact: Fact) -> bool:
        """Whether a number without a unit counts what the fact does."""
        if stated.of:
            return fact.concept == stated.of or any(alike(name, stated.of) for name in fact.names if len(name) > 2)
        if all(amount.unit is not None or amount.dimension not in ("", "count") for amount in fact.amounts):
            return False
        if fact.concept == "pieces":
            return self._near(stated, fact)
        after = self._after(stated.end, 3)
        after = [w for w in after if not _CLAUSE.search(self.text[stated.end : w.start])]
        if any(fact.things & things(word.plain) for word in after):
            return True
        return any(len(head) > 2 and alike(head, word.plain) for head in fact.heads for word in after)

    def _speak_of_heat(self) -> bool:
        """Whether "degrees" in a text, where no fact is an angle, are those of a temperature."""
        return any(a.dimension == "temperature" for f in self.facts for a in f.amounts)

    def _about(self, stated: Stated, fact: Fact, amount: Amount) -> bool:
        """Whether a fact without a unit may be meant: its name is near, or its number is no everyday one."""
        digits = len(str(amount.value.normalize().as_tuple().digits).split(","))
        return self._near(stated, fact) or digits >= 3 or (digits == 2 and amount.step < 1)

    def _bare(self, stated: Stated) -> Judgement | None:
        value = stated.readings[0].value
        pairs = [(f, a) for f in self.facts for a in f.amounts]
        counted = [(f, a) for f, a in pairs if self._counts(stated, f)]
        about = counted or [(f, a) for f, a in pairs if not _is_name(f) and self._near(stated, f)]
        for fact, amount in about or pairs:
            if any(reading.value == amount.value for reading in stated.readings):
                return Judgement(Verdict.SUPPORTED, fact.key)
        if about:
            return Judgement(Verdict.CONTRADICTED, about[0][0].key)
        if value == value.to_integral_value() and 1800 <= value <= 2100:
            return self._year(stated)
        return Judgement(Verdict.UNSUPPORTED)

    def _year(self, stated: Stated) -> Judgement:
        """A year that no fact gives: since when, or of which harvest, is a claim; others may mean anything."""
        around = self._before(stated.start, 2) + self._after(stated.end, 1)
        if _DATED.isdisjoint(word.plain.rpartition("'")[2] for word in around):
            return Judgement(Verdict.NOT_CHECKABLE)
        years = (
            f for f in self.facts for a in f.amounts if a.unit is None and 1800 <= a.value <= 2100 and not _is_name(f)
        )
        told = next(years, None)
        return Judgement(Verdict.CONTRADICTED, told.key) if told else Judgement(Verdict.UNSUPPORTED)

    def _code(self, stated: Stated) -> Judgement:
        plain = fold(stated.code)
        if plain in self.tokens:
            return Judgement(Verdict.SUPPORTED, self.tokens[plain])
        letters = re.sub(r"^[\d.,]+", "", plain)
        other = [key for token, key in self.tokens.items() if re.fullmatch(rf"\d+{re.escape(letters)}", token)]
        return Judgement(Verdict.CONTRADICTED, other[0]) if other else Judgement(Verdict.NOT_CHECKABLE)

    def _around(self, stated: Stated) -> list[Word]:
        """The words near a number in its clause, the nearest first."""
        before = self._before(stated.start, NEAR)[::-1]
        after = self._after(stated.end, NEAR)
        before = [w for w in before if not _CLAUSE.search(self.text[w.end : stated.start].replace(":", ""))]
        after = [w for w in after if not _CLAUSE.search(self.text[stated.end : w.start])]
        found = [pair for both in zip(after + [None] * NEAR, before + [None] * NEAR, strict=False) for pair in both]
        return [word for word in found if word is not None]

    def _concept(self, stated: Stated, known: set[str]) -> str:
        for word in self._around(stated)[:5]:
            concept = concept_word(word.plain)
            if concept in known and concept:
                return concept
        return ""

    def _near(self, stated: Stated, fact: Fact) -> bool:
        around = self._around(stated)
        if fact.concept and any(concept_word(word.plain) == fact.concept for word in around):
            return True
        return any(len(name) > 2 and alike(name, word.plain) for name in fact.names for word in around)

    def _named(self, stated: Stated, fact: Fact) -> bool:
        """Whether at least half of the words of a fact's name are near: only then is a differing number its."""
        around = self._around(stated)
        near = [name for name in fact.names if len(name) > 2 and any(alike(name, word.plain) for word in around)]
        return len(near) * 2 >= len(fact.names)

    def _likeliest(self, stated: Stated, facts: list[Fact]) -> Fact:
        return next((fact for fact in facts if self._near(stated, fact)), facts[0])


def agree(readings: Sequence[Reading], unit: Unit, amount: Amount, *, negative: bool = False) -> bool:
    """Whether a stated amount is the fact's, in its own unit or rightly converted and rounded to the digits shown.

    A minus counts where amounts can be below zero; elsewhere it is a dash.
    """
    if negative and (unit.dimension == "temperature" or amount.value < 0):
        readings = [Reading(-reading.value, reading.step) for reading in readings]
    if amount.unit not in (None, unit):  # "1.200 kW" for 1200 W: nobody writes such noughts behind a decimal mark
        readings = [each for each in readings if each is readings[0] or each.value / each.step % 10]
    return any(_agree(reading, unit, amount) for reading in readings)


def _agree(reading: Reading, unit: Unit, amount: Amount) -> bool:
    if amount.unit is None or amount.unit == unit:
        return _rounded(reading, amount.value, within=Decimal("0.02"))
    there = unit.from_base(amount.unit.to_base(amount.value))
    if unit.dimension == "data" and any(
        _rounded(reading, there * (Decimal("1.024") ** n), within=Decimal("0.02")) for n in (-3, -2, -1, 1, 2, 3)
    ):
        return True  # of storage, 8 GB are also 8192 MB
    return _rounded(reading, there, within=Decimal("0.05")) or abs(reading.value - there) <= abs(there) * Decimal(
        "0.003"
    )


def _rounded(reading: Reading, exact: Decimal, *, within: Decimal) -> bool:
    """Whether `exact` is the number read, rounded to its last digit, and not further off than `within` of itself."""
    off = abs(reading.value - exact)
    return off == 0 or (off <= reading.step * Decimal("0.51") and off <= abs(exact) * within)


def _is_name(fact: Fact) -> bool:
    return bool(_NAMES & set(fact.names))


def _quoted(text: str, facts: Sequence[Fact], language: str) -> list[tuple[int, int, str]]:
    """Where the text repeats a fact's own words that hold a number: a model's name, "1200 W", "IP67"."""
    lower = text.casefold()
    found = []
    for fact in facts:
        for said in fact.texts:
            if re.search(r"\d", said) and re.search(r"[^\W\d_]", said) and not _is_amount(said, language):
                for needle in {said.casefold(), *(_codes(said) if _is_name(fact) else ())}:
                    found += [
                        (m.start(), m.end(), fact.key) for m in re.finditer(rf"(?<!\w){re.escape(needle)}(?!\w)", lower)
                    ]
    return found if len(lower) == len(text) else []


def _is_amount(said: str, language: str) -> bool:
    """Whether a fact's words are one amount ("60 cm"): it is judged by what it measures, not by its words."""
    number = re.match(r"[+-]?\d+(?:[.,]\d+)?", said)
    after = unit_after(said, number.end(), language) if number else None
    return after is not None and after.end == len(said.rstrip(". "))


def _codes(said: str) -> set[str]:
    """Stretches of a name such as "Windows 7" or "FinePix 300": a word with the number after it."""
    return {m[0].casefold() for m in re.finditer(r"[^\W\d_]{2,}[ -]\d+(?![\w.,])", said)}


def _is_no_claim(text: str, stated: Stated) -> bool:
    """Numbers of lists and notes ("1. …", "[1]"), and phrases that count nothing ("24/7", "2-in-1")."""
    before, after = text[max(0, stated.start - 20) : stated.start], text[stated.number_end : stated.number_end + 20]
    begins = before.rstrip(" ").endswith("\n") or not text[: stated.start].strip()
    if begins and re.match(r"[.)]\s", after):
        return True
    if before.endswith(("[", "#", "№", "Nr. ", "No. ")) or re.match(r"\s*(?:\]|®|™)", after):
        return True
    around = before[-6:] + text[stated.start : stated.number_end] + after[:8]
    return bool(re.search(r"24\s?/\s?7|\d\s?[-‐ ]?(?:in|en|v|w|em|i)\s?[-‐ ]?1\b|1:1|50/50", around))
