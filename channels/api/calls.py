"""Every call of a channel, reads included, for a month; and how they go."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.describe import MOMENT, NUMBER, PAGING, TEXT, TEXTS, Op, maybe, page_of, thing
from catalog.api.paging import Order, page
from channels import overview
from channels.api.channels import OfChannels
from channels.models import Call

MADE = thing(
    "*",
    id=NUMBER,
    at=MOMENT,
    operation=TEXT,
    product=maybe(TEXT),
    skus=TEXTS,
    publication=maybe(NUMBER),
    remote_id=maybe(TEXT),
    request_id=maybe(TEXT),
    attempt=NUMBER,
    verdict=maybe(TEXT),
    status=NUMBER,
    milliseconds=NUMBER,
    waited=NUMBER,
)


class CallList(OfChannels):
    """Calls, the newest first. `q`: a SKU, a product's code, a request id or a remote id."""

    operations = {
        "GET": Op(
            query={
                **PAGING,
                "q": "SKU, code, request id or remote id",
                "verdict": "parted by commas",
                "operation": "parted by commas",
            },
            answers={200: page_of(MADE)},
        )
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, params.PAGING | {"q", "verdict", "operation"})
        rows = overview.calls_about(self.channel(code), request.query_params.get("q", "").strip())
        if verdicts := params.names(request, "verdict"):
            rows = rows.filter(verdict__in=verdicts)
        if operations := params.names(request, "operation"):
            rows = rows.filter(operation__in=operations)
        rows = rows.select_related("placement__product")
        return Response(page(request, rows, Order("pk", descending=True), lambda held: [_call(x) for x in held]))


def _call(row: Call) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": row.at,
        "operation": row.operation,
        "product": row.placement.product.code if row.placement else None,
        "skus": row.skus,
        "publication": row.publication_id,
        "remote_id": row.remote_id or None,
        "request_id": row.request_id or None,
        "attempt": row.attempt,
        "verdict": row.verdict or None,
        "status": row.status,
        "milliseconds": row.milliseconds,
        "waited": row.waited,
    }
