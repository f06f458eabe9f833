"""A plan that takes back the texts of a run, or of a prompt version: what was there before each was taken.

Previewed, applied and undone like every plan; a text that somebody edited since stays, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from catalog.models import JournalEntry, Product
from catalog.plans import inverse
from catalog.plans.kinds.base import BadPlan, PlanKind, Wanted, What, plan_kind
from catalog.products.state import ProductState
from governance.models import CopyRun, Draft, PromptVersion, TextOrigin


@plan_kind
class TextsBack(PlanKind):
    """{"run": id of a run} or {"version": id of a prompt version}"""

    name = "undo_texts"
    drops_values = True

    def check(self, what: What) -> str:
        if "run" in what:
            run = _run(what)
            return f"Take back the texts of a run: {run.version} ({run.created_at:%Y-%m-%d %H:%M} UTC)"
        return f"Take back the texts of {_version(what)}"

    def products(self, what: What) -> QuerySet[Product]:
        # Those of which somebody wrote over the text, too: the plan says that it stays.
        origins = TextOrigin.objects.filter(draft__in=_drafts(what))
        return Product.everything.filter(pk__in=origins.values("product_id"))

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        ids = [s.row.pk for s in states]
        origins = TextOrigin.objects.filter(draft__in=_drafts(what), product_id__in=ids)
        # Of each text, the acts that took it, edited or not, in their order; what a person edited later is another act.
        acts = [
            (o.product_id, o.sku, o.key, o.change_set_id)
            for o in origins.select_related("draft__proposal").order_by("pk")
            if o.kind != TextOrigin.Kind.EDITED or o.change_set_id == o.draft.proposal.change_set_id
        ]
        entries = JournalEntry.objects.filter(change_set_id__in={act[3] for act in acts}, product_id__in=ids)
        changes = {(e.product_id, e.sku, e.change_set_id): e.changes for e in entries}
        taken: dict[int, list[tuple[str, inverse.Pairs]]] = {}
        for product, sku, key, act in acts:
            pairs = changes.get((product, sku, act), {})
            if key in pairs:
                taken.setdefault(product, []).append((sku, {key: pairs[key]}))
        return [inverse.of_values(taken.get(state.row.pk, []), state) for state in states]


def _drafts(what: What) -> QuerySet[Draft]:
    if "run" in what:
        return Draft.objects.filter(item__run=_run(what))
    return Draft.objects.filter(version=_version(what))


def _run(what: What) -> CopyRun:
    try:
        found = CopyRun.objects.select_related("version__template").filter(pk=UUID(str(what["run"]))).first()
    except ValueError:
        found = None
    if found is None:
        raise BadPlan("run", "There is no such run.", "not_found")
    return found


def _version(what: What) -> PromptVersion:
    pk = what.get("version")
    found = PromptVersion.objects.select_related("template").filter(pk=pk).first() if isinstance(pk, int) else None
    if found is None:
        raise BadPlan("version", "There is no such version of a prompt.", "not_found")
    return found
