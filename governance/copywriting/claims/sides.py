"""Which side of a thing a measure is said to be: "85 x 60 x 35 cm (B x H x T)", "12″ W x 24″ D", "L 45 x P 40"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.words import fold

_LABEL = r"[^\W\d_]{1,6}\.?"
_TIMES = r"\s*[x×*/]\s*"
_FAR = 60  # characters between measures and their labels, with these
_ROW = re.compile(rf"(?<![^\W_]){_LABEL}(?:{_TIMES}{_LABEL}){{1,2}}(?![^\W_])", re.IGNORECASE)
_JOIN = re.compile(rf"{_TIMES}(?:{_LABEL}:?\s*)?", re.IGNORECASE)
_BEFORE_ROW, _AFTER_ROW = re.compile(r"\s*[(\[,;:]?\s*"), re.compile(r"\s*[)\]]?\s*[:=]?\s*")
_AHEAD = re.compile(rf"(?<![^\W_])({_LABEL})\s*[:=]?\s*$")
_BEHIND = re.compile(rf"\s*\(?({_LABEL})\)?(?=\s*(?:[x×*/,.;)]|$))", re.IGNORECASE)


class Placed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@cache
def _letters(language: str) -> dict[str, frozenset[str]]:
    return {letter: frozenset(sides.split()) for letter, sides in listed("sides").get(language, {}).items()}


def is_label(word: str, language: str) -> bool:
    return fold(word.rstrip(".")) in _letters(language)


def sides(text: str, amounts: Sequence[Placed], language: str) -> dict[int, frozenset[str]]:
    """{start of an amount: the concepts it may be}, of those whose side is said."""
    found: dict[int, frozenset[str]] = {}
    for row in _rows(text, amounts):
        labels = _beside(text, row, language) or _each(text, row, language)
        if len(labels) == len(row):
            found |= dict(zip((each.start for each in row), _meant(labels, language), strict=True))
    return found


def _rows(text: str, amounts: Sequence[Placed]) -> list[list[Placed]]:
    """Amounts with nothing but "x" (and a label) between them."""
    rows: list[list[Placed]] = []
    for each in amounts:
        between = text[rows[-1][-1].end : each.start] if rows else ""
        labelled = _BEHIND.sub("", between, count=1) if between else ""
        if rows and (_JOIN.fullmatch(between) or _JOIN.fullmatch(labelled)):
            rows[-1].append(each)
        else:
            rows.append([each])
    return [row for row in rows if len(row) in (2, 3)]


def _beside(text: str, row: Sequence[Placed], language: str) -> list[str]:
    """The labels of a row of their own, right behind the measures or right before them."""
    for match in _ROW.finditer(text, max(0, row[0].start - _FAR), row[-1].end + _FAR):
        labels = re.split(_TIMES, match[0])
        if len(labels) != len(row) or not all(is_label(label, language) for label in labels):
            continue
        behind = match.start() >= row[-1].end and _BEFORE_ROW.fullmatch(text[row[-1].end : match.start()])
        before = match.end() <= row[0].start and _AFTER_ROW.fullmatch(text[match.end() : row[0].start])
        if behind or before:
            return labels
    return []


def _each(text: str, row: Sequence[Placed], language: str) -> list[str]:
    """The labels that stand before each measure, or behind each."""
    ahead = [_AHEAD.search(text[max(0, each.start - 12) : each.start]) for each in row]
    behind = [_BEHIND.match(text, each.end) for each in row]
    for found in (ahead, behind):
        labels = [match[1] for match in found if match]
        if len(labels) == len(row) and all(is_label(label, language) for label in labels):
            return labels
    return []


def _meant(labels: Sequence[str], language: str) -> list[frozenset[str]]:
    """In French the longer side is L where the shorter one is l."""
    plain = [label.rstrip(".") for label in labels]
    if {"L", "l"} <= set(plain):
        return [
            frozenset({"length"}) if label == "L" else frozenset({"width"}) if label == "l" else known
            for label, known in zip(plain, (_letters(language)[fold(each)] for each in plain), strict=True)
        ]
    return [_letters(language)[fold(label)] for label in plain]
