"""What a channel's owner decided about sending: when, what to ask first, how fresh it shall be.

Channel.policy: {
    "time_zone": "Europe/Berlin",
    "delivery": {facet: {"every": minutes} or {"at": ["06:00", "18:00"]}},    absent: at once
    "freezes": [{"from": "2026-11-26T18:00", "until": "2026-11-30T08:00", "reason": "…",
                 "except_facets": ["stock"], "except_products": [codes]}],
    "ask": {"price_percent": 20, "removals_a_day": 25, "shrink_percent": 50},     0: nothing passes; null: never ask
    "fresh": {facet: seconds from wanted to accepted},
    "read_back_hours": 24,                                                      null: only when somebody asks
    "stock_settles_minutes": 15           stock that differs there is sent again when its source has spoken so long
                                          after the difference was found; null: only when somebody asks
}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from channels.connectors.base import Facet
from pimhub.foundation.jsonvalue import JSON

FACETS = tuple(str(f) for f in Facet)
REMOVALS_A_DAY, SHRINK_PERCENT, READ_BACK_HOURS, STOCK_SETTLES_MINUTES = 25, 50, 24, 15
DAY = 24 * 60
# Targets of freshness where the channel names none: prices and stock within a minute, the rest within ten.
FRESH: Mapping[str, int] = {"offer": 60, "stock": 60}
FRESH_OTHERS = 600


class BadPolicy(Exception):
    """What cannot be a policy: the name of its part, and what is wrong with it."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every so many minutes from midnight on, or at these minutes of the day."""

    minutes: tuple[int, ...]

    def next(self, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The first beat at or after a moment."""
        local = after.astimezone(zone)
        for day in (0, 1, 2):
            midnight = (local + dt.timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
            for minute in self.minutes:
                beat = midnight.replace(hour=minute // 60, minute=minute % 60)
                if beat >= local:
                    return beat.astimezone(dt.UTC)
        raise AssertionError("a rhythm without beats")


@dataclass(frozen=True, slots=True)
class Freeze:
    start: dt.datetime
    end: dt.datetime
    reason: str = ""
    facets: frozenset[str] = frozenset()  # go out all the same
    products: frozenset[str] = frozenset()  # likewise, by code


@dataclass(frozen=True, slots=True)
class Policy:
    zone: ZoneInfo
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    price_percent: int | None = None
    removals_a_day: int | None = REMOVALS_A_DAY
    shrink_percent: int | None = SHRINK_PERCENT
    fresh: Mapping[str, int] = field(default_factory=dict)
    read_back_hours: int | None = READ_BACK_HOURS
    stock_settles_minutes: int | None = STOCK_SETTLES_MINUTES

    def opens(self, facet: str, *, product: str, wanted: dt.datetime, now: dt.datetime) -> dt.datetime | None:
        """When a change that is wanted since a moment may go out; None: now."""
        frozen = self.frozen(facet, product=product, now=now)
        if frozen is not None:
            return frozen.end
        rhythm = self.rhythms.get(facet)
        if rhythm is None:
            return None
        beat = rhythm.next(wanted, self.zone)
        return beat if beat > now else None

    def frozen(self, facet: str, *, product: str, now: dt.datetime) -> Freeze | None:
        for freeze in self.freezes:
            if freeze.start <= now < freeze.end and facet not in freeze.facets and product not in freeze.products:
                return freeze
        return None

    def seconds(self, facet: str) -> int:
        """Within how many seconds a change of the facet shall be accepted."""
        return self.fresh.get(facet, FRESH.get(facet, FRESH_OTHERS))


def read(given: Mapping[str, JSON]) -> Policy:
    """The policy of a channel as written. Raises BadPolicy naming the part."""
    known = {"time_zone", "delivery", "freezes", "ask", "fresh", "read_back_hours", "stock_settles_minutes"}
    if strange := sorted(set(given) - known):
        raise BadPolicy(strange[0], f"“{strange[0]}” is no part of a policy; there are {', '.join(sorted(known))}.")
    zone = _zone(given.get("time_zone", "UTC"))
    ask = _mapping("ask", given.get("ask", {}))
    return Policy(
        zone=zone,
        rhythms={f: _rhythm(f, how) for f, how in _by_facet("delivery", given).items() if how},
        freezes=tuple(_freeze(each, zone) for each in _items("freezes", given.get("freezes", []))),
        price_percent=_number("ask.price_percent", ask.get("price_percent")),
        removals_a_day=_number("ask.removals_a_day", ask.get("removals_a_day", REMOVALS_A_DAY)),
        shrink_percent=_number("ask.shrink_percent", ask.get("shrink_percent", SHRINK_PERCENT)),
        fresh={f: _number(f"fresh.{f}", n) or 0 for f, n in _by_facet("fresh", given).items()},
        read_back_hours=_number("read_back_hours", given.get("read_back_hours", READ_BACK_HOURS)),
        stock_settles_minutes=_number(
            "stock_settles_minutes", given.get("stock_settles_minutes", STOCK_SETTLES_MINUTES)
        ),
    )


def _zone(name: JSON) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadPolicy("time_zone", f"“{name}” is no time zone. Write one such as Europe/Berlin.") from error


def _mapping(part: str, given: JSON) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadPolicy(part, f"{part} is written as an object.")
    return given


def _items(part: str, given: JSON) -> list[Any]:
    if not isinstance(given, list):
        raise BadPolicy(part, f"{part} is written as a list.")
    return given


def _by_facet(part: str, given: Mapping[str, JSON]) -> Mapping[str, Any]:
    found = _mapping(part, given.get(part, {}))
    if strange := [f for f in found if f not in FACETS]:
        raise BadPolicy(f"{part}.{strange[0]}", f"“{strange[0]}” is none of {', '.join(FACETS)}.")
    return found


def _number(part: str, given: JSON) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise BadPolicy(part, f"{part} is a whole number from 0 on, or null; “{given}” is not.")
    return given


def _rhythm(facet: str, given: JSON) -> Rhythm:
    part = f"delivery.{facet}"
    how = _mapping(part, given)
    if set(how) == {"every"}:
        every = _number(part, how["every"])
        if not every or every > DAY:
            raise BadPolicy(part, f"Write every how many minutes, from 1 to {DAY}.")
        return Rhythm(tuple(range(0, DAY, every)))
    if set(how) == {"at"}:
        moments = [_minute(part, text) for text in _items(part, how["at"])]
        if not moments:
            raise BadPolicy(part, "Name at least one time of day, such as 06:00.")
        return Rhythm(tuple(sorted(set(moments))))
    raise BadPolicy(part, 'Write {"every": minutes} or {"at": ["06:00"]}.')


def _minute(part: str, text: JSON) -> int:
    try:
        moment = dt.time.fromisoformat(str(text))
    except ValueError as error:
        raise BadPolicy(part, f"“{text}” is no time of day; write it like 06:00.") from error
    return moment.hour * 60 + moment.minute


def _freeze(given: Any, zone: ZoneInfo) -> Freeze:
    about = _mapping("freezes", given)
    known = {"from", "until", "reason", "except_facets", "except_products"}
    if strange := sorted(set(about) - known):
        raise BadPolicy("freezes", f"“{strange[0]}” is no part of a freeze; there are {', '.join(sorted(known))}.")
    start, end = _moment(about.get("from"), zone), _moment(about.get("until"), zone)
    if end <= start:
        raise BadPolicy("freezes", "A freeze ends after it begins.")
    facets = [str(f) for f in _items("freezes", about.get("except_facets", []))]
    if strange := [f for f in facets if f not in FACETS]:
        raise BadPolicy("freezes", f"“{strange[0]}” is none of {', '.join(FACETS)}.")
    products = [str(p) for p in _items("freezes", about.get("except_products", []))]
    return Freeze(start, end, str(about.get("reason", "")), frozenset(facets), frozenset(products))


def _moment(text: JSON, zone: ZoneInfo) -> dt.datetime:
    """ISO 8601; without an offset in the policy's own time zone."""
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError as error:
        raise BadPolicy("freezes", f"“{text}” is no moment; write it like 2026-11-27T06:00.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
