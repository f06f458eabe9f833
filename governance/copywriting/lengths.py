"""How long a text may be where it goes: the limits of its attribute, its prompt, and of whatever shows it.

Higher floors say where a text goes by adding to `destinations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from governance.copywriting.prompts import limit_of, points_of
from governance.models import Draft
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many characters; of each line where `by_line` (bullet points)."""

    where: str
    most: int
    by_line: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit a text takes."""

    where: str
    most: int
    length: int
    by_line: bool

    @property
    def over(self) -> int:
        return max(0, self.length - self.most)


# (code of the attribute, scope or "" for all, language) → limits of what the text feeds.
Destination = Callable[[str, str, str], Iterable[Limit]]
destinations: Registry[Destination] = Registry("destination of texts")


def limits_of(draft: Draft) -> list[Limit]:
    template = draft.version.template
    scope = template.scope.code if template.scope else ""
    found = [Limit("this prompt", limit_of(draft.version))]
    if template.attribute is not None:
        for told in destinations:
            found += told(template.attribute.code, scope, draft.locale)
    return [*found[:1], *sorted(found[1:], key=lambda limit: (limit.most, limit.where))]


def meters(draft: Draft, text: str) -> list[Meter]:
    """Of each limit, how much the text takes of it; a limit by line is met by the longest one."""
    points = points_of(draft.version)
    found = []
    for limit in limits_of(draft):
        by_line = limit.by_line and bool(points)
        parts = text.splitlines() if by_line else [text]
        found.append(Meter(limit.where, limit.most, max(map(len, parts), default=0), by_line))
    return found
