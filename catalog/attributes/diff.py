"""What changed between two sets of values, word by word where it is text, and how changes are merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from typing import Literal

from pimhub.foundation.jsonvalue import JSON, canonical

WORD_DIFF_LIMIT = 20_000  # characters of old and new together; beyond, comparing takes too long for a page
_WORD = re.compile(r"\s+|\d+(?:[.,]\d+)+|\w+|[^\w\s]")  # a number is one word, with its decimals
Operation = Literal["equal", "delete", "insert"]


class Absent(Enum):
    """`ABSENT` = no such key (inherited), as opposed to None = deliberately empty."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


def diff_values(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> dict[str, list[JSON]]:
    """{value key: [old, new]} of what differs, sorted by key. An absent value is shown as None."""
    keys = sorted(old.keys() | new.keys())
    return {key: [old.get(key), new.get(key)] for key in keys if not _same(old.get(key, ABSENT), new.get(key, ABSENT))}


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Two texts as one run of pieces. `too_long`: not compared, all old goes, all new comes."""

    pieces: tuple[tuple[Operation, str], ...]
    too_long: bool = False

    def __iter__(self) -> Iterator[tuple[Operation, str]]:
        return iter(self.pieces)


def word_diff(old: str, new: str) -> WordDiff:
    """Compare by words. The pieces that are not inserted make the old text, those not deleted the new one."""
    if old == new:
        return WordDiff((("equal", old),) if old else ())
    if len(old) + len(new) > WORD_DIFF_LIMIT:
        return WordDiff(_pieces(("delete", old), ("insert", new)), too_long=True)
    a, b = _WORD.findall(old), _WORD.findall(new)
    steps: list[tuple[Operation, str]] = []
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, a, b).get_opcodes():
        if tag == "equal":
            steps.append(("equal", "".join(a[a1:a2])))
        else:
            steps += [("delete", "".join(a[a1:a2])), ("insert", "".join(b[b1:b2]))]
    return WordDiff(_pieces(*steps))


def _pieces(*steps: tuple[Operation, str]) -> tuple[tuple[Operation, str], ...]:
    return tuple((operation, text) for operation, text in steps if text)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that both sides changed differently. ABSENT = no such key."""

    base: JSON | Absent
    ours: JSON | Absent
    theirs: JSON | Absent


@dataclass(frozen=True, slots=True)
class Merged:
    """`values` holds ours wherever there is a conflict."""

    values: dict[str, JSON]
    conflicts: dict[str, Conflict] = field(default_factory=dict)


def merge(base: Mapping[str, JSON], ours: Mapping[str, JSON], theirs: Mapping[str, JSON]) -> Merged:
    """Three-way merge, key by key: a change of one side is taken, the same change of both is no conflict."""
    values: dict[str, JSON] = {}
    conflicts: dict[str, Conflict] = {}
    for key in sorted(base.keys() | ours.keys() | theirs.keys()):
        was, our, their = (side.get(key, ABSENT) for side in (base, ours, theirs))
        result = their if _same(was, our) else our
        if not (_same(was, our) or _same(was, their) or _same(our, their)):
            conflicts[key] = Conflict(base=was, ours=our, theirs=their)
        if result is not ABSENT:
            values[key] = result
    return Merged(values, conflicts)


def _same(a: JSON | Absent, b: JSON | Absent) -> bool:
    if a is ABSENT or b is ABSENT:
        return a is b
    return canonical(a) == canonical(b)
