"""A channel's rule of stock as it stands now, and the moments at which it shows something else."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max
from django.utils import timezone

from catalog import events
from catalog.models import Heard
from channels.connectors.outcome import Issue
from channels.models import Channel, Placement, StockRule
from channels.rendering.stock import ANY, WARN, ZERO, Rule, stale_places


def rule_of(channel: Channel) -> Rule:
    row = StockRule.objects.filter(channel=channel).first()
    return ANY if row is None else as_rule(row)


def as_rule(row: StockRule) -> Rule:
    after = dt.timedelta(minutes=row.stale_minutes) if row.stale_minutes else None
    return Rule(tuple(row.locations), row.buffer, row.cap, after, row.when_stale)


def stale_now(rule: Rule, now: dt.datetime) -> tuple[frozenset[str], dt.datetime | None]:
    """Locations that are stale, and when the next one will be."""
    if rule.stale_after is None:
        return frozenset(), None
    rows = Heard.objects.filter(kind="stock").order_by().values_list("place").annotate(last=Max("last_at"))
    return stale_places(dict(rows), rule, now)


def last_word(channel: Channel) -> dt.datetime | None:
    """Since when every source of the stock that a channel shows has spoken; None: no source ever did."""
    places = rule_of(channel).locations
    rows = Heard.objects.filter(kind="stock").order_by().values_list("place").annotate(last=Max("last_at"))
    return min((at for place, at in rows if not places or place in places), default=None)


def issues_of(rule: Rule, stale: frozenset[str]) -> tuple[Issue, ...]:
    """What a person should know of stock that is too old."""
    if not stale or rule.when_stale not in (WARN, ZERO):
        return ()
    what = "nothing of it is sold" if rule.when_stale == ZERO else "the last figures stay"
    text = f"The source of stock at {', '.join(sorted(stale))} has been silent for too long: {what}."
    return (Issue(code="stale_stock", message=text, severity="warning"),)


def wake_flipped() -> int:
    """Channels where a source fell silent, or spoke again, look at their products anew; how many channels.

    While a figure is the same there is no event: the clock alone tells.
    """
    flipped = 0
    for row in StockRule.objects.filter(stale_minutes__isnull=False).select_related("channel"):
        stale = sorted(stale_now(as_rule(row), timezone.now())[0])
        if stale != row.stale and StockRule.objects.filter(pk=row.pk, stale=row.stale).update(stale=stale):
            Placement.objects.filter(channel=row.channel).update(due_at=timezone.now())
            events.ring("dispatch")
            flipped += 1
    return flipped
