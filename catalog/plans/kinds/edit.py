"""The same edit for every product of a selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import QuerySet

from catalog.models import Product
from catalog.plans.kinds.base import BadPlan, PlanKind, Wanted, What, plan_kind
from catalog.plans.kinds.selection import check_selection, selected
from catalog.products.state import ProductState
from catalog.products.wire import BadForm, read_product

# What can be said of many products at once: nothing that names a single variant or picture.
POSSIBLE = frozenset(
    {
        *("values", "reset", "family", "categories", "trashed", "force"),
        *("add_values", "remove_values", "add_categories", "remove_categories"),
        *("associations", "add_associations", "remove_associations"),
    }
)


@plan_kind
class Edit(PlanKind):
    """{"select": …, "change": {"values": …, "add_categories": …}}"""

    name = "edit"

    def check(self, what: What) -> str:
        check_selection(what.get("select"))
        change = what.get("change")
        if not isinstance(change, dict) or not change or set(change) - POSSIBLE:
            raise BadPlan("change", f"Say what to change: an object of {', '.join(sorted(POSSIBLE))}.")
        try:
            read_product(change, code="x")
        except BadForm as error:
            raise BadPlan(f"change.{error.errors[0].key}", error.errors[0].message, error.errors[0].code) from error
        if set(change) <= {"trashed", "force"}:
            return "Move to the trash" if change.get("trashed") else "Bring back from the trash"
        keys = [key for part in change.values() if isinstance(part, dict) for key in part]
        return f"Edit {', '.join([*keys, *(p for p in change if not isinstance(change[p], dict))][:5])}"

    def products(self, what: What) -> QuerySet[Product]:
        return selected(what["select"])

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        change = read_product(what["change"], code="x")
        return [Wanted(replace(change, code=state.row.code)) for state in states]
