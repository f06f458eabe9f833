"""What is derived from products, derived anew after their family changed: in the background, in slices.

`Family.requirements` counts such changes. A figure that was measured by an older count is not current, and says so.
The door looks at the count again after it wrote, so no writer with an old picture of the family slips through
behind a slice; see docs/decisions/0012.
"""

from __future__ import annotations

import datetime as dt
import time

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog import events
from catalog.models import Attribute, Completeness, Family, Product, Recompute, Variant
from catalog.products.derive import derive_again
from catalog.products.holders import holding
from catalog.products.load import load_states
from catalog.products.reference import load_reference

SLICE = 200
SECONDS = 5.0  # of one turn
LEASE = dt.timedelta(minutes=5)


def request(*families: Family) -> None:
    """Derive everything of these families anew. Call it in the transaction that changes them."""
    for family in sorted(families, key=lambda f: f.pk):
        # Waits for whoever is adding products of it with the old count.
        Family.objects.select_for_update().get(pk=family.pk)
        Family.objects.filter(pk=family.pk).update(requirements=F("requirements") + 1)
        family.refresh_from_db(fields=["requirements"])
        total = Product.everything.filter(family=family).count()
        again = {"cursor": 0, "done": 0, "total": total}
        # One that is under way begins again: what it did was by the old count.
        if not Recompute.objects.filter(family=family, finished_at__isnull=True).update(**again):
            Recompute.objects.create(family=family, **again)
    events.ring("recompute")


def families_with(attribute: Attribute) -> list[Family]:
    """Families that have the attribute, and those whose products still hold a value of it."""
    own = holding(Product.everything.all(), attribute).values("family_id")
    variants = holding(Variant.everything.all(), attribute).values("product__family_id")
    return list(Family.objects.filter(Q(attributes=attribute) | Q(pk__in=own) | Q(pk__in=variants)).distinct())


def waiting() -> list[int]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    return list(Recompute.objects.filter(free, finished_at__isnull=True).values_list("pk", flat=True))


def advance(pk: int) -> bool:
    """Work on one for a while; whether there is more to do. May be killed at any line, and run twice."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with transaction.atomic():
            run = Recompute.objects.select_for_update(skip_locked=True).filter(pk=pk, finished_at__isnull=True).first()
            if run is None or not _slice(run):
                return False
    return True


def _slice(run: Recompute) -> bool:
    """The next products; whether any were left."""
    rows = Product.everything.filter(family=run.family_id, pk__gt=run.cursor).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:SLICE])
    if not ids:
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
        return False
    derive_again(list(load_states(ids=ids, lock=True).values()), load_reference())
    run.cursor, run.done = ids[-1], run.done + len(ids)
    run.total = max(run.total, run.done)
    run.save(update_fields=["cursor", "done", "total"])
    return True


def progress() -> list[dict[str, object]]:
    """What is under way, for pages and the API."""
    rows = Recompute.objects.filter(finished_at__isnull=True).select_related("family")
    return [{"family": r.family.code, "label": r.family.label(), "done": r.done, "total": r.total} for r in rows]


def not_current() -> Q:
    """Completeness rows that were measured before their family changed."""
    return Q(requirements__lt=F("product__family__requirements"))


def is_current(row: Completeness) -> bool:
    return row.requirements >= row.product.family.requirements
