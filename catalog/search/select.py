"""Which products are meant: conditions of the filter language and words. Grid, API, plans and views all ask here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from catalog.models import Product, SavedView, User
from catalog.search import filters, text
from pimhub.foundation.jsonvalue import JSON

COUNTED = 10_000  # beyond, a count is a bound


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; `exact` is false when there are at least so many."""

    value: int
    exact: bool


def select(conditions: Sequence[JSON] = (), words: str = "") -> QuerySet[Product]:
    """Products that fulfil every condition and have every word. Raises BadFilter.

    Those in the trash only when a condition asks for them.
    """
    given = [c for c in conditions if c]
    found = filters.build(given)
    manager = Product.everything if filters.mentions(given, "trashed") else Product.objects
    return text.matching(manager.filter(found), words)


def view_of(user: User, pk: JSON) -> SavedView | None:
    """A saved view that the person may see."""
    if isinstance(pk, bool) or not isinstance(pk, int) or abs(pk) >= 2**63:
        return None
    view = SavedView.objects.select_related("user").filter(pk=pk).first()
    return view if view is not None and (view.shared or view.user_id == user.pk) else None


def conditions_of(view: SavedView | None) -> list[JSON]:
    return [view.filter] if view is not None and view.filter else []


def count(query: QuerySet[Any]) -> Count:
    """Exact up to 10,000; counting on would cost more the more there are."""
    found = query.order_by().values("pk")[: COUNTED + 1].count()
    return Count(min(found, COUNTED), found <= COUNTED)


def leaves(given: JSON) -> list[Mapping[str, JSON]]:
    """The conditions of a filter that is a plain list of them; [] for one with groups."""
    items = given if isinstance(given, list) else [given] if given else []
    return items if all(isinstance(i, Mapping) and "field" in i for i in items) else []
