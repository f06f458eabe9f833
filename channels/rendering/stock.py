"""What a channel shows of stock: its locations, less a buffer, up to a cap, and nothing that is too old. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOLD, WARN, ZERO = "hold", "warn", "zero"


@dataclass(frozen=True, slots=True)
class Rule:
    """`locations` in the order in which units are shown first; empty: all, by code."""

    locations: Sequence[str] = ()
    buffer: int = 0
    cap: int | None = None
    stale_after: dt.timedelta | None = None
    when_stale: str = HOLD


ANY = Rule()


def shown(sellable: Mapping[str, int], rule: Rule, *, stale: frozenset[str] = frozenset()) -> dict[str, int]:
    """Units by location as the channel shows them; never more anywhere than there is.

    The buffer is held back from the places that come last, the cap leaves those that come first.
    """
    places = [x for x in rule.locations if x in sellable] if rule.locations else sorted(sellable)
    found = {x: 0 if x in stale and rule.when_stale == ZERO else max(sellable[x], 0) for x in places}
    left = max(sum(found.values()) - rule.buffer, 0)
    if rule.cap is not None:
        left = min(left, rule.cap)
    for place in places:
        found[place] = min(found[place], left)
        left -= found[place]
    return found


def stale_places(
    heard: Mapping[str, dt.datetime], rule: Rule, now: dt.datetime
) -> tuple[frozenset[str], dt.datetime | None]:
    """Locations whose source has been silent for too long, and when the next one will have been.

    `heard`: when a source last spoke of a location. What no source ever spoke of is people's, and never stale.
    """
    if rule.stale_after is None:
        return frozenset(), None
    counted = {x: at for x, at in heard.items() if not rule.locations or x in rule.locations}
    ends = {x: at + rule.stale_after for x, at in counted.items()}
    return frozenset(x for x, end in ends.items() if end <= now), min(
        (e for e in ends.values() if e > now), default=None
    )
