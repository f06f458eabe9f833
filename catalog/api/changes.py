"""What changed, who changed it and why; plans of many changes; and the way back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import own, seen, seen_acts, sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import NUMBER, OBJECT, PAGING, TEXT, TEXTS, Op, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem, refused, told
from catalog.api.products import product_of, shown
from catalog.api.shapes import ACT, ENTRY, PLAN, PLAN_LINE, PRODUCT
from catalog.models import ChangePlan, ChangeSet, JournalEntry, PlanLine, User
from catalog.models.codes import code_key
from catalog.plans import inverse, run
from catalog.plans.kinds.base import BadPlan
from catalog.products.load import load_states
from catalog.products.write import write_product
from pimhub.foundation.jsonvalue import JSON

SEE, UNDO = ("catalog.view_product",), ("catalog.undo_changes",)


class ChangeSetList(ApiView):
    """Acts of people and systems, newest first: `?user= &source= &product=`."""

    resource = "changes"
    rights = {"GET": SEE}
    operations = {"GET": Op(query={**PAGING, "user": "", "source": "", "product": "code"}, answers={200: page_of(ACT)})}

    def get(self, request: Request) -> Response:
        params.only(request, {"user", "source", "product"} | params.PAGING)
        query: QuerySet[ChangeSet] = seen_acts(ChangeSet.objects.select_related("user"))
        if users := params.names(request, "user"):
            query = query.filter(user__username__in=users)
        if sources := params.names(request, "source", known=ChangeSet.Source.values):
            query = query.filter(source__in=sources)
        if code := request.query_params.get("product"):
            touched = JournalEntry.objects.filter(product__code_key=code_key(code)).values("change_set_id")
            query = query.filter(pk__in=touched)
        return Response(page(request, query, Order("created_at", descending=True), change_sets))


class ChangeSetDetail(ApiView):
    """One act."""

    resource = "changes"
    rights = {"GET": SEE}
    operations = {"GET": Op(answers={200: ACT})}

    def get(self, request: Request, pk: UUID) -> Response:
        params.only(request, ())
        return Response(change_sets([_change_set(pk)])[0])


class ChangeSetEntries(ApiView):
    """What one act did, product by product: {key: [old, new]}."""

    resource = "changes"
    rights = {"GET": SEE}
    operations = {"GET": Op(query=PAGING, answers={200: page_of(ENTRY)})}

    def get(self, request: Request, pk: UUID) -> Response:
        params.only(request, params.PAGING)
        entries = seen(JournalEntry.objects.filter(change_set=_change_set(pk)), "product")
        query = entries.select_related("product", "change_set__user")
        return Response(page(request, query, Order("pk"), lambda rows: [entry_data(e) for e in rows]))


class ChangeSetUndo(ApiView):
    """Plan the way back: {"codes": [products, or all], "reason": …} gives a plan to look at and to apply."""

    resource = "changes"
    rights = {"POST": UNDO}
    operations = {"POST": Op(body=thing("", codes=TEXTS, reason=TEXT), answers={202: PLAN})}

    def post(self, request: Request, pk: UUID) -> Response:
        params.only(request, ())
        given = _object(request, {"codes", "reason"})
        what = {"change_set": str(_change_set(pk).pk)} | ({"codes": given["codes"]} if "codes" in given else {})
        return Response(plan_data(_start(request, "undo", what, given)), status=202)


class ProductHistory(ApiView):
    """Every change of a product, newest first; `?key=` and `?sku=` narrow it to one value."""

    resource = "products"
    rights = {"GET": SEE}
    operations = {"GET": Op(query={**PAGING, "key": "value key or part", "sku": ""}, answers={200: page_of(ENTRY)})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, {"key", "sku"} | params.PAGING)
        query = JournalEntry.objects.filter(product=product_of(code)).select_related("product", "change_set__user")
        if "sku" in request.query_params:
            query = query.filter(sku=request.query_params["sku"])
        if key := request.query_params.get("key"):
            query = query.filter(changes__has_key=key)
        rows = Order("pk", descending=True)
        return Response(page(request, query, rows, lambda found: [entry_data(e, key) for e in found]))


class ProductUndo(ApiView):
    """Take one value of one entry of the history back: {"entry": id, "key": value key}. A later edit is a 409."""

    resource = "products"
    rights = {"POST": ("catalog.change_product",)}
    operations = {"POST": Op(body=thing("*", entry=NUMBER, key=TEXT), answers={200: PRODUCT})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product = product_of(code)
        given = _object(request, {"entry", "key"})
        number, key = given.get("entry"), given.get("key")
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(key, str) or abs(number) >= 2**63:
            raise Problem(422, "bad_form", "Send the number of the entry, and the key.")
        entry = JournalEntry.objects.filter(pk=number, product=product).first()
        if entry is None or key not in entry.changes or not sight().shows(product.pk, key):
            raise Problem(404, "not_found", f"There is no such entry of {product.code} with “{key[:100]}”.")
        state = load_states(ids=[product.pk], lock=False)[product.code_key]
        wanted = inverse.of_value(entry, key, state)
        if wanted.left:
            errors = [told(e) | {"current": e.current} for e in wanted.left]
            raise Problem(409, "changed_since", wanted.left[0].message, errors=errors)
        if wanted.change is not None:
            result = write_product(wanted.change)
            if result.status == "rejected":
                raise refused(result.errors)
        return shown(request, product_of(code))


class PlanList(ApiView):
    """`GET` plans, newest first. `POST` {"kind", "what", "reason"} works a preview out in the background.

    Kinds: edit {"select", "change"} · undo {"change_set", "codes"} · levels {"select", "attribute", "to"} ·
    axes {"select", "axes"} · attach {"parent", "codes", "axes"}. `select` is {"filter", "text", "view", "codes"}.
    """

    resource = "changes"
    rights = {"GET": SEE, "POST": UNDO}
    operations = {
        "GET": Op(query={**PAGING, "state": "", "kind": ""}, answers={200: page_of(PLAN)}),
        "POST": Op(body=thing("kind what", kind=TEXT, what=OBJECT, reason=TEXT), answers={202: PLAN}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"state", "kind"} | params.PAGING)
        query: QuerySet[ChangePlan] = own(ChangePlan.objects.select_related("user"))
        if states := params.names(request, "state", known=ChangePlan.State.values):
            query = query.filter(state__in=states)
        if kinds := params.names(request, "kind"):
            query = query.filter(kind__in=kinds)
        order = Order("created_at", descending=True)
        return Response(page(request, query, order, lambda rows: [plan_data(p) for p in rows]))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = _object(request, {"kind", "what", "reason"})
        if not isinstance(given.get("kind"), str) or not isinstance(given.get("what"), dict):
            raise Problem(422, "bad_form", "Send “kind” as text and “what” as an object.")
        return Response(plan_data(_start(request, given["kind"], given["what"], given)), status=202)


class PlanDetail(ApiView):
    """How far a plan is, and what it would do. `DELETE` cancels one that was not applied."""

    resource = "changes"
    rights = {"GET": SEE, "DELETE": UNDO}
    operations = {"GET": Op(answers={200: PLAN}), "DELETE": Op(answers={204: None})}

    def get(self, request: Request, pk: UUID) -> Response:
        params.only(request, ())
        return Response(plan_data(_plan(pk)))

    def delete(self, request: Request, pk: UUID) -> Response:
        params.only(request, ())
        try:
            run.cancel(_plan(pk))
        except run.NotNow as error:
            raise Problem(409, "not_now", str(error)) from error
        return Response(status=204)


class PlanLines(ApiView):
    """What the plan does to each product; `?outcome=` narrows it."""

    resource = "changes"
    rights = {"GET": SEE}
    operations = {"GET": Op(query={**PAGING, "outcome": ""}, answers={200: page_of(PLAN_LINE)})}

    def get(self, request: Request, pk: UUID) -> Response:
        params.only(request, {"outcome"} | params.PAGING)
        query: QuerySet[PlanLine] = PlanLine.objects.filter(plan=_plan(pk))
        if outcomes := params.names(request, "outcome", known=PlanLine.Outcome.values):
            query = query.filter(outcome__in=outcomes)
        return Response(page(request, query, Order("pk"), lambda rows: [line_data(line) for line in rows]))


class PlanApply(ApiView):
    """Write exactly what the preview showed; what was edited since is left alone and told."""

    resource = "changes"
    rights = {"POST": UNDO}
    operations = {"POST": Op(answers={202: PLAN})}

    def post(self, request: Request, pk: UUID) -> Response:
        params.only(request, ())
        plan = _plan(pk)
        try:
            run.apply(plan, user=_person(request))
        except run.NotNow as error:
            raise Problem(409, "not_now", str(error)) from error
        return Response(plan_data(plan), status=202)


def _start(request: Request, kind: str, what: dict[str, JSON], given: dict[str, Any]) -> ChangePlan:
    reason = given.get("reason", "")
    if not isinstance(reason, str):
        raise Problem(422, "bad_reason", "reason is text.")
    try:
        return run.start(kind=kind, what=what, user=_person(request), reason=reason)
    except BadPlan as error:
        errors: list[dict[str, JSON]] = [{"key": error.key, "code": error.code, "message": str(error)}]
        raise Problem(422, error.code, str(error), errors=errors) from error


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _object(request: Request, known: set[str]) -> dict[str, Any]:
    given = request.data
    if not isinstance(given, dict) or set(given) - known:
        raise Problem(422, "bad_form", f"Send an object of {', '.join(sorted(known))}.")
    return given


def _change_set(pk: UUID) -> ChangeSet:
    found = seen_acts(ChangeSet.objects.select_related("user").filter(pk=pk)).first()
    if found is None:
        raise Problem(404, "not_found", "There is no such change set.")
    return found


def _plan(pk: UUID) -> ChangePlan:
    found = own(ChangePlan.objects.select_related("user").filter(pk=pk)).first()
    if found is None:
        raise Problem(404, "not_found", "There is no such plan.")
    return found


def change_sets(rows: Any) -> list[dict[str, Any]]:
    ids = [c.pk for c in rows]
    counted = JournalEntry.objects.filter(change_set_id__in=ids).values("change_set_id")
    counts = dict(counted.annotate(n=Count("product_id", distinct=True)).values_list("change_set_id", "n"))
    undone = set(ChangeSet.objects.filter(undoes_id__in=ids).values_list("undoes_id", flat=True))
    return [
        {
            "id": str(c.pk),
            "actor": c.actor,
            "user": c.user.username if c.user else None,
            "source": c.source,
            "system": c.system or None,
            "reason": c.reason,
            "at": c.created_at.isoformat(),
            "products": counts.get(c.pk, 0),
            "undoes": str(c.undoes_id) if c.undoes_id else None,
            "undone": c.pk in undone,
        }
        for c in rows
    ]


def entry_data(entry: JournalEntry, key: str | None = None) -> dict[str, Any]:
    act, changes = entry.change_set, sight().visible(entry.product_id, entry.changes)
    return {
        "id": entry.pk,
        "product": entry.product.code,
        "sku": entry.sku or None,
        "changes": {k: pair[:2] for k, pair in changes.items() if key in (None, k)},
        "line": entry.line,
        "change_set": str(act.pk),
        "actor": act.actor,
        "source": act.source,
        "reason": act.reason,
        "at": act.created_at.isoformat(),
    }


def plan_data(plan: ChangePlan) -> dict[str, Any]:
    return {
        "id": str(plan.pk),
        "kind": plan.kind,
        "what": plan.what,
        "title": plan.title,
        "reason": plan.reason,
        "user": plan.user.username if plan.user else None,
        "state": plan.state,
        "products": plan.total,
        "counts": plan.counts,
        "impact": plan.impact,
        "problem": plan.problem or None,
        "change_set": str(plan.change_set_id) if plan.change_set_id else None,
        "created": plan.created_at.isoformat(),
        "finished": plan.finished_at.isoformat() if plan.finished_at else None,
    }


def line_data(line: PlanLine) -> dict[str, Any]:
    return {
        "product": line.product_code,
        "outcome": line.outcome,
        "changes": {
            sku: {k: p[:2] for k, p in sight().visible(line.product_id, pairs).items()}
            for sku, pairs in line.changes.items()
        },
        "errors": line.errors,
    }
