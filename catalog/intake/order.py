"""Which of two messages is the newer one. Pure: a message that comes late, doubled or shuffled changes nothing.

Each field keeps a mark: what each source that ever wrote it said last, the one that holds first. One source
orders its messages by sequence where they have one, else by its clock. Two sources only have their clocks in
common. What has neither counts in the order in which it came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# (source, sequence, microseconds since 1970)
Mark = tuple[str, int | None, int | None]
Marks = Sequence[Sequence[Any]]  # as JSON gives them back
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Order:
    """A message's place in the order of its source."""

    source: str = ""
    sequence: int | None = None
    at: dt.datetime | None = None

    @property
    def mark(self) -> Mark:
        return self.source, self.sequence, None if self.at is None else (self.at - EPOCH) // MICROSECOND


def overtaken(mark: Mark, held: Marks) -> bool:
    """Whether what is held came later than a message with this mark, or is the same."""
    source, sequence, at = mark
    for number, (theirs, known, known_at) in enumerate(held):
        if theirs == source:
            if sequence is not None and known is not None:
                if sequence <= known:
                    return True
            elif at is not None and known_at is not None and at <= known_at:
                return True
        # Of two sources that speak for the same moment one must win, whichever comes first.
        elif number == 0 and None not in (at, known_at) and (at, source) < (known_at, theirs):
            return True
    return False


def taken(mark: Mark, held: Marks) -> list[Mark]:
    """The marks after a message that was not overtaken."""
    source, sequence, at = mark
    own = next((m for m in held if m[0] == source), None)
    if own is not None and sequence is None:
        sequence = own[1]  # what it sent before this is still old
    return [(source, sequence, at), *((m[0], m[1], m[2]) for m in held if m[0] != source)]
