"""Rejected messages, tried again when their cause is gone or a person asks, or dropped by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.change_sets import acting
from catalog.intake.messages import ITEM, Message, read
from catalog.intake.rejects import told
from catalog.intake.take import take
from catalog.models import ChangeSet, ExternalReference, Family, Location, PriceList, Reject, User, Variant
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.reference import load_reference
from catalog.products.wire import BadForm, read_product
from catalog.products.write import write_products
from pimhub.foundation import audit

OPEN = Reject.State.OPEN
BATCH = 500
Became = tuple[str, Sequence[ChangeError]]  # its state now, and why it stays open
AGAIN = dt.timedelta(minutes=1)  # so long after a fruitless try
PLACES: dict[str, type[Location] | type[PriceList] | type[Family]] = {
    "unknown_location": Location,
    "unknown_price_list": PriceList,
    "unknown_family": Family,
}


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
    items = [row for row in rows if row.kind == ITEM]
    with transaction.atomic():
        found = _figures([row for row in rows if row.kind != ITEM]) | (_items(items) if items else {})
        done: dict[str, list[int]] = {Reject.State.TAKEN: [], Reject.State.OVERTAKEN: []}
        for pk, (state, errors) in found.items():
            if state != OPEN:
                done[state].append(pk)
                continue
            # No reason: no cause elsewhere, the line itself must be sent anew.
            news = {"code": errors[0].code[:50], "errors": told(errors)} if errors else {}
            Reject.objects.filter(pk=pk).update(tried_at=now, **news)
        for state, ids in done.items():
            Reject.objects.filter(pk__in=ids).update(state=state, closed_at=now, tried_at=now)
    taken, overtaken = len(done[Reject.State.TAKEN]), len(done[Reject.State.OVERTAKEN])
    return {"taken": taken, "overtaken": overtaken, "rejected": len(found) - taken - overtaken}


def _figures(rows: Sequence[Reject]) -> dict[int, Became]:
    readable: list[tuple[Reject, Message]] = []
    found: dict[int, Became] = {}
    for row in rows:
        try:
            readable.append((row, read(row.kind, row.line)))
        except BadForm:
            found[row.pk] = OPEN, ()
    outcomes = take([m for _, m in readable], load_reference(), retry=True)
    for (row, _), outcome in zip(readable, outcomes, strict=True):
        over = Reject.State.TAKEN if outcome.applied else Reject.State.OVERTAKEN
        found[row.pk] = OPEN if outcome.errors else over, outcome.errors
    return found


def _items(rows: Sequence[Reject]) -> dict[int, Became]:
    readable: list[tuple[Reject, ProductChange]] = []
    found: dict[int, Became] = {}
    for row in rows:
        try:
            readable.append((row, read_product(row.line)))
        except BadForm:
            found[row.pk] = OPEN, ()
    results = write_products([change for _, change in readable])
    for (row, _), result in zip(readable, results, strict=True):
        found[row.pk] = OPEN if result.status == "rejected" else Reject.State.TAKEN, result.errors
    return found


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
    found = Q(code="unknown_sku") & sku
    for code, model in PLACES.items():
        if known := _there(open_, code, model):
            found |= Q(code=code, place__in=known)
    return open_.filter(found)


def _there(rows: QuerySet[Reject], code: str, model: type[Location] | type[PriceList] | type[Family]) -> list[str]:
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
