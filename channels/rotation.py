"""A secret that a channel signs its messages with is replaced without losing one: the old one counts for a while yet.

Among the credentials, "<name>_previous" is the old one and "<name>_previous_until" the moment until which it counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

PREVIOUS, UNTIL = "_previous", "_until"
HOURS = 48  # that an old secret counts, unless somebody says otherwise
MOST_HOURS = 24 * 30


def rotated(
    held: Mapping[str, str], new: Mapping[str, str], names: Collection[str], *, hours: int, now: dt.datetime
) -> dict[str, str]:
    """The new credentials, with the old one beside each of the named secrets that was replaced."""
    found = dict(new)
    for name in names:
        before, after = held.get(name, ""), new.get(name, "")
        if not before or before == after:
            continue
        found.pop(name + PREVIOUS, None)
        found.pop(name + PREVIOUS + UNTIL, None)
        if hours:
            found[name + PREVIOUS] = before
            found[name + PREVIOUS + UNTIL] = (now + dt.timedelta(hours=hours)).isoformat(timespec="seconds")
    return found


def in_force(held: Mapping[str, str], now: dt.datetime) -> dict[str, str]:
    """The credentials without old secrets whose time is over."""
    over = {n.removesuffix(UNTIL) for n, until in held.items() if n.endswith(PREVIOUS + UNTIL) and _at(until) <= now}
    return {n: value for n, value in held.items() if n not in over and not n.endswith(PREVIOUS + UNTIL)}


def ends(held: Mapping[str, str], now: dt.datetime) -> dict[str, dt.datetime]:
    """Until when the old one of each secret counts."""
    found = {n.removesuffix(PREVIOUS + UNTIL): _at(until) for n, until in held.items() if n.endswith(PREVIOUS + UNTIL)}
    return {name: until for name, until in found.items() if until > now}


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
