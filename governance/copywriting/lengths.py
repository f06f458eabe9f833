"""How long a text may be where it goes: the limits of its attribute, its prompt, and of whatever shows it.

Higher floors say where a text goes by adding to `destinations`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from governance.copywriting.prompts import limit_of, points_of
from governance.models import PromptVersion
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many characters, or bytes in UTF-8 where `in_bytes`; of each line where `by_line` (bullet points)."""

    where: str
    most: int
    by_line: bool = False
    in_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit a text takes."""

    where: str
    most: int
    length: int
    by_line: bool
    in_bytes: bool

    @property
    def over(self) -> int:
        return max(0, self.length - self.most)

    @property
    def told(self) -> str:
        of = "bytes" if self.in_bytes else "characters"
        line = "A line of it" if self.by_line else "It"
        return f"{line} has {self.length} {of}; {self.where} takes {self.most}."


# (code of the attribute, scope or "" for all, language) → limits of what the text feeds.
Destination = Callable[[str, str, str], Iterable[Limit]]
destinations: Registry[Destination] = Registry("destination of texts")


def limits_of(version: PromptVersion, locale: str) -> list[Limit]:
    template = version.template
    scope = template.scope.code if template.scope else ""
    found = [Limit("this prompt", limit_of(version))]
    if template.attribute is not None:
        for told in destinations:
            found += told(template.attribute.code, scope, locale)
    return [*found[:1], *sorted(found[1:], key=lambda limit: (limit.most, limit.where))]


def meters(version: PromptVersion, locale: str, text: str) -> list[Meter]:
    """Of each limit, how much the text takes of it; a limit by line is met by the longest one."""
    points = points_of(version)
    found = []
    for limit in limits_of(version, locale):
        by_line = limit.by_line and bool(points)
        parts = text.splitlines() if by_line else [text]
        longest = max((length(part, in_bytes=limit.in_bytes) for part in parts), default=0)
        found.append(Meter(limit.where, limit.most, longest, by_line, limit.in_bytes))
    return found


def length(text: str, *, in_bytes: bool = False) -> int:
    """Of the text as it is kept and sent: letters and their accents composed, no blanks around it."""
    kept = unicodedata.normalize("NFC", text).strip()
    return len(kept.encode()) if in_bytes else len(kept)


def too_long(version: PromptVersion, locale: str, text: str) -> list[str]:
    """Each limit that the text does not keep, in words."""
    return [meter.told for meter in meters(version, locale, text) if meter.over]
