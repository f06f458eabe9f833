"""Ownership rules, and what they come to for a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import CHANGE, seen, sight
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, MOMENT, NUMBER, PAGING, TEXT, Op, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.products import product_of
from catalog.api.resources import BulkResourceList, Resource, ResourceDetail, Row, filters
from catalog.api.settings import slugs
from catalog.models import Attribute, AttributeGroup, ExternalSystem, Family, Locale, Location, PriceList, Scope
from governance.models import Override, OwnershipRule
from governance.ownership import overrides
from governance.ownership.rules import BadKey, load_rules, owner_words

OWN = "governance.manage_ownership"
NAMES = ("owner", "attribute", "group", "family", "scope", "locale", "location", "price_list")


class RuleRow(Row):
    owner = slugs(ExternalSystem, required=False, allow_null=True)
    attribute = slugs(Attribute, required=False, allow_null=True)
    group = slugs(AttributeGroup, required=False, allow_null=True)
    part = serializers.ChoiceField([("", "—"), *OwnershipRule.Part.choices], required=False)
    family = slugs(Family, required=False, allow_null=True)
    scope = slugs(Scope, required=False, allow_null=True)
    locale = slugs(Locale, required=False, allow_null=True)
    location = slugs(Location, required=False, allow_null=True)
    price_list = slugs(PriceList, required=False, allow_null=True)

    otherwise = serializers.ChoiceField(OwnershipRule.Otherwise.choices, required=False)

    class Meta:
        model = OwnershipRule
        fields = ("code", "owner", "attribute", "group", "part", *NAMES[3:], "otherwise", "override_days", "reason")

    def keep(self, row: OwnershipRule, apart: Mapping[str, Any]) -> None:
        row.save()


class Rules(Resource):
    resource = "ownership"
    rights = {"GET": ("catalog.view_product",), **dict.fromkeys(("POST", "PATCH", "DELETE"), (OWN,))}
    serializer_class = RuleRow

    def rows(self) -> QuerySet[OwnershipRule]:
        return OwnershipRule.objects.select_related(*NAMES)


class RuleList(Rules, BulkResourceList):
    """Who may write what. `owner` is the code of a system, null are people."""

    filterset = filters(OwnershipRule, code="code", owner="owner__code", attribute="attribute__code", part="part")


class RuleDetail(Rules, ResourceDetail):
    pass


class Owner(ApiView):
    """Who owns the value `?key=` (a value key, or a part such as stock.main.available) in `?family=`, and by which
    rule; no rule: anybody may write it."""

    resource = "ownership"
    rights = {"GET": ("catalog.view_product",)}
    operations = {
        "GET": Op(
            query={"key": "a value key or part", "family": "code of a family"},
            answers={200: thing("*", key=TEXT, owner=maybe(TEXT), words=TEXT, rule=maybe(TEXT), reason=TEXT)},
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"key", "family"})
        key = request.query_params.get("key", "")
        rules = load_rules()
        try:
            rule = rules.of(key, family=request.query_params.get("family", "")) if rules and key else None
        except BadKey as error:
            raise Problem(400, "bad_key", str(error), parameter="key") from error
        return Response(
            {
                "key": key,
                "owner": rule.owner.code if rule and rule.owner else None,
                "words": owner_words(rule) if rule else "anybody",
                "rule": rule.code if rule else None,
                "reason": rule.reason if rule else "",
            }
        )


LAYER = thing(
    "*",
    id=NUMBER,
    product=TEXT,
    sku=TEXT,
    key=TEXT,
    owner=maybe(TEXT),
    owners_value=ANY,
    value=ANY,
    by=maybe(TEXT),
    reason=TEXT,
    until=MOMENT,
)


def layer(row: Override) -> dict[str, Any]:
    return {
        "id": row.pk,
        "product": row.product.code,
        "sku": row.sku,
        "key": row.key,
        "owner": row.owner.code if row.owner else None,
        "owners_value": row.pair[0],
        "value": row.pair[1],
        "by": row.set_by.username if row.set_by else None,
        "reason": row.reason,
        "until": row.until,
    }


class OverrideList(ApiView):
    """Values that were set over their owner's, and until when: `?product=` narrows them."""

    resource = "ownership"
    rights = {"GET": ("catalog.view_product",)}
    operations = {"GET": Op(query={**PAGING, "product": "a code"}, answers={200: page_of(LAYER)})}

    def get(self, request: Request) -> Response:
        params.only(request, {"product"} | params.PAGING)
        query = seen(Override.objects.select_related("product", "owner", "set_by"), "product")
        if code := request.query_params.get("product"):
            query = query.filter(product=product_of(code))
        rows = page(
            request, query, Order("pk"), lambda found: [layer(r) for r in found if sight().shows(r.product_id, r.key)]
        )
        return Response(rows)


class OverrideEnd(ApiView):
    """End one now: the owner's value comes back."""

    resource = "ownership"
    rights = {"POST": ("catalog.change_product",)}
    operations = {"POST": Op(body=thing(""), answers={204: None})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        row = seen(Override.objects.filter(pk=pk).select_related("owner"), "product", CHANGE).first()
        if row is None or not sight(CHANGE).shows(row.product_id, row.key):
            raise Problem(404, "not_found", f"There is no override {pk}.")
        if not overrides.end(row):
            raise Problem(409, "not_now", "The owner's value cannot be written now. It is tried again in an hour.")
        return Response(status=204)
