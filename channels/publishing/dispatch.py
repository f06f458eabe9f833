"""Which placements are worked on next: due ones, fairly between channels, within a slice of time."""

from __future__ import annotations

import time

from django.db.models import Q, QuerySet
from django.utils import timezone

from channels.models import Channel, Placement
from channels.models.channel import here
from channels.publishing import bulk
from channels.publishing.work import work

# Short, as workers have other things to do: whatever rings meanwhile waits for the end of a slice.
SLICE_SECONDS = 4.0
# Of one channel before the queue is asked again: so many go before a price that was just moved.
BATCH = 4


def dispatch(*, seconds: float = SLICE_SECONDS) -> bool:
    """Work until nothing is due or the slice is over; whether something is still due."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        bulk.advance()
        found = [due_first(channel) for channel in _due().values_list("channel_id", flat=True).distinct()]
        if not any(found):
            return anything_due()
        worked = False
        # One of each channel in turn, so that a long queue of one shop does not starve another.
        for turn in range(BATCH):
            for queue in found:
                if turn < len(queue) and time.monotonic() < until:
                    worked = work(queue[turn]) or worked
        if not worked:
            return bulk.due().exists()
    return anything_due()


def due_first(channel_id: int) -> list[int]:
    """The placements of a channel that are due, price and stock before content, then what has waited longest."""
    return list(
        _due().filter(channel_id=channel_id).order_by("-priority", "due_at").values_list("pk", flat=True)[:BATCH]
    )


def anything_due() -> bool:
    return _due().exists() or bulk.due().exists()


def _due() -> QuerySet[Placement]:
    now = timezone.now()
    callable_channels = Channel.objects.filter(
        Q(wait_until__isnull=True) | Q(wait_until__lte=now), paused=False, environment=here()
    ).values("pk")
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return Placement.objects.filter(free, due_at__lte=now, channel_id__in=callable_channels)
