"""Read every placed product back and compare: what is in sync, what drifted, what is missing."""

from __future__ import annotations

import time
from typing import TypedDict

from django.utils import timezone

from channels.connections import ChannelNotReady, authorise
from channels.connectors.outcome import Issue
from channels.models import Channel, Listing, Placement
from channels.publishing import lease
from channels.publishing.announce import announce
from channels.publishing.bulk_lines import unsettled
from channels.publishing.desire import desire, note
from channels.publishing.read_back import differences, read_back
from channels.rates import Wait
from governance.models import Standing

# Seconds that a comparison which somebody asked for waits for the channel's rate, with each product.
PATIENCE = 30.0


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
    report = empty_report()
    taken = Listing.objects.filter(placement__channel=channel).exclude(accepted={})
    placements = Placement.objects.filter(pk__in=taken.values("placement_id"))
    for pk in placements.order_by("pk").values_list("pk", flat=True):
        _check_in_turn(pk, report)
    return report


def _check_in_turn(placement_id: int, report: Report) -> None:
    """Compare one product as soon as the channel's rate allows; unknown when that is further off than PATIENCE."""
    until, patient = time.monotonic() + PATIENCE, True
    while True:
        try:
            return check(placement_id, report, patient=patient)
        except Wait as wait:
            patient = time.monotonic() + wait.seconds <= until
            if patient:
                time.sleep(wait.seconds)


def empty_report() -> Report:
    return {"checked": 0, "in_sync": 0, "drifted": [], "missing": [], "unknown": []}


def check(placement_id: int, report: Report, *, patient: bool = False) -> None:
    """Compare one product with what the channel shows, and add what was found to the report.

    Where the channel takes no call now it is unknown; who is `patient` gets the Wait.
    """
    # What a batch brings shows on the channel before its report is here: that is no drift.
    in_batch = unsettled().filter(placement_id=placement_id).exists()
    placement = None if in_batch else lease.claim(placement_id, only_due=False)
    if placement is None:
        row = Placement.objects.select_related("product").get(pk=placement_id)
        report["unknown"].append(row.product.code)
        return
    try:
        _compare(placement, report)
    except Wait:
        if patient:
            raise
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
