"""Which products are meant: conditions of the filter language and words. Grid, API, plans and views all ask here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from catalog.access.reach import seen
from catalog.models import Product, SavedView, User
from catalog.search import filters, text
from pimhub.foundation.jsonvalue import JSON

COUNTED = 10_000  # beyond, a count is a bound


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; when `exact` is false, as the database estimates (at least 10,000)."""

    value: int
    exact: bool


def select(conditions: Sequence[JSON] = (), words: str = "") -> QuerySet[Product]:
    """Products that fulfil every condition and have every word. Raises BadFilter.

    Only what the person acting reaches; those in the trash only when a condition asks for them.
    """
    given = [c for c in conditions if c]
    found = filters.build(given)
    manager = Product.everything if filters.mentions(given, "trashed") else Product.objects
    return text.matching(seen(manager.filter(found)), words)


def view_of(user: User, pk: JSON) -> SavedView | None:
    """A saved view that the person may see."""
    if isinstance(pk, bool) or not isinstance(pk, int) or abs(pk) >= 2**63:
        return None
    view = SavedView.objects.select_related("user").filter(pk=pk).first()
    return view if view is not None and (view.shared or view.user_id == user.pk) else None


def conditions_of(view: SavedView | None) -> list[JSON]:
    return [view.filter] if view is not None and view.filter else []


def count(query: QuerySet[Any]) -> Count:
    """Exact up to 10,000; counting on would cost more the more there are, so beyond it is the planner's estimate."""
    plain = query.order_by().values("pk")
    found = plain[: COUNTED + 1].count()
    if found <= COUNTED:
        return Count(found, exact=True)
    return Count(max(COUNTED, _estimate(plain)), exact=False)


def _estimate(query: QuerySet[Any]) -> int:
    """How many rows PostgreSQL expects, to two digits; 0 where nobody estimates."""
    if connection.vendor != "postgresql":
        return 0
    rows = int(json.loads(query.explain(format="json"))[0]["Plan"]["Plan Rows"])
    step: int = 10 ** max(len(str(rows)) - 2, 0)
    return int(rows // step * step)


def leaves(given: JSON) -> list[Mapping[str, JSON]]:
    """The conditions of a filter that is a plain list of them; [] for one with groups."""
    items = given if isinstance(given, list) else [given] if given else []
    return items if all(isinstance(i, Mapping) and "field" in i for i in items) else []
