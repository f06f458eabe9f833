"""Ownership rules, and what they come to for a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import TEXT, Op, maybe, thing
from catalog.api.problems import Problem
from catalog.api.resources import BulkResourceList, Resource, ResourceDetail, Row, filters
from catalog.api.settings import slugs
from catalog.models import Attribute, AttributeGroup, ExternalSystem, Family, Locale, Location, PriceList, Scope
from governance.models import OwnershipRule
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

    class Meta:
        model = OwnershipRule
        fields = ("code", "owner", "attribute", "group", "part", *NAMES[3:], "reason")

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
