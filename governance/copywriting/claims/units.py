"""Units as texts of many languages write them.

The words come from Unicode's CLDR (through babel), so that "palců", "pouces" and "Zoll" are inches without
a list of ours; what CLDR lacks (frames per second, zoom factors, short forms of shops) is added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError

from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.sides import is_label
from governance.copywriting.claims.words import alike, fold
from pimhub.foundation.quantities import UNITS, convert, units_of


@dataclass(frozen=True, slots=True)
class Unit:
    """`to_base` gives an amount in the first unit of the dimension; of temperatures the scales differ in zero, too."""

    code: str
    dimension: str
    factor: Decimal = Decimal(1)

    def to_base(self, amount: Decimal) -> Decimal:
        if self.dimension == "temperature":
            return convert(amount, self.code, "c")
        return amount * self.factor

    def from_base(self, amount: Decimal) -> Decimal:
        if self.dimension == "temperature":
            return convert(amount, "c", self.code)
        return amount / self.factor


def _of_the_hub() -> dict[str, Unit]:
    return {
        code: Unit(code, unit.family)
        if unit.family == "temperature"
        else Unit(code, unit.family, convert(Decimal(1), code, units_of(unit.family)[0].code))
        for code, unit in UNITS.items()
    }


_FURTHER = (
    Unit("mp", "pixels", Decimal(1_000_000)),
    Unit("px", "pixels"),
    Unit("fps", "rate"),
    Unit("per_min", "rate", Decimal(1) / Decimal(60)),
    Unit("per_h", "rate", Decimal(1) / Decimal(3600)),
    Unit("times", "ratio"),
    Unit("percent", "percent"),
    Unit("karat", "karat"),
    Unit("dpi", "resolution"),
    Unit("db", "sound"),
    Unit("month", "calendar"),
    Unit("year", "calendar", Decimal(12)),
    Unit("week", "time", Decimal(604_800)),
    Unit("quarter_h", "time", Decimal(900)),
    Unit("ohm", "resistance"),
    Unit("kmh", "speed"),
    Unit("mph", "speed", Decimal("1.609344")),
    Unit("m_s", "speed", Decimal("3.6")),
    Unit("knot", "speed", Decimal("1.852")),
    Unit("nm", "torque"),
    Unit("degree", "angle"),
    Unit("lux", "illuminance"),
    Unit("cd", "luminosity"),
    Unit("den", "yarn"),
    Unit("gsm", "grammage"),
    Unit("um", "length", Decimal("0.000001")),
    Unit("newton", "force"),
    Unit("bit_s", "bitrate"),
    Unit("kbit_s", "bitrate", Decimal(1_000)),
    Unit("mbit_s", "bitrate", Decimal(1_000_000)),
    Unit("gbit_s", "bitrate", Decimal(1_000_000_000)),
    Unit("mw", "power", Decimal("0.001")),
    Unit("btu", "energy", Decimal("0.293071")),
    Unit("ct", "carat"),
    Unit("lm_w", "efficacy"),
    Unit("cycle", "cycles"),
    Unit("micros", "time", Decimal("0.000001")),
    Unit("st", "mass", Decimal("6.35029318")),
)
KNOWN: dict[str, Unit] = _of_the_hub() | {unit.code: unit for unit in _FURTHER}

_LISTS = listed("units")  # of CLDR's names, short forms, and what never means a unit
_EXACT = frozenset(_LISTS["exact"].split())
_EXACT_FOLDED = frozenset(fold(each) for each in _EXACT)
_AS_WRITTEN = {form: code for code, forms in _LISTS["as_written"].items() for form in forms.split()}
_CASED = {form: code for code, forms in _LISTS["cased"].items() for form in forms.split()}
_NONE_AS_WRITTEN = frozenset(_LISTS["none_as_written"].split())
_NEVER = frozenset(_LISTS["never"].split())


@cache
def lexicon(language: str) -> dict[str, Unit]:
    """Written forms (folded) with their unit, for texts of a language; English and symbols are read everywhere."""
    found: dict[str, Unit] = {}
    for name in dict.fromkeys(("en", language)):
        try:
            patterns = Locale.parse(name)._data["unit_patterns"]
        except (UnknownLocaleError, ValueError, KeyError):
            continue
        for key, code in _LISTS["cldr"].items():
            for forms in dict(patterns.get(key, {})).values():
                for pattern in dict(forms).values() if hasattr(forms, "items") else [forms]:
                    word = str(pattern).replace("{0}", "").strip(" \u00a0\u202f.")
                    if word and "{" not in word:
                        found.setdefault(fold(word), KNOWN[code])
    for code, unit in UNITS.items():
        for word in (unit.symbol, *unit.spellings):
            found.setdefault(fold(word), KNOWN[code])
    for code, forms in _LISTS["short"].items():
        found |= {fold(form): KNOWN[code] for form in forms.split()}
    return {form: unit for form, unit in found.items() if form not in _NEVER} | {
        fold(one): KNOWN[code] for one, code in (("W", "w"), ("V", "v"), ("A", "a"))
    }


@cache
def _stems(language: str) -> tuple[tuple[str, Unit], ...]:
    """Long single words of the lexicon, for inflected and compound forms ("palcový", "Megapixelkamera")."""
    return tuple((form, unit) for form, unit in lexicon(language).items() if len(form) >= 5 and form.isalpha())


@cache
def unit_of(word: str, language: str) -> Unit | None:
    """The unit that one written word or sign means in a language."""
    if len(word) <= 2 and word.isalpha() and fold(word) in _EXACT_FOLDED and word not in _EXACT:
        return None
    if word in _CASED:
        return KNOWN[_CASED[word]]
    if word.casefold() in _NONE_AS_WRITTEN:
        return None
    if code := _AS_WRITTEN.get(word.casefold()):
        return KNOWN[code]
    plain = fold(word)
    units = lexicon(language)
    for form in (plain, plain.rstrip("."), plain.removesuffix("s")):
        if form in units:
            return units[form]
    if len(plain) < 5 or not plain.isalpha():
        return None
    return next((unit for form, unit in _stems(language) if alike(form, plain)), None)


_PER = r"(?:/|\s*/\s*|\s+(?:per|pro|par|por|al|allo|alla|à la|a la|za|na|je|på|i|an|pe|op|a|og)\s+)"
_RATE = re.compile(rf"\s*-?\s*(?P<what>[^\W\d_]+\.?){_PER}(?P<time>[^\W\d_]+)")
_SIGN = r"[^\s\d\w,;:!?()\[\]–—-]{1,2}(?:[CF]\b)?"  # %, ″, °C
_UNIT = re.compile(rf"(?P<gap>[ ]?-?[ ]?)(?P<sign>{_SIGN}|[^\W\d_]+(?:[./·][^\W\d_]+[²2]?|[²³](?!\w))?)")
_TWO_WORDS = re.compile(r"[ ]?-?[ ]?([^\W\d_]+\.?[ ][^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A unit after a number: `end` is where it ends in the text."""

    unit: Unit
    end: int


