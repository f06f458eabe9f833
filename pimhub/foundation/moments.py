"""Moments as people and machines write them: never without saying where the clock hangs."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.dateparse import parse_datetime


def exact(text: object) -> dt.datetime | None:
    """An ISO moment with its offset, such as 2026-11-27T06:00:00+01:00; None for anything else."""
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def on_the_clock(text: str, zone: str) -> dt.datetime:
    """What a clock shows in a place: (“2026-11-27T06:00”, “Europe/Berlin”). Raises ValueError.

    An hour that the change to summer time leaves out is refused; of one that comes twice, the first is meant.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"There is no time zone “{zone[:50]}”. Write it as Europe/Berlin.") from error
    try:
        shown = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"“{text[:50]}” is no day and time. Write it as 2026-11-27 06:00.") from error
    moment = shown.replace(tzinfo=place)
    if moment.astimezone(dt.UTC).astimezone(place).replace(tzinfo=None) != shown:
        raise ValueError(f"There is no {shown:%H:%M} on {shown:%Y-%m-%d} in {zone}: clocks go forward then.")
    return moment


def zones() -> list[str]:
    """Names of time zones, for a list to choose from."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
