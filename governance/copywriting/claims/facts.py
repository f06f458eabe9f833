"""Facts as the checker sees them: amounts with units, ranges, words, yes and no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from governance.copywriting.claims.concepts import COUNTS, concept_of, dimension_of
from governance.copywriting.claims.counted import things
from governance.copywriting.claims.dates import Day, dates
from governance.copywriting.claims.numerals import Numeral, Reading, numerals
from governance.copywriting.claims.units import KNOWN, Unit, named, unit_after, unit_of
from governance.copywriting.claims.words import cleaned, fold, words
from pimhub.foundation.jsonvalue import JSON

_UNIT_SUFFIX = re.compile(r"[-_ ](?:unit|units|uom|einheit|unité|unidad|jednotka)$", re.IGNORECASE)
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_YES = {"true", "yes", "ja", "oui", "si", "ano", "tak", "sim", "sí", "evet", "da"}
_NO = {"false", "no", "nein", "non", "ne", "nie", "não", "nej", "hayir", "nu"}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number a fact gives. Without `unit`, `dimension` may still be known from the fact's name; "" is unknown."""

    value: Decimal
    unit: Unit | None
    dimension: str
    step: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `names` are the folded words of its key and labels, `concept` is what it measures."""

    key: str
    names: tuple[str, ...]
    concept: str
    amounts: tuple[Amount, ...] = ()
    texts: tuple[str, ...] = ()
    tokens: frozenset[str] = field(default_factory=frozenset)
    yes: bool | None = None
    dates: tuple[Day, ...] = ()
    heads: frozenset[str] = frozenset()  # the last words of its names: what a number of it counts
    things: frozenset[str] = frozenset()  # the same in no language


def read_facts(
    given: Mapping[str, JSON], *, locale: str, labels: Mapping[str, Sequence[str]] | None = None
) -> list[Fact]:
    """The facts of a product by key: texts, numbers, lists, {"amount", "unit"}, yes and no.

    A key such as `weight-unit` gives the unit of `weight`. `labels` are further names of a key, in any language.
    """
    units = {_UNIT_SUFFIX.sub("", key): value for key, value in given.items() if _UNIT_SUFFIX.search(key)}
    found = [
        _fact(key, value, locale, units.get(key), (labels or {}).get(key, ()))
        for key, value in given.items()
        if not _UNIT_SUFFIX.search(key) and value not in (None, "", [], {})
    ]
    return [*found, *(each for key, value in given.items() if isinstance(value, list) for each in _counts(key, value))]


_COUNT = re.compile(r"(\d{1,3})\s*[x×]?\s+(?=[^\W\d_]{3})(.+)")


def _counts(key: str, items: Iterable[JSON]) -> Iterable[Fact]:
    """What a list says how many there are of: ["1 charger", "2 batteries"]."""
    for item in items:
        match = _COUNT.fullmatch(item.strip()) if isinstance(item, str) else None
        plain = [word.plain for word in words(match[2])] if match else []
        if match and plain and not unit_of(plain[0], "en"):
            amount = Amount(Decimal(match[1]), None, "count")
            yield Fact(key, (plain[-1],), "", (amount,), heads=frozenset({plain[-1]}), things=things(plain[-1]))


def _fact(key: str, value: JSON, locale: str, unit: JSON, labels: Sequence[str]) -> Fact:
    plain_key = key.partition("@")[0]
    names = tuple(dict.fromkeys(w.plain for text in (plain_key.replace("_", " "), *labels) for w in words(text)))
    concept, dimension = concept_of(names), ""
    given = _unit(unit) or _bracketed(plain_key) or named(words_of_key(plain_key))
    dimension = given.dimension if given else dimension_of(names, concept)
    amounts: list[Amount] = []
    texts: list[str] = []
    yes: bool | None = None
    for each in _flat(value):
        if isinstance(each, bool):
            yes = each
        elif isinstance(each, Mapping):
            amounts += _measured(each)
        elif isinstance(each, (int, float, Decimal)):
            amounts.append(_amount(Decimal(str(each)), given, dimension))
        else:
            text = str(each).strip()
            texts.append(text)
            amounts += _in_text(text, locale, given, dimension)
            yes = True if fold(text) in _YES else False if fold(text) in _NO else yes
    tokens = frozenset(w.plain for text in texts for w in words(text.replace("_", " ")))
    language = locale.split("_")[0]
    days = tuple(day for text in texts if len(text) <= 40 for found in dates(text, language) for day in found.days)
    named_as = [words(text) for text in (plain_key.replace("_", " "), *labels)]
    counted = [[word.plain for word in found if word.plain not in COUNTS] for found in named_as]
    heads = frozenset(found[-1] for found in counted if found)
    of = frozenset(thing for head in heads for thing in things(head))
    return Fact(key, names, concept, tuple(amounts), tuple(texts), tokens, yes, days, heads, of)


_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]{1,12}?)\s*[)\]]")


def _bracketed(key: str) -> Unit | None:
    """The unit that a key names in brackets: "Weight (lbs)"."""
    return next((unit for match in _BRACKETS.finditer(key) if (unit := _unit(match[1]))), None)


def words_of_key(key: str) -> list[str]:
    return [each.plain for each in words(re.sub(r"([a-z])([A-Z])", r"\1 \2", key).replace("_", " "))]


def _flat(value: JSON) -> Iterable[JSON]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _flat(each)
    elif isinstance(value, Mapping) and "amount" not in value and "value" not in value:
        for each in value.values():
            yield from _flat(each)
    else:
        yield value


def _unit(text: JSON) -> Unit | None:
    return unit_of(str(text).strip(), "en") or unit_of(str(text).strip().lower(), "en") if text else None


def _measured(value: Mapping[str, JSON]) -> list[Amount]:
    try:
        amount = Decimal(str(value.get("amount", value.get("value"))))
    except InvalidOperation:
        return []
    if not amount.is_finite():
        return []
    code = str(value.get("unit") or "")
    return [_amount(amount, KNOWN.get(code) or _unit(code), "")]


def _amount(value: Decimal, unit: Unit | None, dimension: str) -> Amount:
    exponent = value.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return Amount(value, unit, unit.dimension if unit else dimension, Decimal(1).scaleb(-places))


def _in_text(text: str, locale: str, unit: Unit | None, dimension: str) -> list[Amount]:
    """The numbers of a value that is text: one exact number, or several with units ("AC 100-240 V, 50/60 Hz")."""
    if date := _DATE.match(text):
        return [Amount(Decimal(date[1]), None, "year"), Amount(Decimal(int(date[3])), None, "day")]
    if _NUMBER.fullmatch(text):  # a machine's number: always with a decimal point
        return [_amount(Decimal(text), unit, dimension)]
    clean = cleaned(text.replace("_", " ")).text
    language = locale.split("_")[0]
    found: list[tuple[Reading, Unit | None]] = []
    for numeral in numerals(clean, locale):
        after = unit_after(clean, numeral.end, language)
        found += [(reading, after.unit if after else None) for reading in _signed(numeral)[:1]]
    shared: Unit | None = None
    amounts: list[Amount] = []
    for reading, own in reversed(found):  # of "10 x 20 cm" the unit is said once, at the end
        shared = own or shared
        used = own or shared or unit
        amounts.append(Amount(reading.value, used, used.dimension if used else dimension, reading.step))
    return amounts[::-1]


def _signed(numeral: Numeral) -> list[Reading]:
    return [Reading(-r.value, r.step) if numeral.negative else r for r in numeral.readings]
