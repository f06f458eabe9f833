"""Messages of sources that could not be taken: listed, tried again, dropped."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import own
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, MOMENT, NUMBER, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.intake.again import drop, retry
from catalog.models import Reject, User

HANDLE = ("catalog.handle_rejects",)
AT_ONCE = 5000
FILTERS = ("kind", "source", "code")
REJECT = thing(
    "*",
    id=NUMBER,
    kind=TEXT,
    source=TEXT,
    sku=TEXT,
    place=TEXT,
    line=ANY,
    code=TEXT,
    errors=ANY,
    state=TEXT,
    times=NUMBER,
    first=MOMENT,
    last=MOMENT,
    tried=maybe(MOMENT),
    closed=maybe(MOMENT),
)
CHOSEN = thing("", ids=array(NUMBER), kind=TEXT, source=TEXT, code=TEXT)


class RejectList(ApiView):
    """Rejected messages, newest first: `?state=open&kind=stock&source=erp&code=unknown_sku&sku=`."""

    resource = "rejects"
    rights = {"GET": HANDLE}
    operations = {
        "GET": Op(
            query={**PAGING, "state": "", "kind": "", "source": "", "code": "", "sku": "as it was sent"},
            answers={200: page_of(REJECT)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"state", "sku", *FILTERS} | params.PAGING)
        query: QuerySet[Reject] = own(Reject.objects.order_by())
        if states := params.names(request, "state", known=Reject.State.values):
            query = query.filter(state__in=states)
        for name in (*FILTERS, "sku"):
            if wanted := params.names(request, name):
                query = query.filter(**{f"{name}__in": wanted})
        return Response(page(request, query, Order("pk", descending=True), lambda rows: [_told(r) for r in rows]))


class RejectRetry(ApiView):
    """Try again: `{"ids": […]}`, or all open ones of a `source`, `kind`, `code`; at most 5,000 at once."""

    resource = "rejects"
    rights = {"POST": HANDLE}
    operations = {"POST": Op(body=CHOSEN, answers={200: thing("*", taken=NUMBER, overtaken=NUMBER, rejected=NUMBER)})}

    def post(self, request: Request) -> Response:
        rows = list(_chosen(request).select_related("user").order_by("id")[:AT_ONCE])
        return Response(retry(rows, user=_person(request)))


class RejectDrop(ApiView):
    """Close without taking: `{"ids": […]}`, or all open ones of a `source`, `kind`, `code`."""

    resource = "rejects"
    rights = {"POST": HANDLE}
    operations = {"POST": Op(body=CHOSEN, answers={200: thing("*", dropped=NUMBER)})}

    def post(self, request: Request) -> Response:
        return Response({"dropped": drop(_chosen(request), user=_person(request))})


def _person(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _chosen(request: Request) -> QuerySet[Reject]:
    """The open rejects that the body names. Raises Problem."""
    params.only(request, ())
    given: Any = request.data
    if not isinstance(given, dict) or not given or given.keys() - {"ids", *FILTERS}:
        raise Problem(422, "bad_form", "Name ids, or a source, kind or code.")
    query = own(Reject.objects.filter(state=Reject.State.OPEN))
    for name, wanted in given.items():
        if name == "ids":
            if not isinstance(wanted, list) or not all(type(x) is int and 0 < x < 2**63 for x in wanted):
                raise Problem(422, "bad_form", "ids is a list of numbers.")
            query = query.filter(pk__in=wanted[:AT_ONCE])
        elif isinstance(wanted, str):
            query = query.filter(**{name: wanted})
        else:
            raise Problem(422, "bad_form", f"{name} is text.")
    return query


def _told(row: Reject) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "source": row.source,
        "sku": row.sku,
        "place": row.place,
        "line": row.line,
        "code": row.code,
        "errors": row.errors,
        "state": row.state,
        "times": row.times,
        "first": row.first_at,
        "last": row.last_at,
        "tried": row.tried_at,
        "closed": row.closed_at,
    }
