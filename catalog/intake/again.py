"""Rejected messages, tried again when their cause is gone or a person asks, or dropped by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.change_sets import acting
from catalog.intake.messages import Message, read
from catalog.intake.rejects import told
from catalog.intake.take import take
from catalog.models import ChangeSet, ExternalReference, Location, PriceList, Reject, User, Variant
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError
from catalog.products.reference import load_reference
from catalog.products.wire import BadForm
from pimhub.foundation import audit

OPEN = Reject.State.OPEN
BATCH = 500
AGAIN = dt.timedelta(minutes=1)  # so long after a fruitless try


def retry(rows: Sequence[Reject], *, user: User | None = None) -> dict[str, int]:
    """Try rejects again, each as who sent it; how many were {taken, overtaken, rejected}.

    Harmless to do twice at once: the order of the messages decides. `user` asked for it, or the clock.
    """
    counts = {"taken": 0, "overtaken": 0, "rejected": 0}
    groups: dict[tuple[str, int | None], list[Reject]] = {}
    for row in rows:
        groups.setdefault((row.source, row.user_id), []).append(row)
    asked = f"tried again, asked by {user.display_name}" if user else "tried again"
    for (source, _), group in groups.items():
        with acting(user=group[0].user, source=ChangeSet.Source.SYSTEM, system=source, reason=asked):
            for start in range(0, len(group), BATCH):
                for name, count in _again(group[start : start + BATCH]).items():
                    counts[name] += count
    if user is not None and rows:
        audit.record("rejects.retried", "rejects", **counts)
    return counts


def _again(rows: Sequence[Reject]) -> dict[str, int]:
    now = timezone.now()
    readable: list[tuple[Reject, Message]] = []
    errors: dict[int, Sequence[ChangeError]] = {}
    for row in rows:
        try:
            readable.append((row, read(row.kind, row.line)))
        except BadForm:
            errors[row.pk] = ()  # no cause elsewhere: the line itself must be sent anew
    with transaction.atomic():
        outcomes = take([m for _, m in readable], load_reference(), retry=True)
        done: dict[str, list[int]] = {Reject.State.TAKEN: [], Reject.State.OVERTAKEN: []}
        for (row, _), outcome in zip(readable, outcomes, strict=True):
            if outcome.errors:
                errors[row.pk] = outcome.errors
            else:
                done[Reject.State.TAKEN if outcome.applied else Reject.State.OVERTAKEN].append(row.pk)
        for state, ids in done.items():
            Reject.objects.filter(pk__in=ids).update(state=state, closed_at=now, tried_at=now)
        for pk, found in errors.items():
            news = {"code": found[0].code[:50], "errors": told(found)} if found else {}
            Reject.objects.filter(pk=pk).update(tried_at=now, **news)
    return {
        "taken": len(done[Reject.State.TAKEN]),
        "overtaken": len(done[Reject.State.OVERTAKEN]),
        "rejected": len(errors),
    }


def drop(rows: QuerySet[Reject], *, user: User) -> int:
    """A person says that these are of no use; how many."""
    count = rows.filter(state=OPEN).update(state=Reject.State.DROPPED, closed_at=timezone.now(), closed_by=user)
    if count:
        audit.record("rejects.dropped", "rejects", count=count)
    return count


def mended() -> QuerySet[Reject]:
    """Open rejects whose cause seems to be gone: their SKU, location or price list is there now."""
    waited = Q(tried_at=None) | Q(tried_at__lt=timezone.now() - AGAIN)
    open_ = Reject.objects.filter(waited, state=OPEN)
    sku = Q(Exists(Variant.objects.filter(sku_key=OuterRef("sku_key"), product__trashed_at=None)))
    sku |= Q(~Q(foreign=""), Exists(ExternalReference.objects.filter(kind="variant", code_key=OuterRef("foreign"))))
    places = {"unknown_location": _there(open_, Location), "unknown_price_list": _there(open_, PriceList)}
    found = Q(code="unknown_sku") & sku
    for code, known in places.items():
        if known:
            found |= Q(code=code, place__in=known)
    return open_.filter(found)


def _there(rows: QuerySet[Reject], model: type[Location] | type[PriceList]) -> list[str]:
    code = "unknown_location" if model is Location else "unknown_price_list"
    wanted = list(rows.filter(code=code).values_list("place", flat=True).distinct().order_by()[:1000])
    if not wanted:
        return []
    known = set(model._default_manager.filter(code__in=wanted).values_list("code", flat=True))
    foreign = {code_key(w.partition(":")[2]): w for w in wanted if ":" in w} if model is Location else {}
    held = ExternalReference.objects.filter(kind="location", code_key__in=foreign)
    return [*known, *(foreign[key] for key in set(held.values_list("code_key", flat=True)))]


def retry_mended() -> bool:
    """Try what seems mended, for a slice; whether there may be more. May be killed at any line."""
    rows = list(mended().select_related("user").order_by("id")[:BATCH])
    if rows:
        retry(rows)
    return len(rows) == BATCH
