"""Take a change set back, from all it touched or from one product: by three-way merge, so that later edits stay."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from catalog.models import ChangeSet, JournalEntry, Product
from catalog.models.codes import code_key
from catalog.plans import inverse
from catalog.plans.kinds.base import BadPlan, PlanKind, Wanted, What, plan_kind
from catalog.plans.kinds.selection import check_codes
from catalog.products.state import ProductState


@plan_kind
class Undo(PlanKind):
    """{"change_set": id, "codes": [products, or all]}"""

    name = "undo"
    drops_values = True

    def check(self, what: What) -> str:
        act = self._change_set(what)
        codes = what.get("codes")
        if codes is not None and (not isinstance(codes, list) or not all(isinstance(c, str) for c in codes)):
            raise BadPlan("codes", "codes is a list of product codes.")
        if codes is not None:
            check_codes(codes, self._touched(act), "codes", "This change set touched no product “{}”.")
        return f"Undo: {act.reason or act} ({act.created_at:%Y-%m-%d %H:%M} UTC)"

    def undoes(self, what: What) -> ChangeSet:
        return self._change_set(what)

    def products(self, what: What) -> QuerySet[Product]:
        found = self._touched(self._change_set(what))
        if what.get("codes") is None:
            return found
        return found.filter(code_key__in=[code_key(code) for code in what["codes"]])

    def _touched(self, act: ChangeSet) -> QuerySet[Product]:
        return Product.everything.filter(pk__in=JournalEntry.objects.filter(change_set=act).values("product_id"))

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        return inverse.of_change_set(self._change_set(what), states)

    def _change_set(self, what: What) -> ChangeSet:
        try:
            found = ChangeSet.objects.filter(pk=UUID(str(what.get("change_set")))).first()
        except ValueError:
            found = None
        if found is None:
            raise BadPlan("change_set", "There is no such change set.", "not_found")
        return found