def unit_after(text: str, at: int, language: str) -> Found | None:
    """The unit that follows a number ending at `at`: "5ms", "10-fach", "30 snímků za sekundu", "19 palců"."""
    if rate := _RATE.match(text, at):
        per = unit_of(rate["time"], language)
        if per and per.dimension == "time" and per.code in _PER_TIME and not unit_of(rate["what"], language):
            return Found(KNOWN[_PER_TIME[per.code]], rate.end())
    match = _UNIT.match(text, at)
    if not match:
        return None
    sign, gap = match["sign"], match["gap"]
    if "-" in gap and (unit := unit_of("-" + sign, language)):
        return Found(unit, match.end())
    two = _TWO_WORDS.match(text, at)
    if two and (unit := lexicon(language).get(fold(two[1]))):
        return Found(unit, two.end())
    if (unit := unit_of(sign, language)) and not _is_no_unit(text, sign, gap, match.end(), language):
        return Found(unit, match.end())
    head = re.match(r"[^\W\d_]+", sign)  # "10x/20x", "cm." and the like
    if head and head[0] != sign and (unit := unit_of(head[0], language)):
        return Found(unit, match.start("sign") + len(head[0]))
    return None


_PER_TIME = {"s": "fps", "min": "per_min", "h": "per_h"}
_AFTER_IN = re.compile(r"\s+(?:the|a|an|one|1|your|this|all|each|total|our|its|any|just|black|white|length)\b|\s*\d")


def _is_no_unit(text: str, sign: str, gap: str, end: int, language: str) -> bool:
    """Whether what looks like a unit is a word of its own: "5 in the box", "640 x 480"."""
    rest = text[end : end + 12]
    if sign in "xX×" and re.match(r"\s*\d" if gap else r"\d", rest):  # 640 x 480, 10x20; but "zoom 5x 24 mm"
        return True
    if sign in "xX×" and (side := re.match(r"\s*([^\W\d_]{1,6}\.?):?\s*\d", rest)):  # L 45 x P 40
        return is_label(side[1], language)
    if sign == "in" and gap == " ":
        return language != "en" or bool(_AFTER_IN.match(rest))
    return len(sign) == 1 and sign.isalpha() and bool(re.match(r"\w|['’.]\w", rest))


def named(words: Iterable[str]) -> Unit | None:
    """The unit that a code of an attribute names: total_megapixels, weight_kg, hmotnost (kg)."""
    for word in reversed(list(words)):
        if (len(word) >= 2 or word in "gmlwv") and (unit := _NAMED.get(word)):
            return unit
        if len(word) >= 6 and (unit := unit_of(word, "en")):
            return unit
    return None


# Codes that are words of their own, or too short, in the name of an attribute.
_NO_NAMES = frozenset(["in", "pt", "st", "ha", "d", "a", "t", "ct", "h", "s", "c", "f", "k", "b", "j"])
_FURTHER_NAMES = {
    "inch": "in",
    "inches": "in",
    "zoll": "in",
    "mpx": "mp",
    "rpm": "per_min",
    "zoom": "times",
    "pct": "percent",
    "percentage": "percent",
    "watts": "w",
    "volts": "v",
    "years": "year",
    "months": "month",
    "weeks": "week",
    "days": "d",
    "hours": "h",
    "minutes": "min",
    "seconds": "s",
    "grams": "g",
}
_NAMED = {code: unit for code, unit in KNOWN.items() if code not in _NO_NAMES} | {
    word: KNOWN[code] for word, code in _FURTHER_NAMES.items()
}
