"""What a product contains or comes with, held against facts such as `fragrance_free` or `plug_included`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from governance.copywriting.claims.facts import Fact
from governance.copywriting.claims.judge import Judgement, Verdict
from governance.copywriting.claims.lists import listed
from governance.copywriting.claims.terms import NEGATIONS
from governance.copywriting.claims.words import Word, alike, fold, words

_LISTS = listed("contents")
_FREE = frozenset(_LISTS["free"].split())
_WITH = frozenset(_LISTS["with"].split())
_INCLUDED = tuple(fold(stem) for stem in _LISTS["included"].replace("*", "").split())
_NEEDS = frozenset(_LISTS["needs"].split())
_NEEDED = tuple(_LISTS["needed"].split())
_APART = frozenset(_LISTS["apart"].split())
_NOT = frozenset(_LISTS["not"].split())
_NEAR = 4  # words between "with" or "without" and the thing


@cache
def _stems() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((thing, tuple(fold(stem) for stem in stems.split())) for thing, stems in _LISTS["things"].items())


@cache
def _thing(word: str) -> str:
    """The thing that a folded word names in one of many languages, or ""."""
    return next((thing for thing, stems in _stems() if word.startswith(stems)), "")


def contents(text: str, facts: Sequence[Fact]) -> Iterator[tuple[int, int, str, Judgement]]:
    """Where a text says that something is in the product, or is not: a mere mention says neither."""
    told = [(fact, asked) for fact in facts if fact.yes is not None and (asked := _asked(fact)) is not None]
    told += [(fact, asked) for fact in facts for asked in _listed_as_missing(fact)]
    text_words = words(text)
    named = {_thing(word) for fact in facts for word in (*fact.names, *fact.tokens)}
    for at, word in enumerate(text_words):
        thing = _thing(word.plain)
        if thing in _SUBSTANCES and thing not in named:
            said = _said(text, text_words, at, _NOWHERE) or _said_free(text, text_words, at)
            if said is not None and not said[2]:
                yield word.start, max(said[1], word.end), "properties", Judgement(Verdict.UNSUPPORTED)
                continue
        for fact, asked in told:
            if not any(_same(name, word.plain) for name in asked.about):
                continue
            said = (
                _said_free(text, text_words, at)
                or _said(text, text_words, at, asked)
                or _said_after(text, text_words, at, asked)
            )
            if said is not None:
                start, end, so = said
                verdict = Verdict.SUPPORTED if so == asked.there else Verdict.CONTRADICTED
                yield start, end, "properties", Judgement(verdict, fact.key)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a fact is about, and whether it is there, or needed; the words that say so before the thing and after it."""

    about: list[str]
    there: bool
    before: frozenset[str] = _WITH
    after: tuple[str, ...] = _INCLUDED


def _asked(fact: Fact) -> _Asked | None:
    """None for a fact that is about something else."""
    if fact.yes is None:
        return None
    needs = [name for name in fact.names if name in _NEEDS or name.startswith(_NEEDED)]
    about = [name for name in fact.names if name not in _FREE and name not in _WITH and name not in needs]
    if not about:
        return None
    if needs:
        return _Asked(about, fact.yes, _NEEDS, _NEEDED)
    if any(name in _FREE for name in fact.names):
        return _Asked(about, not fact.yes)
    return _Asked(about, fact.yes) if any(name in _WITH for name in fact.names) else None


def _listed_as_missing(fact: Fact) -> Iterator[_Asked]:
    """What a list such as `not_included` names is not in the box."""
    names = set(fact.names)
    if fact.texts and names & NEGATIONS and any(name.startswith(_INCLUDED) for name in names):
        for said in fact.texts:
            if found := [word.plain for word in words(said)]:
                yield _Asked([found[0], found[-1]], False)  # the thing is called last, or first in Romance languages


_SUBSTANCES = frozenset(_LISTS["substances"].split())
_NOWHERE = _Asked([], True)  # what no fact speaks of


def _said_free(text: str, text_words: Sequence[Word], at: int) -> tuple[int, int, bool] | None:
    """ "PFAS-vrij", "sugar free", "zuckerfrei"."""
    word = text_words[at]
    if word.plain.endswith(("frei", "freie", "freies", "freier", "vrij", "vrije", "fri", "fritt", "fria")):
        return word.start, word.end, False
    after = text_words[at + 1] if at + 1 < len(text_words) else None
    if after and after.plain in _FREE and text[word.end : after.start] in ("-", " "):
        return word.start, after.end, False
    return None


def _same(name: str, word: str) -> bool:
    thing = _thing(name)
    return (bool(thing) and _thing(word) == thing) or (len(name) > 2 and alike(name, word))


def _said(text: str, text_words: Sequence[Word], at: int, asked: _Asked) -> tuple[int, int, bool] | None:
    """Where the statement lies and whether it says that the thing is there; None where it says neither."""
    for before in reversed(text_words[max(0, at - _NEAR) : at]):
        if any(mark in text[before.end : text_words[at].start] for mark in ".,;:!?\n"):
            return None
        if before.plain in NEGATIONS or before.plain in _FREE:
            return before.start, text_words[at].end, False
        if before.plain in asked.before:
            others = text_words[max(0, at - _NEAR - 1) : at]
            so = not any(w.plain in NEGATIONS for w in others if w.start < before.start)
            return before.start, text_words[at].end, so
    return None


def _said_after(text: str, text_words: Sequence[Word], at: int, asked: _Asked) -> tuple[int, int, bool] | None:
    """The same where the statement follows the thing: "Piles non fournies", "Batterien sind nicht enthalten"."""
    start, so = text_words[at].start, True
    for after in text_words[at + 1 : at + 2 + _NEAR]:
        if any(mark in text[text_words[at].end : after.start] for mark in ".,;:!?\n"):
            return None
        if after.plain in NEGATIONS:
            so = False
        elif after.plain in _APART and asked.after is _INCLUDED:
            return start, after.end, False
        elif after.plain.startswith(asked.after):
            following = [w for w in text_words if w.start > after.start][:1]  # "ingår ej"
            denied = [w for w in following if w.plain in _NOT and text[after.end : w.start] == " "]
            return start, denied[0].end if denied else after.end, so and not denied
    return None
