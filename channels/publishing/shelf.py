"""Stock that a channel shows otherwise than we sent it: most of the time something was sold there.

A shop takes its own stock down with each sale, before the source hears of the order. Our figure sent again at once
would put units back on the shelf that are sold. So the difference is left alone until the source has had the time to
book the order; what it says of the stock from then on holds, and is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import events
from channels.connectors.outcome import Verdict
from channels.models import Channel, Drift, Listing, Match, Placement
from channels.publishing import policy
from channels.publishing.request import OVERTAKES, STOCK, let_go
from channels.rendering.stock_rules import last_word

RECENT = 50  # calls that are looked through for the last one that carried a row's stock


def put_right() -> int:
    """Send stock again where the source has spoken long enough after the difference was found; how many products."""
    count = 0
    for channel in Channel.objects.filter(paused=False, sends=True, placements__drifts__in=_open()).distinct():
        minutes = policy.read(channel.policy).stock_settles_minutes
        heard = last_word(channel)
        if minutes is not None and heard is not None:
            count += _send_again(channel, found_before=heard - dt.timedelta(minutes=minutes))
    return count


def _open() -> QuerySet[Drift, Any]:
    found = Drift.objects.filter(state=Drift.State.OPEN, facet=STOCK).exclude(path="")
    # Of what the channel had before us, a person says when ours is sent.
    return found.exclude(placement__matches__state=Match.State.TAKEN)


def _send_again(channel: Channel, *, found_before: dt.datetime) -> int:
    with transaction.atomic():
        rows = Drift.objects.select_for_update(of=("self",)).filter(
            pk__in=_open(), placement__channel=channel, found_at__lte=found_before
        )
        found = dict(rows.values_list("pk", "placement_id"))
        if not found:
            return 0
        Drift.objects.filter(pk__in=found).update(state=Drift.State.KEPT, decided_at=timezone.now())
        let_go(found.values())
        placed = Placement.objects.filter(pk__in=found.values())
        count = placed.update(must_read=True, due_at=timezone.now(), priority=OVERTAKES)
        events.ring("dispatch")
    return count


def sold_there(listing: Listing, wanted: Mapping[str, str], seen: Mapping[str, str]) -> bool:
    """Whether what was read differs although our figure was taken and is still the one that we want to show."""
    ours = wanted.get(STOCK)
    if ours is None or listing.accepted.get(STOCK) != ours or seen.get(STOCK) in (None, ours):
        return False
    calls = listing.placement.publications.order_by("-pk").values_list("verdict", "carries")[:RECENT]
    last = next((verdict for verdict, carries in calls if STOCK in carries.get(listing.sku, {})), Verdict.ACCEPTED)
    # Of a call whose answer was lost nobody knows whether it is what is seen.
    return last not in ("", Verdict.UNKNOWN, Verdict.WORKING)
