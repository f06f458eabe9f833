"""Where two bodies differ, and how to change one at such a place. Places are JSON pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pimhub.foundation.jsonvalue import JSON, digest


@dataclass(frozen=True, slots=True)
class Difference:
    pointer: str
    words: str  # the same for people: "price.value"; an entry's place only where there are several
    ours: JSON
    theirs: JSON


def differences(ours: JSON, theirs: JSON, *, pointer: str = "", words: str = "") -> Iterator[Difference]:
    """The innermost named fields in which two bodies differ. Lists are compared entry by entry if they are as long
    and hold objects; else as a whole."""
    if digest(ours) == digest(theirs):
        return
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = list(zip(ours, theirs, strict=True))
        if all(isinstance(one, dict) and isinstance(other, dict) for one, other in pairs):
            for n, pair in enumerate(pairs):
                told = f"{words}[{n}]" if len(pairs) > 1 else words
                yield from differences(*pair, pointer=f"{pointer}/{n}", words=told)
            return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in dict.fromkeys([*ours, *theirs]):
            told = f"{words}.{name}" if words else name
            place = f"{pointer}/{_escaped(name)}"
            yield from differences(ours.get(name), theirs.get(name), pointer=place, words=told)
        return
    yield Difference(pointer, words, ours, theirs)


def at(body: JSON, pointer: str) -> JSON:
    """What stands at that place; None where there is no such place."""
    found: Any = body
    for step in map(_plain, pointer.split("/")[1:]):
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict):
            found = found.get(step)
        else:
            return None
    return found


def put(body: JSON, pointer: str, value: JSON) -> JSON:
    """The body with the value at that place; as it is where there is no such place (any more)."""
    if not pointer:
        return value
    at: Any = body
    *steps, last = [_plain(s) for s in pointer.split("/")[1:]]
    for step in steps:
        if isinstance(at, list) and step.isdecimal() and int(step) < len(at):
            at = at[int(step)]
        elif isinstance(at, dict) and step in at:
            at = at[step]
        else:
            return body
    if isinstance(at, list) and last.isdecimal() and int(last) < len(at):
        at[int(last)] = value
    elif isinstance(at, dict) and value is None:
        at.pop(last, None)
    elif isinstance(at, dict):
        at[last] = value
    return body


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def told(pointer: str) -> str:
    """A place for people: "/price/0/value" is "price[0].value"."""
    words = ""
    for step in map(_plain, pointer.split("/")[1:]):
        words += f"[{step}]" if step.isdecimal() else f".{step}" if words else step
    return words
