"""What a text says is the only one, where a fact lists several: "for iOS only", "nur in S und M"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from governance.copywriting.claims.facts import Fact
from governance.copywriting.claims.judge import Judgement, Verdict
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.vocabulary import NAMES, Vocabulary
from governance.copywriting.claims.words import Word, words

_LISTS = listed("terms")
_ONLY = frozenset(_LISTS["only"].split())
_NOT = frozenset(_LISTS["not_it"].split()) | frozenset(_LISTS["negations"].split())
_UNTIL = frozenset(_LISTS["until"].split())
_SEVERAL = NAMES["colours"] | NAMES["technologies"] | NAMES["makers"] | NAMES["sizes"]  # one may choose among these
_NEAR, _CLAUSE = 4, 25  # words from "only" to the first of what it speaks of, and to the last
Named = dict[int, list[int]]  # {place of a word: numbers of the values it names}
_END = ".;:!?\n•|()"


def only(
    text: str, facts: Sequence[Fact], vocabularies: Sequence[Vocabulary]
) -> Iterator[tuple[int, int, str, Judgement]]:
    """Where some of the values of a fact are said to be all."""
    text_words = words(text)
    limits = [at for at, word in enumerate(text_words) if word.plain in _ONLY and not _denied(text, text_words, at)]
    if not limits:
        return
    for fact in facts:
        if len(fact.texts) < 2 or not _SEVERAL & set(fact.names):
            continue
        named: dict[int, list[int]] = {}
        for number, said in enumerate(fact.texts):
            for place in _places(text_words, said, vocabularies):
                named.setdefault(place, []).append(number)
        for at in limits:
            meant = _after(text, text_words, at, named) or _before(at, named)
            if not meant:
                continue
            numbers = {number for _, number in meant}
            if any(w.plain in _UNTIL for w in text_words[meant[0][0] : meant[-1][0]]):
                numbers = set(range(min(numbers), max(numbers) + 1))
            verdict = Verdict.SUPPORTED if len(numbers) == len(fact.texts) else Verdict.CONTRADICTED
            places = [at, *(place for place, _ in meant)]
            start, end = text_words[min(places)].start, text_words[max(places)].end
            yield start, end, "properties", Judgement(verdict, fact.key)


def _denied(text: str, text_words: Sequence[Word], at: int) -> bool:
    """ "not only": there are more."""
    before = text_words[max(0, at - 1) : at]
    return any(word.plain in _NOT and "," not in text[word.end : text_words[at].start] for word in before)


def _places(text_words: Sequence[Word], said: str, vocabularies: Sequence[Vocabulary]) -> set[int]:
    """Where a value is named: by its words (short ones, as sizes, in their case), or by another language's word."""
    value = words(said.replace("_", " "))
    short = len(said) < 4
    wanted = [word.text if short else word.plain for word in value]
    have = [word.text if short else word.plain for word in text_words]
    found = {at for at in range(len(have)) if wanted and have[at : at + len(wanted)] == wanted}
    for vocabulary in vocabularies:
        concepts = {hit.term.concept for hit in vocabulary.find(value)}
        if concepts:
            found |= {hit.first for hit in vocabulary.find(text_words) if hit.term.concept in concepts}
    return found


def _after(text: str, text_words: Sequence[Word], at: int, named: Named) -> list[tuple[int, int]]:
    """What is named after the word, up to the end of its clause, if it begins close to it."""
    found: list[tuple[int, int]] = []
    for place in range(at + 1, min(at + _CLAUSE, len(text_words))):
        if _parted(text, text_words[place - 1], text_words[place]) or (not found and place - at > _NEAR):
            break
        found += [(place, number) for number in named.get(place, ())]
    return found


def _before(at: int, named: Named) -> list[tuple[int, int]]:
    """ "iOS only": what is named right before the word and, in a list, before that."""
    found: list[tuple[int, int]] = []
    place, gaps = at - 1, 0
    while at - place < _CLAUSE and gaps < (3 if found else 1):
        gaps = 0 if place in named else gaps + 1
        found = [(place, number) for number in named.get(place, ())] + found
        place -= 1
    return found


def _parted(text: str, one: Word, other: Word) -> bool:
    return any(mark in text[one.end : other.start] for mark in _END)
