"""Proposals: made by whoever sees a product, decided by who may change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen, sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, MOMENT, NUMBER, OBJECT, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem, told
from catalog.api.products import product_of
from catalog.models import User
from governance import proposals
from governance.copywriting.provenance import within
from governance.models import Draft, Proposal

SHAPE = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    sku=TEXT,
    key=TEXT,
    base=ANY,
    value=ANY,
    by=maybe(TEXT),
    system=maybe(TEXT),
    reason=TEXT,
    state=TEXT,
    why=TEXT,
    comment=TEXT,
    decided_by=maybe(TEXT),
    created=MOMENT,
    decided=maybe(MOMENT),
    draft=maybe({**OBJECT, "description": "the proof of a text that AI wrote: prompt, model, facts, claims, cost"}),
)
PROOF = ("product", "proposed_by", "decided_by", "draft__version__template", "draft__call")
CHANGE = ("catalog.change_product",)


def shown(row: Proposal) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.product.code,
        "sku": row.sku,
        "key": row.key,
        "base": row.base,
        "value": row.value,
        "by": row.proposed_by.username if row.proposed_by else None,
        "system": row.system or None,
        "reason": row.reason,
        "state": row.state,
        "why": row.why,
        "comment": row.comment,
        "decided_by": row.decided_by.username if row.decided_by else None,
        "created": row.created_at,
        "decided": row.decided_at,
        "draft": proof_of(row.draft) if hasattr(row, "draft") else None,
    }


def proof_of(draft: Draft) -> dict[str, Any]:
    version, call = draft.version, draft.call
    facts = within(draft, draft.proposal.product_id, draft.facts)
    return {
        "prompt": version.template.code,
        "version": version.number,
        "locale": draft.locale,
        "model": (call.answered_model or call.model) if call else "",
        "request_id": call.request_id if call else "",
        "cost_micros": call.cost_micros if call else None,
        "text": draft.text,
        "sentences": draft.sentences,
        "facts": facts,
        "facts_hash": draft.facts_hash,
        "used": [code for code in draft.used if code in facts],
        "claims": draft.claims,
        "flags": draft.flags,
        "judged_by": draft.judged_by,
        "taken_by": draft.taken_by,
    }


def rows_of(rows: Sequence[Proposal]) -> list[dict[str, Any]]:
    """As shown, but for values that the person acting does not see."""
    return [shown(row) for row in rows if sight().shows(row.product_id, row.key)]


class ProposalList(ApiView):
    """Proposals, the newest first: `?state=open`, `?product=` narrow them."""

    resource = "proposals"
    rights = {"GET": ("catalog.view_product",)}
    operations = {
        "GET": Op(
            query={**PAGING, "state": "such as open", "product": "a code"},
            answers={200: page_of(SHAPE)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"state", "product"} | params.PAGING)
        query = seen(Proposal.objects.select_related(*PROOF), "product")
        if state := request.query_params.get("state"):
            query = query.filter(state=params.choice(request, "state", Proposal.State.values, state))
        if code := request.query_params.get("product"):
            query = query.filter(product=product_of(code))
        return Response(page(request, query, Order("pk", descending=True), rows_of))


class ProposalMake(ApiView):
    """Propose values of the product: {"values": {key: value}, "variants": {SKU: {key: value}}, "reason"}."""

    resource = "proposals"
    rights = {"POST": ("catalog.view_product",)}
    operations = {
        "POST": Op(
            body=thing("", values=OBJECT, variants=OBJECT, reason=TEXT),
            answers={201: thing("*", results=array(SHAPE))},
        )
    }

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product, given = product_of(code), request.data
        if not isinstance(given, dict) or set(given) - {"values", "variants", "reason"}:
            raise Problem(422, "bad_form", "Send an object of values, variants and reason.")
        variants, reason = given.get("variants", {}), given.get("reason", "")
        wanted = {"": given.get("values", {}), **(variants if isinstance(variants, dict) else {"": None})}
        if not isinstance(reason, str) or not all(isinstance(values, dict) for values in wanted.values()):
            raise Problem(422, "bad_form", "values and variants are objects, reason is a text.")
        try:
            made = proposals.propose(product=product, wanted=wanted, reason=reason)
        except proposals.CannotPropose as error:
            raise Problem(422, "refused", str(error), errors=[told(e) for e in error.errors]) from error
        return Response({"results": [shown(row) for row in made]}, status=201)


class Decision(ApiView):
    """What becomes of one proposal."""

    resource = "proposals"
    rights = {"POST": CHANGE}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row = seen(Proposal.objects.select_related("product").filter(pk=pk), "product").first()
        if row is None:
            raise Problem(404, "not_found", f"There is no proposal {pk}.")
        given = request.data
        if not isinstance(given, dict) or not isinstance(given.get("comment", ""), str):
            raise Problem(422, "bad_form", "Send an object; comment is a text.")
        assert isinstance(request.user, User)
        try:
            self.decide(row, request.user, given)
        except proposals.CannotDecide as error:
            raise Problem(error.status, error.code, str(error), errors=[told(e) for e in error.errors]) from error
        row = Proposal.objects.select_related(*PROOF).get(pk=pk)
        return Response(shown(row))

    def decide(self, row: Proposal, user: User, given: dict[str, Any]) -> None:
        raise NotImplementedError


class Accept(Decision):
    """Write it, or the "value" given instead. 409 when the value was changed since."""

    operations = {"POST": Op(body=thing("", value=ANY, comment=TEXT), answers={200: SHAPE})}

    def decide(self, row: Proposal, user: User, given: dict[str, Any]) -> None:
        comment = given.get("comment", "")
        proposals.accept(proposal=row, user=user, instead=given.get("value"), edited="value" in given, comment=comment)


class Reject(Decision):
    """Turn it down: "why" is wrong, unproven, style, outdated or other."""

    operations = {"POST": Op(body=thing("why", why=TEXT, comment=TEXT), answers={200: SHAPE})}

    def decide(self, row: Proposal, user: User, given: dict[str, Any]) -> None:
        proposals.reject(proposal=row, user=user, why=str(given.get("why", "")), comment=given.get("comment", ""))
