"""Words of closed vocabularies: materials, colours, properties, certificates, technologies, countries of origin.

The lists are in `vocabulary/*.yaml`, one concept a line with its words in many languages; countries come from
CLDR, and their regions from `lexicon/regions.yaml`. A caller adds its own, such as the brands of its catalogue
or the options of an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError

from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.words import Word, fold, words

HERE = Path(__file__).parent / "vocabulary"
_LISTS = listed("terms")
# Words of an attribute's name that say of which vocabulary its values are.
NAMES = {kind: frozenset(text.split()) for kind, text in _LISTS["names"].items()}


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, folded. `open_end` takes endings, `exact` wants its case, `doubtful` needs context."""

    words: tuple[str, ...]
    concept: str
    vocabulary: str
    open_end: bool = False
    exact: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A term in a text: the words from `first` to before `last`."""

    term: Term
    first: int
    last: int
    start: int
    end: int


_NONE: Mapping[str, str] = {}
IDIOM = "idiom"


class Vocabulary:
    """Terms to find in texts, which concept is a kind of which, and which is the opposite of which."""

    def __init__(self, terms: Sequence[Term], kinds: Mapping[str, str], opposites: Mapping[str, str] = _NONE) -> None:
        self.kinds, self.opposites = dict(kinds), dict(opposites)
        self._closed: dict[str, list[Term]] = {}
        self._open: dict[str, list[Term]] = {}
        for term in terms:
            first = term.words[0]
            if len(term.words) == 1 and term.open_end:
                self._open.setdefault(first[:3], []).append(term)
            else:
                self._closed.setdefault(first, []).append(term)
                if len(term.words) == 1 and len(first) >= 5 and not term.exact:
                    self._open.setdefault(first[:3], []).append(term)

    def find(self, text_words: Sequence[Word]) -> Iterator[Hit]:
        """The terms in order; of overlapping ones the longest."""
        at = 0
        while at < len(text_words):
            hits = sorted(self._at(text_words, at), key=lambda hit: hit.last, reverse=True)
            longest = [hit for hit in hits if hit.last == hits[0].last]
            yield from {hit.term.concept: hit for hit in longest}.values()
            at = longest[0].last if longest else at + 1

    def _at(self, text_words: Sequence[Word], at: int) -> Iterator[Hit]:
        word = text_words[at]
        for term in self._closed.get(word.plain, ()):
            last = at + len(term.words)
            if tuple(w.plain for w in text_words[at:last]) == term.words and term.exact in ("", word.text):
                yield Hit(term, at, last, word.start, text_words[last - 1].end)
        shade = _SHADE.match(word.plain)
        for term in self._closed.get(word.plain[shade.end() :], ()) if shade else ():
            if term.vocabulary == "colours" and len(term.words) == 1:  # "dunkelroten"
                yield Hit(term, at, at + 1, word.start, word.end)
        for term in self._open.get(word.plain[:3], ()):
            known, more = term.words[0], len(word.plain) - len(term.words[0])
            inflected = term.open_end or 0 < more <= 2
            if inflected and word.plain.startswith(known) and word.plain not in _OTHERS:
                yield Hit(term, at, at + 1, word.start, word.end)

    def covers(self, fact: str, stated: str) -> bool:
        """Whether what a fact says is, or is a kind of, what the text says."""
        while fact:
            if fact == stated:
                return True
            fact = self.kinds.get(fact, "")
        return False


_SHADE = re.compile("|".join(_LISTS["shades"].split()))
_OTHERS = frozenset(_LISTS["others"].split())  # look like forms of a term, and are words of their own


@cache
def _rows() -> dict[str, dict[str, dict[str, Any]]]:
    """{vocabulary: {concept: row}}, read once for all languages."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.yaml"))}


@cache
def shipped(language: str) -> Vocabulary:
    """The vocabularies of the hub with the names of countries in English and one more language."""
    terms: list[Term] = []
    kinds: dict[str, str] = {}
    opposites: dict[str, str] = {}
    for kind, rows in _rows().items():
        for concept, row in rows.items():
            name = f"{kind}:{concept}"
            if row.get("of"):
                kinds[name] = f"{kind}:{row['of']}"
            if row.get("opposite"):
                opposites[name] = f"{kind}:{row['opposite']}"
            terms += [
                _term(word, f"{kind}:{fold(word)}" if row.get("each") else name, kind)
                for word, _, only in (each.partition("@") for each in row["words"].split())
                if only in ("", language)
            ]
    for code in dict.fromkeys(("en", language)):
        try:
            territories = Locale.parse(code).territories
        except (UnknownLocaleError, ValueError):
            continue
        terms += [
            Term(tuple(w.plain for w in words(name)), f"origin:{key}", "origin", open_end=len(name) >= 5, doubtful=True)
            for key, name in territories.items()
            if len(key) == 2 and key.isalpha() and words(name)
        ]
    for country, regions in listed("regions").items():
        for region in map(_region, regions.split()):
            terms.append(region)
            kinds[region.concept] = f"origin:{country}"
    idioms = [_term(each, IDIOM, IDIOM) for each in str(listed("idioms").get(language, "")).split()]
    return Vocabulary([*terms, *_PEOPLES, *idioms], kinds, opposites)


def _region(written: str) -> Term:
    name = written.rstrip("*")
    parts = tuple(fold(part) for part in name.split("_"))
    return Term(parts, f"origin:{name}", "origin", open_end=written.endswith("*"), doubtful=True)


def of_caller(lists: Mapping[str, Sequence[str]]) -> Vocabulary:
    """A vocabulary from plain lists of names: {"brands": ["Acme", …]}."""
    return Vocabulary(
        [
            Term(tuple(w.plain for w in words(name)), f"{kind}:{fold(name)}", kind)
            for kind, names in lists.items()
            for name in names
            if words(name)
        ],
        {},
    )


def _term(written: str, concept: str, vocabulary: str) -> Term:
    doubtful = written.startswith("?")
    word = written.lstrip("?")
    text = word.rstrip("*")
    exact = (
        text
        if text.isupper() and len(text) <= 4 or text in {"RoHS", "iOS", "Demeter", "REACH", "COSMOS", "BLUESIGN"}
        else ""
    )
    return Term(
        tuple(w.plain for part in text.split("_") for w in words(part)),
        concept,
        vocabulary,
        word.endswith("*"),
        exact,
        doubtful,
    )


# Words for what comes from a country, read as its origin where the text or a fact speaks of one.
_PEOPLES = [
    Term((stem,), f"origin:{code}", "origin", open_end=True, doubtful=True)
    for code, stems in _LISTS["peoples"].items()
    for stem in stems.split()
]
