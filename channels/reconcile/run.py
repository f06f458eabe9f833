"""Read every placed product back and compare: what is in sync, what drifted, what is missing."""

from __future__ import annotations

import datetime as dt
import time
from typing import TypedDict

from django.db.models import F, Q
from django.utils import timezone

from channels.connections import ChannelNotReady, authorise
from channels.connectors.outcome import Issue
from channels.models import Channel, Listing, Placement
from channels.publishing import lease, policy
from channels.publishing.announce import announce
from channels.publishing.desire import desire, note
from channels.publishing.read_back import differences, read_back
from channels.rates import Wait
from governance.models import Standing

_SLICE = 200


class Drift(TypedDict):
    sku: str
    key: str
    ours: object
    theirs: object


class Report(TypedDict):
    checked: int
    in_sync: int
    drifted: list[Drift]
    missing: list[str]
    unknown: list[str]


def reconcile(channel: Channel) -> Report:
    """Compare all listings of the channel that it accepted with what it shows. Changes nothing there.

    `checked`, `in_sync` count listings; `missing` and `unknown` (could not be read) name SKUs, or the
    product code for the product's own row.
    """
    report = _empty()
    taken = Listing.objects.filter(placement__channel=channel).exclude(accepted={})
    placements = Placement.objects.filter(pk__in=taken.values("placement_id"))
    for pk in placements.order_by("pk").values_list("pk", flat=True):
        _check(pk, report)
    return report


def waiting() -> list[int]:
    """Placements that nobody has compared with their channel for longer than its policy says, the oldest first."""
    now, found = timezone.now(), []
    for channel in Channel.objects.filter(paused=False, sends=True, mapping__isnull=False):
        hours = policy.read(channel.policy).read_back_hours
        if channel.wait_until and channel.wait_until > now:
            continue
        seen = (Listing.State.LIVE, Listing.State.DRIFTED)
        shown = Listing.objects.filter(placement__channel=channel, state__in=seen)
        long_ago = Q(read_at__isnull=True)  # never, or somebody asks
        if hours is not None:
            long_ago |= Q(read_at__lt=now - dt.timedelta(hours=hours))
        rows = Placement.objects.filter(long_ago, Q(due_at__isnull=True) | Q(due_at__gt=now))
        rows = rows.filter(pk__in=shown.values("placement_id")).order_by(F("read_at").asc(nulls_first=True))
        found += list(rows.values_list("pk", flat=True)[:_SLICE])
    return found


def read_back_some(*, seconds: float = 15.0) -> bool:
    """Compare what has waited longest, for a while; whether more waits. Found drift is noted, nothing is sent."""
    until = time.monotonic() + seconds
    report = _empty()
    for pk in waiting():
        if time.monotonic() > until:
            return True
        _check(pk, report)
        # Also when it could not be read: others have their turn before it is tried again.
        Placement.objects.filter(pk=pk).update(read_at=timezone.now())
    return bool(report["checked"]) and bool(waiting())


def _empty() -> Report:
    return {"checked": 0, "in_sync": 0, "drifted": [], "missing": [], "unknown": []}


def _check(placement_id: int, report: Report) -> None:
    placement = lease.claim(placement_id, only_due=False)
    if placement is None:
        row = Placement.objects.select_related("product").get(pk=placement_id)
        report["unknown"].append(row.product.code)
        return
    try:
        _compare(placement, report)
    except Wait:
        report["unknown"].append(placement.product.code)
    finally:
        announce(placement)
        # Back to where it was: a reconciliation neither hastens nor delays publishing.
        lease.release(placement, due_at=placement.due_at, seen_due=placement.due_at)


def _compare(placement: Placement, report: Report) -> None:
    standing = Standing.objects.select_related("live", "product").get(product_id=placement.product_id)
    desired = desire(placement.channel, standing, now=timezone.now())
    code = placement.product.code
    if isinstance(desired, Issue):
        report["unknown"].append(code)
        return
    try:
        connection = authorise(placement.channel, desired.connector, desired.connection)
    except ChannelNotReady:
        report["unknown"].append(code)
        return
    desired = desired.on(connection)
    note(placement, desired)
    state = read_back(placement, desired, adopt=False)
    listings = list(Listing.objects.filter(placement=placement).exclude(accepted={}))
    report["checked"] += len(listings)
    if state is None or (state.pending and not state.bodies):
        report["unknown"] += [x.sku or code for x in listings]
        return
    found = differences(desired, state)
    report["drifted"] += [
        {"sku": sku or code, "key": path, "ours": ours, "theirs": theirs} for sku, path, ours, theirs in found
    ]
    report["missing"] += [x.sku or code for x in listings if x.sku not in state.bodies]
    off = {sku for sku, *_ in found}
    report["in_sync"] += sum(x.sku in state.bodies and x.sku not in off for x in listings)
