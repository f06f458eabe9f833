"""What waits for a person on a channel: held changes, drift, products that were there before us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen
from catalog.api import params
from catalog.api.describe import MOMENT, NUMBER, OBJECT, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import User
from channels.access import PUBLISH, readable
from channels.api.channels import OfChannels, body_of
from channels.api.listings import OF_SKU, of_products
from channels.models import Drift, Hold, Match
from channels.publishing import drift, holds, meeting
from channels.reconcile.look import look_soon

NEWEST = Order("pk", descending=True)
STATE = "parted by commas; usual: open"

HOLD = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    kind=TEXT,
    state=TEXT,
    reason=TEXT,
    since=MOMENT,
    decided_by=TEXT,
    decided=maybe(MOMENT),
)
ANY: dict[str, Any] = {"description": "as the channel's body holds it"}
DRIFT = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    sku=maybe(TEXT),
    facet=TEXT,
    path=TEXT,
    ours=ANY,
    theirs=ANY,
    state=TEXT,
    found=MOMENT,
    decided_by=TEXT,
    decided=maybe(MOMENT),
)
FOUND = thing(
    "*",
    id=TEXT,
    by=TEXT,
    title=TEXT,
    more=NUMBER,
    doubt=TEXT,
    variants=array(thing("*", id=TEXT, sku=TEXT, gtin=TEXT, row=TEXT)),
)
MATCH = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    state=TEXT,
    found=array(FOUND),
    doubts=array(TEXT),
    found_at=MOMENT,
    decided_by=TEXT,
    decided=maybe(MOMENT),
)


class HoldList(OfChannels):
    """Changes that are not sent before somebody confirms them."""

    operations = {
        "GET": Op(query={**PAGING, **OF_SKU, "state": STATE, "kind": "parted by commas"}, answers={200: page_of(HOLD)})
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"state", "kind", "sku", "product"})
        rows = seen(Hold.objects.filter(placement__channel=self.channel(code)), "placement__product")
        rows = _in_states(request, of_products(request, rows), Hold.State.values)
        if kinds := params.names(request, "kind", known=Hold.Kind.values):
            rows = rows.filter(kind__in=kinds)
        rows = rows.select_related("placement__product", "decided_by")
        return Response(page(request, rows, NEWEST, lambda found: [_hold(x) for x in found]))


class HoldConfirm(OfChannels):
    """Let it go out. 409 when it does not wait any more."""

    operations = {"POST": Op(body=OBJECT, answers={200: HOLD})}
    decide = staticmethod(holds.confirm)

    def post(self, request: Request, code: str, pk: int) -> Response:
        params.only(request, ())
        body_of(request)
        held = Hold.objects.filter(placement__channel=self.channel(code, PUBLISH), pk=pk)
        row = seen(held, "placement__product", right=PUBLISH).first()
        if row is None:
            raise Problem(404, "not_found", f"{code} has no such held change.")
        try:
            self.decide(hold=row, user=cast(User, request.user))
        except holds.CannotConfirm as error:
            raise Problem(409, "not_open", str(error)) from error
        return Response(_hold(Hold.objects.select_related("placement__product", "decided_by").get(pk=pk)))


class HoldReject(HoldConfirm):
    """Do not send it: what the channel shows stays until something else is wanted. 409 when it waits no more."""

    decide = staticmethod(holds.reject)


class DriftList(OfChannels):
    """What the channel shows otherwise than it took, field by field; null where the person's roles do not show the
    value."""

    operations = {"GET": Op(query={**PAGING, **OF_SKU, "state": STATE}, answers={200: page_of(DRIFT)})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"state", "sku", "product"})
        rows = seen(Drift.objects.filter(placement__channel=self.channel(code)), "placement__product")
        rows = _in_states(request, of_products(request, rows), Drift.State.values)
        rows = rows.select_related("placement__product", "placement__channel", "decided_by")
        return Response(page(request, rows, NEWEST, _drifts))


class DriftAnswer(OfChannels):
    """One answer for some: "keep" ours, "propose" theirs, "leave" the field to the channel, or "take_back" what was
    left to it. 409 where the answer does not fit."""

    resource = "channels"
    ANSWERS = ("keep", "propose", "leave", "take_back")
    operations = {
        "POST": Op(
            body=thing(
                "ids answer",
                ids=array(NUMBER),
                answer={"type": "string", "enum": list(ANSWERS)},
            ),
            answers={200: thing("*", answered=NUMBER, proposals=NUMBER)},
        )
    }

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        given = body_of(request, "ids", "answer")
        ids, answer = given.get("ids"), given.get("answer")
        if not isinstance(ids, list) or not ids or len(ids) > 500 or not all(type(i) is int and i > 0 for i in ids):
            raise Problem(422, "bad_ids", "ids is a list of 1 to 500 numbers, as the list of drift gives them.")
        if answer not in self.ANSWERS:
            raise Problem(422, "bad_answer", f"answer is one of {', '.join(self.ANSWERS)}.")
        small = [i for i in ids if i < 2**63]
        rows = Drift.objects.filter(placement__channel=self.channel(code, PUBLISH), pk__in=small)
        chosen = list(seen(rows, "placement__product", right=PUBLISH).select_related("placement__channel"))
        if len(chosen) != len(set(ids)):
            raise Problem(404, "not_found", f"{code} has no drift of one of these numbers.")
        try:
            made = drift.answer(answer=str(answer), drifts=chosen, user=cast(User, request.user))
        except drift.CannotAnswer as error:
            raise Problem(409, "does_not_fit", str(error)) from error
        return Response({"answered": len(chosen), "proposals": made})


class DriftLook(OfChannels):
    """Compare everything that is shown there with what it took, as soon as workers come to it."""

    operations = {"POST": Op(body=OBJECT, answers={202: thing("*", products=NUMBER)})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        body_of(request)
        return Response({"products": look_soon(self.channel(code, PUBLISH))}, status=202)


class MatchList(OfChannels):
    """Products that the channel had before our first call for them, and why somebody must say what they are."""

    operations = {"GET": Op(query={**PAGING, **OF_SKU, "state": STATE}, answers={200: page_of(MATCH)})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"state", "sku", "product"})
        rows = seen(Match.objects.filter(placement__channel=self.channel(code)), "placement__product")
        rows = _in_states(request, of_products(request, rows), Match.State.values)
        rows = rows.select_related("placement__product", "decided_by")
        return Response(page(request, rows, NEWEST, lambda found: [_match(x) for x in found]))


class MatchAnswer(OfChannels):
    """ "take" over the product with the id `which` (nothing is overwritten by that), "leave" it as it is, make it
    "anew", or "look" again. 409 where the answer does not fit."""

    ANSWERS = ("take", "leave", "anew", "look")
    operations = {
        "POST": Op(
            body=thing("answer", answer={"type": "string", "enum": list(ANSWERS)}, which=TEXT), answers={200: MATCH}
        )
    }

    def post(self, request: Request, code: str, pk: int) -> Response:
        params.only(request, ())
        given = body_of(request, "answer", "which")
        answer, which = given.get("answer"), given.get("which", "")
        if answer not in self.ANSWERS:
            raise Problem(422, "bad_answer", f"answer is one of {', '.join(self.ANSWERS)}.")
        rows = Match.objects.filter(placement__channel=self.channel(code, PUBLISH), pk=pk)
        rows = seen(rows, "placement__product", right=PUBLISH)
        row = rows.select_related("placement__channel", "placement__product").first()
        if row is None:
            raise Problem(404, "not_found", f"{code} has no such match.")
        user = cast(User, request.user)
        try:
            if answer == "take":
                meeting.take_over(match=row, which=str(which), user=user)
            elif answer == "leave":
                meeting.leave(match=row, user=user)
            elif answer == "anew":
                meeting.make_anew(match=row, user=user)
            else:
                meeting.look_again(match=row)
        except meeting.CannotAnswer as error:
            raise Problem(409, "does_not_fit", str(error)) from error
        return Response(_match(Match.objects.select_related("placement__product", "decided_by").get(pk=pk)))


def _in_states(request: Request, rows: QuerySet[Any], known: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(state__in=params.names(request, "state", known=known) or {"open"})


def _hold(row: Hold) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.placement.product.code,
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "since": row.created_at,
        "decided_by": _who(row.decided_by),
        "decided": row.decided_at,
    }


def _drifts(rows: Sequence[Drift]) -> list[dict[str, Any]]:
    told = readable(rows)
    return [_drift(row, told=row.pk in told) for row in rows]


def _drift(row: Drift, *, told: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.placement.product.code,
        "sku": row.sku or None,
        "facet": row.facet,
        "path": row.path,
        "ours": row.ours if told else None,
        "theirs": row.theirs if told else None,
        "state": row.state,
        "found": row.found_at,
        "decided_by": _who(row.decided_by),
        "decided": row.decided_at,
    }


def _match(row: Match) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.placement.product.code,
        "state": row.state,
        "found": row.found,
        "doubts": row.doubts,
        "found_at": row.found_at,
        "decided_by": _who(row.decided_by),
        "decided": row.decided_at,
    }


def _who(person: User | None) -> str:
    return person.username if person else ""
