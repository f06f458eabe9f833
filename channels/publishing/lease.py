"""Leases: one worker at a time per product and channel, fenced by a token."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from channels.models import BulkLine, Drift, Hold, Match, Placement, Publication
from channels.publishing import leased

# Longer than one call's deadline plus the work around it; renewed before every call.
LEASE = dt.timedelta(seconds=60)
# What is looked at again within this time is still on its way; later, it is only looked after.
SOON = dt.timedelta(minutes=15)

# Most products have none of these, and each would be asked for at every step of a turn.
KINDS = {
    "matches": Match.objects.all(),
    "drifts": Drift.objects.all(),
    "holds": Hold.objects.all(),
    "lines": BulkLine.objects.filter(settled_at__isnull=True),
    "publications": Publication.objects.all(),
    "removals": Publication.objects.filter(removal=True),
}


class LeaseLost(Exception):
    """Another worker took over. What we did is in the publication record; it will read back."""


def claim(placement_id: int, *, only_due: bool = True) -> Placement | None:
    """Take the placement if it is free (and due). None: someone was faster, which is fine."""
    now = timezone.now()
    token = secrets.token_hex(16)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    wanted = Placement.objects.filter(free, pk=placement_id)
    if only_due:
        wanted = wanted.filter(due_at__lte=now)
    won = wanted.update(lease_token=token, lease_until=now + LEASE)
    if not won:
        return None
    found = Placement.objects.select_related(
        "channel__mapping", "channel__scope", "channel__market__price_list__currency", "product"
    )
    # In any order: one of them is enough.
    there = {f"has_{kind}": Exists(query.filter(placement=OuterRef("pk")).order_by()) for kind, query in KINDS.items()}
    placement = found.annotate(**there).get(pk=placement_id)
    placement.lacks = {kind for kind in KINDS if not getattr(placement, f"has_{kind}")}
    return placement


def renew(placement: Placement, *, during: dt.timedelta = LEASE, **fields: object) -> None:
    """Hold on for the next call, and note these fields. Raises LeaseLost."""
    _update(placement, lease_until=timezone.now() + during, **fields)


def next_number(placement: Placement) -> int:
    """Of the call that is about to leave, for which we hold on. Inside a transaction the lease is ours until its end,
    as after `guard`. Raises LeaseLost."""
    _update(placement, lease_until=timezone.now() + LEASE, number=F("number") + 1)
    placement.number += 1
    placement.lacks -= {"publications"}
    return placement.number


def guard(placement: Placement) -> None:
    """Inside a transaction: make sure the lease is still ours while we write, and read anew what we write to. Raises
    LeaseLost."""
    held = Placement.objects.select_for_update().filter(pk=placement.pk, lease_token=placement.lease_token)
    if not held.exists():
        raise LeaseLost
    leased.forget(placement, "listings")


def release(
    placement: Placement, *, due_at: dt.datetime | None, seen_due: dt.datetime | None, **fields: object
) -> None:
    """Give the placement back, to be looked at again at `due_at`.

    If it was made due again while we worked (`due_at` in the row is newer than what we saw), that
    wish wins: a change is never lost on its way. What overtook others goes on to do so until it is read back or was
    tried again: a price is not done when the channel took it.
    """
    soon = due_at is not None and due_at - timezone.now() <= SOON
    current = Placement.objects.filter(pk=placement.pk, lease_token=placement.lease_token)
    untouched = current.filter(due_at=seen_due).update(
        lease_token="", lease_until=None, due_at=due_at, priority=placement.priority if soon else 0, **fields
    )
    if not untouched and not current.update(lease_token="", lease_until=None, **fields):
        raise LeaseLost


def _update(placement: Placement, **fields: object) -> None:
    won = Placement.objects.filter(pk=placement.pk, lease_token=placement.lease_token).update(**fields)
    if not won:
        raise LeaseLost
