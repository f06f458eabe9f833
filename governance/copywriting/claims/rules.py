"""Rule packs: words and patterns that a market, a channel or a brand forbids or wants proved.

The shipped packs are `packs/*.yaml`, each with its source. A term matches in any case, with or without
accents, hyphens and spaces, spaced out, and with the digits and signs people write in place of letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from governance.copywriting.claims.terms import NEGATIONS
from governance.copywriting.claims.words import fold, words

HERE = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True)
class Near:
    """Two kinds of words that make a claim together: one of `first`, then one of `then` within so many characters of
    the same sentence, or (`either`) the other way round. Over folded text; in the order of how often they are there:
    `then` is looked for first, so it is the rarer kind. Without `first`, one of `then` alone is enough."""

    first: re.Pattern[str] | None
    then: re.Pattern[str]
    within: int
    either: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """`severity` is block or warn. `unless` names certificates (vocabulary) that prove it, `proofs` facts whose mere
    presence does, `only` the kinds of text. One that `demands` is broken where none of its terms is there. A `topic` is
    one to speak of only where the facts themselves name it."""

    pack: str
    code: str
    severity: str
    message: str
    terms: tuple[str, ...]
    pattern: re.Pattern[str] | None
    raw: re.Pattern[str] | None
    unless: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    demands: bool = False
    near: tuple[Near, ...] = ()
    topic: bool = False


@dataclass(frozen=True, slots=True)
class Offence:
    start: int
    end: int
    rule: Rule


def shipped_packs() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.yaml"))


@cache
def pack(code: str) -> tuple[Rule, ...]:
    """The rules of a shipped pack. Raises LookupError for a code that is none."""
    path = HERE / f"{code}.yaml"
    if code not in shipped_packs():
        raise LookupError(f"There is no rule pack “{code}”. Known: {', '.join(shipped_packs())}.")
    return read_pack(code, yaml.safe_load(path.read_text(encoding="utf-8")))


def read_pack(code: str, given: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a pack's document. Terms of all its languages count in every text: copy mixes languages.

    Raises ValueError naming the rule for a severity that is none or a pattern that cannot be read.
    """
    rules = []
    for row in given.get("rules", ()):
        name = f"{code}: {row.get('code', 'a rule without code')}"
        if row.get("severity") not in ("block", "warn"):
            raise ValueError(f"{name}: the severity is block or warn.")
        terms = tuple(term for listed in (row.get("terms") or {}).values() for term in listed)
        try:
            raw = re.compile("|".join(f"(?:{p})" for p in row["patterns"])) if row.get("patterns") else None
        except re.error as error:
            raise ValueError(f"{name}: the pattern cannot be read: {error}.") from error
        near = tuple(_near(each, name) for each in row.get("near", ()))
        if not terms and raw is None and not near:
            raise ValueError(f"{name}: it has neither terms nor patterns.")
        pattern = re.compile(_any_of(terms)) if terms else None
        rules.append(
            Rule(
                code,
                row["code"],
                row["severity"],
                row.get("message", ""),
                terms,
                pattern,
                raw,
                tuple(row.get("unless", ())),
                tuple(row.get("only", ())),
                tuple(row.get("proofs", ())),
                bool(row.get("demands", False)),
                near,
                bool(row.get("topic", False)),
            )
        )
    return tuple(rules)


def _near(given: Mapping[str, Any], name: str) -> Near:
    first, then = given.get("first"), given.get("then")
    if not then:
        raise ValueError(f"{name}: what is near needs words “then”, and mostly words that come “first”.")
    return Near(
        _stems(first) if first else None, _stems(then), int(given.get("within", 30)), bool(given.get("either", False))
    )


def _stems(listed: Mapping[str, Sequence[str]] | Sequence[str]) -> re.Pattern[str]:
    """Any of these words, of all languages, over folded text; "…*" with any ending, "*…" behind any beginning, "*"
    between words for any one word."""
    stems = [s for each in listed.values() for s in each] if isinstance(listed, Mapping) else list(listed)
    groups: dict[str, list[str]] = {}
    inside: list[str] = []
    for stem in sorted(set(stems), key=len, reverse=True):
        parts = stem.strip("*").replace("’", "'").split()
        body = r"[\s-]+".join(_word(part) for part in parts)
        body += r"[\s-]+[^\W_]+" if stem.endswith(" *") else r"[^\W_]*" if stem.endswith("*") else r"(?![^\W_])"
        (inside if stem.startswith("*") else groups.setdefault(fold(stem)[0], [])).append(body)
    starts = [f"(?={re.escape(letter)})(?:{'|'.join(bodies)})" for letter, bodies in groups.items()]
    return re.compile("|".join(([rf"(?<![^\W_])(?:{'|'.join(starts)})"] if starts else []) + inside))


def _word(part: str) -> str:
    if part == "*":
        return r"[^\W_]+"
    return re.escape(fold(part.rstrip("*"))) + (r"[^\W_]*" if part.endswith("*") else "")


