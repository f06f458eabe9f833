"""Numbers in words: "zwei Jahre", "half a liter", "un litre et demi", "sechsteilig", "pięcioletnia"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.words import Word, fold

HALF = Decimal("0.5")
_QUARTER = Decimal("0.25")
_PIECE = re.compile(r"[^\W_]+")
_LONGEST = 4  # words of a number


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number in words. `of` is what its ending counts: the code of a unit, or a word for things; "" without one."""

    start: int
    end: int
    value: Decimal
    of: str = ""


@cache
def _list(language: str) -> Mapping[str, Any]:
    lists = listed("numbers")
    return lists.get({"no": "nb", "nn": "nb", "sk": "cs"}.get(language, language)) or {}


def _forms(text: object) -> list[str]:
    return str(text).split() if text else []


@cache
def table(language: str) -> Mapping[str, Decimal]:
    """{words joined by "_": number} of a language, to a hundred."""
    rows = _list(language)
    if not rows:
        return {}
    ones = [_forms(row) for row in rows["ones"]]
    found = {form: Decimal(n) for n, forms in enumerate(ones) for form in forms}
    for at, row in enumerate(rows["tens"], start=2):
        for ten in _forms(row):
            found[ten] = Decimal(at * 10)
            for n in range(1, 20 if language == "fr" else 10):
                for one in ones[n]:
                    for form in _composed(rows, at, ten, one):
                        found.setdefault(form, Decimal(at * 10 + n))
    found |= {form: Decimal(100) for form in _forms(rows.get("hundred"))}
    found |= {form: Decimal(str(n)) for n, forms in rows.get("more", {}).items() for form in _forms(forms)}
    for tail in _forms(rows.get("glued_half")):
        found |= {f"{form}{tail}": Decimal(n) + HALF for n in range(1, 13) for form in ones[n]}
    for tail in _forms(rows.get("and_half")):
        found |= {f"{form}_{tail}": Decimal(n) + HALF for n in range(1, 13) for form in ones[n]}
    return found | dict.fromkeys(_forms(rows.get("half")), HALF)


def _composed(rows: Mapping[str, Any], at: int, ten: str, one: str) -> Iterator[str]:
    if turned := rows.get("turned"):
        yield f"{one}{turned}{ten}"
        return
    join = rows.get("join")
    yield f"{ten}_{join}_{one}" if join else f"{ten}_{one}"
    if glue := rows.get("glue", {}).get(at):
        yield f"{glue}{one}"
    if rows.get("glued"):
        yield f"{ten}{one}"
        yield f"{ten[:-1]}{one}"  # ventuno, ventotto


@cache
def _endings(language: str) -> tuple[re.Pattern[str] | None, Mapping[str, Decimal]]:
    """What matches a number grown together with what it counts, and the numbers as they stand there."""
    rows = _list(language)
    if not rows.get("endings"):
        return None, {}
    if rows.get("with"):
        before = {form: Decimal(n) for n, form in rows["with"].items()}
    else:
        before = {form: n for form, n in table(language).items() if "_" not in form and n > 0}
    heads = "|".join(sorted(map(re.escape, before), key=len, reverse=True))
    return re.compile(rf"(?P<head>{heads})(?P<of>{'|'.join(rows['endings'])})\w{{0,4}}"), before


def spelled(text: str, language: str) -> Iterator[Spelled]:
    """The numbers in words of a cleaned text, the longest first where one is in another."""
    known = table(language)
    if not known:
        return
    pattern, before = _endings(language)
    found, at = _pieces(text), 0
    while at < len(found):
        if hit := _at(text, found, at, known):
            yield hit[0]
            at += hit[1]
            continue
        if pattern and (grown := pattern.fullmatch(found[at].plain)):
            value, of = before[grown["head"]], _list(language)["endings"][grown["of"]]
            if value != 1 or of != "times":  # "einfach" is a word of its own
                yield Spelled(found[at].start, found[at].end, value, of)
        at += 1


def _pieces(text: str) -> list[Word]:
    """The words, those with an apostrophe taken apart: "d'une heure", "un'ora"."""
    return [Word(m[0], fold(m[0]), m.start(), m.end()) for m in _PIECE.finditer(text)]


def _at(text: str, found: list[Word], at: int, known: Mapping[str, Decimal]) -> tuple[Spelled, int] | None:
    for count in range(_LONGEST, 0, -1):
        some = found[at : at + count]
        if len(some) < count:
            continue
        if any(not re.fullmatch(r"[ -]", text[a.end : b.start]) for a, b in zip(some, some[1:], strict=False)):
            continue
        value = known.get("_".join(word.plain for word in some))
        if value is not None:
            return Spelled(some[0].start, some[-1].end, value), count
    return None


@cache
def _tails(language: str) -> tuple[tuple[re.Pattern[str], Decimal], ...]:
    found = []
    for name, more in (("and_half", HALF), ("and_quarter", _QUARTER)):
        if forms := [form.replace("_", r"\s+") for form in _forms(_list(language).get(name))]:
            found.append((re.compile(rf"\s+(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE), more))
    return tuple(found)


def part_more(text: str, at: int, language: str) -> tuple[int, Decimal]:
    """Where "… and a half" that follows a unit ends, and how much it is; 0 where none does."""
    for pattern, more in _tails(language):
        if match := pattern.match(text, at):
            return match.end(), more
    return 0, Decimal(0)


def tails(text: str, language: str) -> Iterator[tuple[int, int, Decimal]]:
    """Every "… and a half" of a text: its start and end, and how much it is."""
    for pattern, more in _tails(language):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), more
