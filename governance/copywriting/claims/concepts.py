"""What an attribute measures, by the words of its name in many languages, and the words a text uses for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.words import alike, fold

_CONCEPTS = listed("concepts")
COUNTS = frozenset(
    [
        "number",
        "count",
        "quantity",
        "pieces",
        "anzahl",
        "nombre",
        "numero",
        "aantal",
        "liczba",
        "antal",
        "qty",
        "included",
    ]
)


@cache
def _words() -> tuple[tuple[str, bool, str], ...]:
    return tuple(
        (fold(word.rstrip("*")), word.endswith("*"), concept)
        for concept, row in _CONCEPTS.items()
        for word in row["words"].split()
    )


@cache
def concept_word(word: str) -> str:
    """The concept that one folded word of a text or a name speaks of, or ""."""
    for known, open_end, concept in _words():
        if word == known or (open_end and word.startswith(known)):
            return concept
    for known, _, concept in _words():
        if len(known) >= 5 and alike(known, word):
            return concept
    return ""


def concept_of(names: Iterable[str]) -> str:
    """What an attribute with these words in its name measures; the last word that says so counts most."""
    found = [concept for word in names if (concept := concept_word(word))]
    return "" if not found else "frame_rate" if "frame_rate" in found else found[-1]


def dimension_of(names: Iterable[str], concept: str) -> str:
    """The dimension that the name of an attribute implies where its value has no unit; "" if it does not say."""
    if concept:
        return str(_CONCEPTS[concept]["dimension"])
    if "time" in names:
        return "time"
    return "count" if COUNTS & set(names) else ""
