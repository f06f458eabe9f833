"""Differences that a channel shows: which still wait, and the record of who answered what."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.models import User
from channels.models import Drift, Placement
from governance.models import Proposal
from pimhub.foundation import audit

S = Drift.State


def waiting(placement: Placement) -> QuerySet[Drift]:
    """Those that nobody answered, or that were proposed and wait for whoever owns the value."""
    proposed = Proposal.objects.filter(product_id=OuterRef("placement__product_id"), state=Proposal.State.OPEN)
    unsettled = Q(state=S.OPEN) | Q(Exists(proposed), state=S.ADOPTED)
    return Drift.objects.filter(unsettled, placement=placement)


def decide(rows: Sequence[Drift], state: str, user: User | None) -> None:
    """Note the answer; `user` None: a command."""
    Drift.objects.filter(pk__in=[r.pk for r in rows]).update(state=state, decided_by=user, decided_at=timezone.now())
    for row in rows:
        audit.record(
            f"drift.{state}",
            f"product:{row.placement.product.code}",
            channel=row.placement.channel.code,
            sku=row.sku,
            field=f"{row.facet}{row.path}",
        )
