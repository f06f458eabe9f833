"""What a value of ours probably is on the channel, best first, each with the reason."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHOWN = 3
SHIPPED, ELSEWHERE, SAME, NEIGHBOURS, SIMILAR = 1.2, 1.1, 1.0, 0.6, 0.5
_LEAST = 0.25  # of the words in common
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the channel: its value, what people call it (a path, of a category), and its names in all languages."""

    value: str
    label: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    value: str
    label: str
    reason: str
    score: float


def suggestions(
    values: Mapping[str, Sequence[str]],
    parents: Mapping[str, str],
    table: Mapping[str, str],
    terms: Sequence[Term],
    hints: Mapping[str, Sequence[Suggestion]],
) -> dict[str, list[Suggestion]]:
    """For each value without a word, by its names: hints, the same name, what its neighbours are, similar names."""
    by_value = {term.value: term for term in terms}
    index: dict[str, set[int]] = defaultdict(set)
    words = [[_words(name) for name in (term.names or (term.label,))] for term in terms]
    for number, known in enumerate(words):
        for word in {w for name in known for w in name}:
            index[word].add(number)
    chosen: dict[str, Counter[str]] = defaultdict(Counter)
    for code, value in table.items():
        if parents.get(code):
            chosen[parents[code]][value] += 1
    found: dict[str, list[Suggestion]] = {}
    for code, names in values.items():
        if code in table:
            continue
        ranked = list(hints.get(code, ()))
        ranked += _by_name([_words(name) for name in names], terms, words, index)
        for value, n in chosen[parents.get(code, "")].most_common(SHOWN) if parents.get(code) else ():
            label = by_value[value].label if value in by_value else value
            reason = f"as {n} neighbour{'s' * (n != 1)}"
            ranked.append(Suggestion(value, label, reason, NEIGHBOURS + min(n, 30) / 100))
        best: dict[str, Suggestion] = {}
        for each in sorted(ranked, key=lambda each: (-each.score, len(each.label), each.label)):
            best.setdefault(each.value, each)
        found[code] = list(best.values())[:SHOWN]
    return found


def _by_name(
    ours: Sequence[frozenset[str]],
    terms: Sequence[Term],
    words: Sequence[Sequence[frozenset[str]]],
    index: Mapping[str, set[int]],
) -> list[Suggestion]:
    near = {number for name in ours for word in name for number in index.get(word, ())}
    found = []
    for number in near:
        common = max((len(a & b) / len(a | b) for a in ours for b in words[number] if a and b), default=0.0)
        if common == 1:
            found.append(Suggestion(terms[number].value, terms[number].label, "the same name", SAME))
        elif common >= _LEAST:
            found.append(Suggestion(terms[number].value, terms[number].label, "a similar name", SIMILAR * common))
    return found


def _words(text: str) -> frozenset[str]:
    """Words as they are compared: without case, and without the s of a plural."""
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") else word for word in _WORD.findall(text.casefold())
    )