_LIKE = {"a": "a4@", "e": "e3€", "i": "i1!|", "l": "l1|", "o": "o0", "s": "s5$", "t": "t7+", "b": "b8", "g": "g9"}
_ENDING = r"[^\W_]*(?:[^\w][^\W_]){0,3}?"  # of a word, spaced out as well


def _any_of(terms: Sequence[str]) -> str:
    """Any of the terms at the start of a word, grouped by first letters, so that most words are passed at once."""
    groups: dict[str, list[str]] = {}
    for term in sorted(terms, key=len, reverse=True):
        first = fold(term)[0]
        groups.setdefault(_LIKE.get(first, first), []).append(_term_pattern(term))
    each = [f"(?=[{re.escape(letters)}])(?:{'|'.join(patterns)})" for letters, patterns in groups.items()]
    return r"(?<![^\W_])(?:" + "|".join(each) + ")"


def _term_pattern(term: str) -> str:
    """A term as a pattern over folded text."""
    parts = [part for part in re.split(r"[\s'’-]+", term) if part]
    body = r"[\W_]{0,3}".join(
        _word_pattern(re.findall(r"[^\W_]", fold(part))) + (_ENDING if part.endswith("*") else "") for part in parts
    )
    return body + ("" if parts[-1].endswith("*") else r"(?![^\W_])")


def _word_pattern(letters: Sequence[str]) -> str:
    """The letters in a row, or parted by one sign or space: long words anywhere, short ones only at every letter."""
    each = [f"[{re.escape(_LIKE[x])}]" if x in _LIKE else re.escape(x) for x in letters]
    if len(each) >= 8:
        return r"[^\w]?".join(each)
    apart = r"[^\w]".join(each)
    return f"(?:{''.join(each)}|{apart})" if len(each) > 1 else "".join(each)


def offences(text: str, rules: Sequence[Rule], *, kind: str = "") -> Iterator[Offence]:
    """Where a cleaned text breaks the rules. `kind` is what the text is (title, description, bullet).

    What the text denies ("not biodegradable") breaks none. What it lacks is an offence at its end, without a letter.
    """
    folded, place = _folded(text)
    told: dict[str, list[tuple[int, int]]] = {}  # by pack: what stands near to each other tells nothing twice
    for rule in rules:
        if rule.only and kind not in rule.only:
            continue
        if rule.demands:
            if not (rule.pattern and rule.pattern.search(folded)):
                yield Offence(len(text), len(text), rule)
            continue
        found: list[tuple[int, int]] = []  # what a pattern finds again in a term is one offence
        others = told.setdefault(rule.pack, [])
        if rule.pattern:
            for match in rule.pattern.finditer(folded):
                start, end = place[match.start()], place[match.end() - 1] + 1
                found.append((start, end))
                if not _denied(text, start):
                    yield Offence(start, end, rule)
        for match in rule.raw.finditer(text) if rule.raw else ():
            if not any(match.start() < end and start < match.end() for start, end in found):
                found.append(match.span())
                yield Offence(match.start(), match.end(), rule)
        for begins, ends in _pairs(folded, rule.near):
            start, end = place[begins], place[ends - 1] + 1
            if rule.topic and any(_together(text, span, (start, end)) for span in others):
                continue  # what is claimed in the sentence is told already
            if not any(start < other and at < end for at, other in (*found, *others)) and not _denied(text, start):
                found.append((start, end))
                yield Offence(start, end, rule)
        others += found


_END = re.compile(r"[.!?\n](?=\s|$)|\n")


def _pairs(folded: str, near: Sequence[Near]) -> Iterator[tuple[int, int]]:
    """Where two kinds of words stand together."""
    for each in near:
        for match in each.then.finditer(folded):
            start, end = match.span()
            if each.first is None:
                yield start, end
                continue
            before = _END.split(folded[max(0, start - each.within) : start])[-1]
            if begun := next(each.first.finditer(before), None):
                yield start - len(before) + begun.start(), end
            elif each.either:
                behind = _END.split(folded[end : end + each.within])[0]
                if begun := each.first.search(behind):
                    yield start, end + begun.end()


def _together(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two places are of one sentence."""
    return not _END.search(text, min(one[1], other[1]), max(one[0], other[0]))


def _denied(text: str, start: int) -> bool:
    said = text[max(0, start - 30) : start].rpartition(".")[2]
    last = words(said)[-2:]
    return any(
        word.plain in NEGATIONS and said[word.end : word.end + 1] != "-" for word in last
    )  # "non-toxic" denies no more


def _folded(text: str) -> tuple[str, Sequence[int]]:
    if text.isascii():  # letter by letter the same, but for its case
        return text.lower(), range(len(text))
    letters: list[str] = []
    place: list[int] = []
    for at, character in enumerate(text):
        for letter in fold(character) if character.isalpha() else character:
            letters.append(letter)
            place.append(at)
    return "".join(letters), place
