"""Where data comes from by itself, what came, and how it went."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, FLAG, MOMENT, NUMBER, PAGING, TEXT, Op, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import Delivery, Source
from catalog.sources.collect import ask
from catalog.sources.figures import figures

MANAGE = ("catalog.manage_sources",)
REAL = {"type": "number"}
SOURCE = thing(
    "*",
    code=TEXT,
    label=TEXT,
    system=TEXT,
    kind=TEXT,
    delivers=TEXT,
    enabled=FLAG,
    last_seen=maybe(MOMENT),
    late=FLAG,
    lag_seconds=REAL,
    reject_rate=REAL,
    open_rejects=NUMBER,
    problem=TEXT,
)
DELIVERY = thing(
    "*",
    id=NUMBER,
    name=TEXT,
    state=TEXT,
    size=NUMBER,
    lines=NUMBER,
    counts=ANY,
    first_errors=ANY,
    problem=TEXT,
    begun=MOMENT,
    finished=maybe(MOMENT),
)


class SourceList(ApiView):
    """The sources with their figures: last seen, lag in seconds, rejects of the last day (0 to 1)."""

    resource = "sources"
    rights = {"GET": MANAGE}
    operations = {"GET": Op(query=PAGING, answers={200: page_of(SOURCE)})}

    def get(self, request: Request) -> Response:
        params.only(request, params.PAGING)
        query: QuerySet[Source] = Source.objects.select_related("system").order_by()
        return Response(page(request, query, Order("pk"), lambda rows: [_source(row) for row in rows]))


class DeliveryList(ApiView):
    """What came of one source, newest first."""

    resource = "sources"
    rights = {"GET": MANAGE}
    operations = {"GET": Op(query=PAGING, answers={200: page_of(DELIVERY)})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING)
        query: QuerySet[Delivery] = _of(code).deliveries.order_by()
        rows = Order("pk", descending=True)
        return Response(page(request, query, rows, lambda found: [_delivery(d) for d in found]))


class SourceFetch(ApiView):
    """Have a worker look at the source now."""

    resource = "sources"
    rights = {"POST": MANAGE}
    operations = {"POST": Op(answers={202: SOURCE})}

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        source = _of(code)
        if source.kind == Source.Kind.WEBHOOK:
            raise Problem(409, "not_fetched", "This source sends by itself; there is nothing to fetch.")
        ask(source)
        return Response(_source(source), status=202)


def _of(code: str) -> Source:
    found = Source.objects.select_related("system").filter(code=code).first()
    if found is None:
        raise Problem(404, "not_found", "There is no such source.")
    return found


def _source(row: Source) -> dict[str, Any]:
    now = figures(row)
    return {
        "code": row.code,
        "label": row.label,
        "system": row.system.code,
        "kind": row.kind,
        "delivers": row.delivers,
        "enabled": row.enabled,
        "last_seen": now.last_seen,
        "late": now.late,
        "lag_seconds": now.lag_seconds,
        "reject_rate": now.reject_rate,
        "open_rejects": now.open_rejects,
        "problem": row.problem,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "state": row.state,
        "size": row.size,
        "lines": row.line,
        "counts": row.counts,
        "first_errors": row.first_errors,
        "problem": row.problem,
        "begun": row.created_at,
        "finished": row.finished_at,
    }
