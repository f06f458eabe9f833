"""What other systems call our things, with the time for which it holds."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, MOMENT, NUMBER, PAGING, TEXT, Op, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.settings import RIGHTS
from catalog.models import ExternalReference, ExternalSystem
from catalog.models.codes import code_key
from catalog.structure import references

REFERENCE = thing(
    "*", id=NUMBER, system=TEXT, kind=TEXT, code=TEXT, target=TEXT, valid_from=MOMENT, valid_to=maybe(MOMENT)
)


class ReferenceList(ApiView):
    """`GET` with `?system= &kind= &code= &ended=true`. `POST` {"system", "kind", "code", "target"} gives a category,
    option ("attribute/code") or location its code; products and variants get theirs with their own PATCH."""

    resource = "settings"
    rights = RIGHTS
    operations = {
        "GET": Op(
            query={**PAGING, "system": "", "kind": "", "code": "", "ended": ("", FLAG)},
            answers={200: page_of(REFERENCE)},
        ),
        "POST": Op(
            body=thing("*", system=TEXT, kind=TEXT, code=TEXT, target=TEXT), answers={201: REFERENCE, 200: REFERENCE}
        ),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"system", "kind", "code", "ended"} | params.PAGING)
        query: QuerySet[ExternalReference] = ExternalReference.objects.select_related(
            "system", "product", "variant", "category", "option__attribute", "location"
        )
        if (ids := sight().ids()) is not None:
            neither = Q(product__isnull=True, variant__isnull=True)
            query = query.filter(neither | Q(product__in=ids) | Q(variant__product__in=ids))
        if (ended := params.flag(request, "ended")) is not None:
            query = query.filter(valid_to__isnull=not ended)
        if systems := params.names(request, "system"):
            query = query.filter(system__code__in=systems)
        if kinds := params.names(request, "kind", known=ExternalReference.KINDS):
            query = query.filter(kind__in=kinds)
        if codes := params.names(request, "code"):
            query = query.filter(code_key__in=[code_key(c) for c in codes])
        return Response(page(request, query, Order("pk"), lambda rows: [shown(r) for r in rows]))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = request.data
        names = ("system", "kind", "code", "target")
        if (
            not isinstance(given, dict)
            or set(given) != set(names)
            or not all(isinstance(v, str) for v in given.values())
        ):
            raise Problem(422, "bad_form", f"Send an object of texts: {', '.join(names)}.")
        system = ExternalSystem.objects.filter(code=given["system"]).first()
        if system is None:
            raise Problem(422, "unknown_system", f"There is no system “{given['system'][:50]}”. Create it first.")
        if given["kind"] not in references.KINDS:
            raise Problem(422, "bad_kind", f"kind is one of {', '.join(references.KINDS)}.")
        row, made = references.assign(system=system, kind=given["kind"], code=given["code"], name=given["target"])
        return Response(shown(row), status=201 if made else 200)


class ReferenceDetail(ApiView):
    """`DELETE` ends the reference now; the code still finds its thing until it is given to another."""

    resource = "settings"
    rights = RIGHTS
    operations = {"DELETE": Op(answers={204: None})}

    def delete(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row = ExternalReference.objects.filter(pk=pk, kind__in=references.KINDS).first()
        if row is None:
            raise Problem(404, "not_found", "There is no such reference of a category, option or location.")
        references.end(row)
        return Response(status=204)


def shown(row: ExternalReference) -> dict[str, Any]:
    names = {
        "product": lambda: row.product.code if row.product else "",
        "variant": lambda: row.variant.sku if row.variant else "",
        "category": lambda: row.category.code if row.category else "",
        "location": lambda: row.location.code if row.location else "",
        "option": lambda: f"{row.option.attribute.code}/{row.option.code}" if row.option else "",
    }
    return {
        "id": row.pk,
        "system": row.system.code,
        "kind": row.kind,
        "code": row.code,
        "target": names[row.kind](),
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }
