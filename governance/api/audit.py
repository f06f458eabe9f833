"""The audit and the story of a product, for machines."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, OBJECT, PAGING, TEXT, Op, array, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.products import product_of
from governance.audit.chain import readable
from governance.audit.story import story
from governance.models import AuditEntry
from pimhub.foundation import audit

READ = ("governance.read_audit",)
ENTRY = thing(
    "*",
    number=NUMBER,
    at=MOMENT,
    kind=TEXT,
    about=TEXT,
    user=maybe(NUMBER),
    source=TEXT,
    data=OBJECT,
    seal=TEXT,
)


class AuditList(ApiView):
    """Sealed entries, the oldest first, with the seals by which a reader checks the chain itself."""

    resource = "audit"
    rights = {"GET": READ}
    operations = {
        "GET": Op(
            query={**PAGING, "kind": "such as review.approve", "about": "such as product:tee"},
            answers={200: page_of(ENTRY)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"kind", "about"} | params.PAGING)
        query = readable(AuditEntry.objects.filter(number__isnull=False))
        for name in ("kind", "about"):
            if asked := request.query_params.get(name):
                query = query.filter(**{name: asked})
        return Response(page(request, query, Order("pk"), lambda rows: [entry(row) for row in rows]))


def entry(row: AuditEntry) -> dict[str, Any]:
    names = ("number", "at", "kind", "about", "source", "data", "seal")
    return {name: getattr(row, name) for name in names} | {"user": row.user_id}


class Story(ApiView):
    """All that happened to a product: changes, decisions, revisions, audit."""

    resource = "audit"
    rights = {"GET": READ}
    operations = {
        "GET": Op(
            answers={
                200: thing(
                    "*",
                    product=OBJECT,
                    at=MOMENT,
                    changes=array(OBJECT),
                    decisions=array(OBJECT),
                    revisions=array(OBJECT),
                    audit=array(OBJECT),
                    head=maybe(OBJECT),
                )
            }
        )
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        product = product_of(code)
        audit.record("export", f"product:{product.code}", what="story")
        return Response(story(product))
