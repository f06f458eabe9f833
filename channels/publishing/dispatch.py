"""Which placements are worked on next: due ones, fairly between channels, within a slice of time.

A channel whose calls are short and many, and that takes no file of them, is worked on by some threads of this worker.
Each product is under its lease, and each call takes its turn in the channel's rate, as if the threads were workers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, zip_longest
from queue import Empty, SimpleQueue

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from channels.connectors.registry import connectors
from channels.models import Channel, Placement
from channels.models.channel import here
from channels.publishing import bulk
from channels.publishing.work import work

# Short, as workers have other things to do: whatever rings meanwhile waits for the end of a slice.
SLICE_SECONDS = 4.0
# Of one channel before the queue is asked again: so many go before a price that was just moved.
BATCH = 4
# Products side by side, of all channels that allow it; with the worker's own, fewer than a process has connections.
AT_ONCE = 6


def dispatch(*, seconds: float = SLICE_SECONDS) -> bool:
    """Work until nothing is due or the slice is over; whether something is still due."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        bulk.advance()
        found = _queues()
        if not any(found):
            return anything_due()
        if not _round(found, until):
            return bulk.due().exists()
    return anything_due()


def _queues() -> tuple[list[list[int]], list[list[int]]]:
    """What is due of each channel: of those worked on one by one, and of those worked on side by side."""
    in_turn, beside = [], []
    for channel, kind in _due().values_list("channel_id", "channel__connector").distinct():
        if _side_by_side(kind) and len(found := due_first(channel, most=BATCH * AT_ONCE)) > 1:
            beside.append(found)
        elif found := due_first(channel):
            in_turn.append(found)
    return in_turn, beside


def _side_by_side(kind: str) -> bool:
    # SQLite takes one writer at a time, and one in memory has one connection.
    able = kind in connectors and getattr(connectors.get(kind), "side_by_side", False)
    return bool(able) and connection.vendor != "sqlite"


def _round(found: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]], until: float) -> bool:
    """One batch of each channel; whether anything of it was still to be worked on."""
    in_turn, beside = found
    if not beside:
        return _one_by_one(in_turn, until)
    waiting: SimpleQueue[int] = SimpleQueue()
    for placement in _mixed(beside):
        waiting.put(placement)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="publishing") as pool:
        threads = [pool.submit(copy_context().run, _drain, waiting, until) for _ in range(AT_ONCE)]
        worked = _one_by_one(in_turn, until)
    results = [thread.result() for thread in threads]  # of all: what one of them raised is not passed over
    return any(results) or worked


def _one_by_one(queues: Sequence[Sequence[int]], until: float) -> bool:
    """One of each channel in turn, so that a long queue of one shop does not starve another."""
    worked = False
    for placement in _mixed([queue[:BATCH] for queue in queues]):
        if time.monotonic() < until:
            worked = work(placement) or worked
    return worked


def _drain(waiting: SimpleQueue[int], until: float) -> bool:
    """Work on what waits, beside other threads that do."""
    worked = False
    try:
        while time.monotonic() < until:
            worked = work(waiting.get_nowait()) or worked
    except Empty:
        pass  # the others have the rest
    finally:
        connection.close()
    return worked


def _mixed(queues: Sequence[Sequence[int]]) -> list[int]:
    return [placement for placement in chain(*zip_longest(*queues)) if placement is not None]


def due_first(channel_id: int, *, most: int = BATCH) -> list[int]:
    """The placements of a channel that are due, price and stock before content, then what has waited longest."""
    return list(
        _due().filter(channel_id=channel_id).order_by("-priority", "due_at").values_list("pk", flat=True)[:most]
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
