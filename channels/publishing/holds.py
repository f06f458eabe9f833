"""Changes that are not sent before a person confirms them: removals beyond a number, shrinking variant lists, far
moves of a price.

Asked at each turn of what is about to be sent. A word counts for exactly what it was given for: another price,
another list asks again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from catalog.models import User
from channels.connectors.base import Facet, Operation
from channels.models import Channel, Hold, Listing, Placement
from channels.publishing import leased
from channels.publishing.desire import Desired
from channels.publishing.policy import Policy
from channels.publishing.request import make_due
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON, digest

S, K = Hold.State, Hold.Kind
T = TypeVar("T")
_NAMED = 5  # rows that a reason names


class CannotConfirm(Exception):
    """The hold is not open any more; the text says why."""


def free_of(placement: Placement, desired: Desired, planned: Sequence[Operation], policy: Policy) -> list[Operation]:
    """The planned calls that may leave; what is to be asked is noted. Holds that nothing asks for any more are over."""
    listings = leased.listings(placement)
    rows, asked = _far_prices(placement, desired, listings, planned, policy), set()
    held_rows: set[str] = set()
    if rows:
        asked.add(K.PRICE)
        reason = "; ".join(f"{r}: {_money(old)} to {_money(new)}" for r, (old, new) in _first(rows.items()))
        moves: JSON = [[row, _money(new)] for row, (_, new) in sorted(rows.items())]
        if not _ask(placement, K.PRICE, digest(moves), f"{len(rows)} prices move far: {reason}"):
            held_rows = set(rows)
    lost, held_lost = _lost(desired, listings, policy), False
    if lost:
        asked.add(K.SHRINK)
        wanted: JSON = sorted(lost)
        reason = f"{len(lost)} variants would go: {', '.join(_first(sorted(lost)))}"
        held_lost = not _ask(placement, K.SHRINK, digest(wanted), reason)
    _over(placement, but=asked)
    free = [op for op in planned if not held_rows.intersection(r for r, f in op.carries if f == Facet.OFFER)]
    return [op for op in free if not (held_lost and op.destructive)]


def may_remove(placement: Placement, policy: Policy, why: str) -> bool:
    """Whether the product may leave the channel now: so many a day pass unasked, the rest wait for a word."""
    fingerprint = _removal(placement)
    with transaction.atomic():
        # One at a time, so that many workers together let no more pass than the policy says.
        Channel.objects.select_for_update().get(pk=placement.channel_id)
        held = Hold.objects.filter(placement=placement, kind=K.REMOVAL, fingerprint=fingerprint).first()
        if held is None or held.state == S.OVER:
            since = timezone.now() - dt.timedelta(days=1)
            passed = Hold.objects.filter(placement__channel_id=placement.channel_id, kind=K.REMOVAL, state=S.PASSED)
            free = policy.removals_a_day is None or passed.filter(created_at__gt=since).count() < policy.removals_a_day
            held = _put(placement, K.REMOVAL, fingerprint, why, S.PASSED if free else S.OPEN)
    return held.state in (S.CONFIRMED, S.PASSED)


def allow_removal(placement: Placement, user: User) -> None:
    """A person saw that the product leaves the channel, and wants it: nobody is asked again."""
    held = _put(placement, K.REMOVAL, _removal(placement), "It was put back to when it was not there.", S.CONFIRMED)
    Hold.objects.filter(pk=held.pk).update(decided_by=user, decided_at=timezone.now())


def confirm(*, hold: Hold, user: User) -> None:
    """Let it go out. Raises CannotConfirm when what was held has changed meanwhile."""
    _decide(hold, S.CONFIRMED, user)


def reject(*, hold: Hold, user: User) -> None:
    """It does not go out; what the channel shows stays until something else is wanted. Raises CannotConfirm."""
    _decide(hold, S.REJECTED, user)


def _decide(hold: Hold, state: str, user: User) -> None:
    with transaction.atomic():
        row = Hold.objects.select_for_update(of=("self",)).select_related("placement__channel").get(pk=hold.pk)
        if row.state != S.OPEN:
            raise CannotConfirm(f"This does not wait any more: it is {row.get_state_display()}.")
        row.state, row.decided_by, row.decided_at = state, user, timezone.now()
        row.save(update_fields=["state", "decided_by", "decided_at"])
        placement = row.placement
        audit.record(
            f"hold.{state}",
            f"product:{placement.product.code}",
            channel=placement.channel.code,
            asks=row.kind,
            reason=row.reason,
        )
        make_due(channel=placement.channel, product_ids=[placement.product_id])


def over(placement: Placement) -> None:
    """Nothing of the product is asked any more."""
    _over(placement, but=())


def _far_prices(
    placement: Placement, desired: Desired, listings: Iterable[Listing], planned: Sequence[Operation], policy: Policy
) -> dict[str, tuple[Decimal, Decimal]]:
    """{sku: (as accepted, as wanted)} of prices about to be sent that move further than the policy lets pass."""
    if policy.price_percent is None:
        return {}
    sent = {row for op in planned for row, facet in op.carries if facet == Facet.OFFER}
    prices = desired.prices
    found = {}
    for listing in listings:
        old, new = listing.price, prices.get(listing.sku)
        if listing.sku in sent and old and new is not None and abs(new - old) * 100 > old * policy.price_percent:
            found[listing.sku] = (old, new)
    return found


def _lost(desired: Desired, listings: Iterable[Listing], policy: Policy) -> set[str]:
    """Variants that would leave the channel, when they are more than the policy lets pass. One alone always passes."""
    if policy.shrink_percent is None:
        return set()
    there = {x.sku for x in listings if x.sku and x.accepted}
    lost = there - desired.rendered.bodies.keys()
    return lost if len(lost) > 1 and len(lost) * 100 > len(there) * policy.shrink_percent else set()


def _removal(placement: Placement) -> str:
    return digest(
        [f"{x.sku}:{f}:{h}" for x in placement.listings.order_by("sku") for f, h in sorted(x.accepted.items())]
    )


def _ask(placement: Placement, kind: str, fingerprint: str, reason: str) -> bool:
    held = Hold.objects.filter(placement=placement, kind=kind, fingerprint=fingerprint).first()
    if held is None or held.state == S.OVER:
        held = _put(placement, kind, fingerprint, reason, S.OPEN)
    others = Hold.objects.filter(placement=placement, kind=kind, state__in=(S.OPEN, S.REJECTED)).exclude(pk=held.pk)
    others.update(state=S.OVER)
    return held.state in (S.CONFIRMED, S.PASSED)


def _put(placement: Placement, kind: str, fingerprint: str, reason: str, state: str) -> Hold:
    placement.lacks -= {"holds"}
    held, _ = Hold.objects.update_or_create(
        placement=placement,
        kind=kind,
        fingerprint=fingerprint,
        defaults={"reason": reason[:500], "state": state, "created_at": timezone.now(), "decided_at": None},
    )
    return held


def _over(placement: Placement, *, but: Iterable[str]) -> None:
    if "holds" in placement.lacks:
        return
    waiting = Hold.objects.filter(placement=placement, state__in=(S.OPEN, S.CONFIRMED, S.REJECTED)).exclude(
        kind__in=list(but)
    )
    waiting.update(state=S.OVER)


def _first(items: Iterable[T]) -> list[T]:
    return list(items)[:_NAMED]


def _money(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
