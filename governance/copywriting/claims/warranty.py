"""A warranty for life, where the facts give it an end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from governance.copywriting.claims.concepts import concept_word
from governance.copywriting.claims.facts import Fact
from governance.copywriting.claims.judge import Judgement, Verdict
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.words import Word, words

_LIFELONG = frozenset(listed("terms")["lifelong"].split())
_NEAR = 3  # words between "lifetime" and "warranty"


def lifelong(text: str, facts: Sequence[Fact]) -> Iterator[tuple[int, int, str, Judgement]]:
    """Where a text promises a warranty without an end."""
    text_words = words(text)
    for at, word in enumerate(text_words):
        if concept_word(word.plain) != "warranty":
            continue
        near = text_words[max(0, at - _NEAR) : at + _NEAR + 1]
        if said := _said(near):
            told = next((fact for fact in facts if fact.concept == "warranty"), None)
            same = told is not None and any(_said(words(each)) for each in told.texts)
            verdict = Verdict.SUPPORTED if same else Verdict.CONTRADICTED if told else Verdict.UNSUPPORTED
            start, end = min(said.start, word.start), max(said.end, word.end)
            yield start, end, "properties", Judgement(verdict, told.key if told else "")


def _said(near: Sequence[Word]) -> Word | None:
    """The last of the words that say "for life"."""
    for at, word in enumerate(near):
        forms = {"_".join(each.plain for each in near[max(0, at - n) : at + 1]) for n in (0, 1, 2)}
        if forms & _LIFELONG:
            return word
    return None
