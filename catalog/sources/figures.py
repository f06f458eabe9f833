"""Figures of a source for whoever watches it: plain numbers, no opinion."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone

from catalog.models import Delivery, Heard, Reject, Source


@dataclass(frozen=True, slots=True)
class Figures:
    """`silent_minutes` None: never heard of. `lag_seconds`: how long the oldest waiting delivery has waited.

    `reject_rate`: of the lines of the last day, 0 to 1.
    """

    last_seen: dt.datetime | None
    silent_minutes: float | None
    late: bool
    lag_seconds: float
    reject_rate: float
    open_rejects: int


def figures(source: Source) -> Figures:
    """The figures of one source as of now."""
    now = timezone.now()
    silent = (now - source.last_seen).total_seconds() / 60 if source.last_seen else None
    oldest = source.deliveries.filter(state=Delivery.State.WORKING).order_by("id").values_list("created_at", flat=True)
    first = oldest.first()
    counts = [d.counts for d in source.deliveries.filter(created_at__gte=now - dt.timedelta(days=1))]
    lines = sum(sum(c.values()) for c in counts)
    rejected = sum(c.get("rejected", 0) for c in counts)
    return Figures(
        last_seen=source.last_seen,
        silent_minutes=silent,
        late=source.is_late,
        lag_seconds=(now - first).total_seconds() if first else 0.0,
        reject_rate=rejected / lines if lines else 0.0,
        open_rejects=open_rejects(source.system.code, source.delivers),
    )


def open_rejects(system: str, kind: str) -> int:
    """How many messages of a system wait to be mended."""
    return Reject.objects.filter(source=system, kind=kind, state=Reject.State.OPEN).count()


def heard() -> list[Heard]:
    """When each system last spoke of each price list and location, through the API or a source."""
    return list(Heard.objects.all())


def reject_rate(system: str) -> float:
    """Of all messages that a system ever sent through any door, how many could not be taken: 0 to 1."""
    found = Heard.objects.filter(source=system).aggregate(
        taken=Sum("taken"), overtaken=Sum("overtaken"), rejected=Sum("rejected")
    )
    total = sum(n or 0 for n in found.values())
    return (found["rejected"] or 0) / total if total else 0.0
