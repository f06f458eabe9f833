"""Approval policies as rows: what an approval needs, and what needs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from rest_framework import serializers

from catalog.api.resources import BulkResourceList, Resource, ResourceDetail, Row, filters
from catalog.api.settings import slugs
from catalog.change_sets import current_act
from catalog.models import AttributeGroup, Category, ExternalSystem, Family, Scope
from governance.models import ApprovalPolicy

MANAGE = "governance.manage_policies"
NAMES = ("group", "scope", "category", "family", "trusted")


class PolicyRow(Row):
    group = slugs(AttributeGroup, required=False, allow_null=True)
    scope = slugs(Scope, required=False, allow_null=True)
    category = slugs(Category, required=False, allow_null=True)
    family = slugs(Family, required=False, allow_null=True)
    trusted = slugs(ExternalSystem, required=False, allow_null=True)
    roles = serializers.SlugRelatedField(slug_field="name", many=True, required=False, queryset=Group.objects.all())

    class Meta:
        model = ApprovalPolicy
        fields = ("code", *NAMES[:4], "roles", "people", "item_by_item", "due_hours", "trusted", "reason")

    def keep(self, row: ApprovalPolicy, apart: Mapping[str, Any]) -> None:
        row.set_by = current_act().user
        row.save()
        if "roles" in apart:
            row.roles.set(apart["roles"])


class Policies(Resource):
    resource = "policies"
    rights = {"GET": ("catalog.view_product",), **dict.fromkeys(("POST", "PATCH", "DELETE"), (MANAGE,))}
    serializer_class = PolicyRow

    def rows(self) -> QuerySet[ApprovalPolicy]:
        return ApprovalPolicy.objects.select_related(*NAMES).prefetch_related("roles")


class PolicyList(Policies, BulkResourceList):
    """Who must approve what, how many of them, and by when. `trusted`: a system whose writing goes live by itself."""

    filterset = filters(ApprovalPolicy, code="code", family="family__code", group="group__code")


class PolicyDetail(Policies, ResourceDetail):
    pass
