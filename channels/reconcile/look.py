"""Read back what a channel said has changed: soon, once for many messages, and not at all for our own echoes."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog import events
from channels.models import Channel, Listing, Placement
from channels.publishing import policy
from channels.publishing.bulk_lines import unsettled
from channels.reconcile.run import Report, check

SLICE_SECONDS = 4.0  # as of dispatching: a price that moved waits for the end of a slice
BATCH = 50


def looks_due() -> bool:
    return _due().exists()


def schedule() -> int:
    """Have looked at what nobody compared with its channel for longer than the channel's policy says; how many."""
    now, count = timezone.now(), 0
    for channel in Channel.objects.filter(paused=False, sends=True, mapping__isnull=False):
        hours = policy.read(channel.policy).read_back_hours
        if hours is None:
            continue
        old = Q(read_at__isnull=True) | Q(read_at__lt=now - dt.timedelta(hours=hours))
        rows = _shown(channel).filter(old, check_at__isnull=True).order_by("read_at").values_list("pk", flat=True)
        count += Placement.objects.filter(pk__in=list(rows[:BATCH])).update(check_at=now, read_at=now)
    return count


def look_soon(channel: Channel) -> int:
    """Have all that is shown there compared with it, as soon as workers come to it; how many products."""
    count = _shown(channel).update(check_at=timezone.now())
    events.ring("inbound")
    return count


def look_at(placement_ids: Sequence[int]) -> int:
    """The same for some products; how many. What is not accepted yet is left to publishing."""
    taken = Listing.objects.exclude(accepted={}).values("placement_id")
    rows = Placement.objects.filter(pk__in=taken).filter(pk__in=placement_ids)
    count = rows.update(check_at=timezone.now())
    if count:
        events.ring("inbound")
    return count


def _shown(channel: Channel) -> QuerySet[Placement]:
    seen = (Listing.State.LIVE, Listing.State.DRIFTED)
    shown = Listing.objects.filter(placement__channel=channel, state__in=seen)
    return Placement.objects.filter(pk__in=shown.values("placement_id"))


def look(*, seconds: float = SLICE_SECONDS) -> bool:
    """Read back what is due for a slice; whether more is."""
    until = time.monotonic() + seconds
    for placement in _due().order_by("check_at")[:BATCH]:
        if time.monotonic() > until:
            break
        _look(placement)
    return looks_due()


def _look(placement: Placement) -> None:
    seen = placement.check_at
    assert seen is not None
    mine = Placement.objects.filter(pk=placement.pk, check_at=seen)
    moments = placement.listings.exclude(accepted={}).values_list("verified_at", flat=True)
    if all(at is not None and at > seen for at in moments):
        mine.update(check_at=None)  # it was read since: an echo of our own call, or another message's look
        return
    report: Report = {"checked": 0, "in_sync": 0, "drifted": [], "missing": [], "unknown": []}
    check(placement.pk, report)
    # What could not be read is tried again; what was told of meanwhile stays due.
    again = timezone.now() + dt.timedelta(seconds=20 + placement.pk % 20) if report["unknown"] else None
    mine.update(check_at=again)


def _due() -> QuerySet[Placement]:
    now = timezone.now()
    # A product that is being published is read back by whoever publishes it.
    calm = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    still = Q(due_at__isnull=True) | Q(due_at__gt=now)
    ready = Q(channel__wait_until__isnull=True) | Q(channel__wait_until__lte=now)
    found = Placement.objects.filter(calm, still, ready, check_at__lte=now, channel__paused=False)
    return found.exclude(pk__in=unsettled().values("placement_id"))
