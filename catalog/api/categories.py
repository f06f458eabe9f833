"""Category trees: read flat with their parents, written one by one or as lines, trashed with all below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.describe import FLAG, Op
from catalog.api.paging import Order
from catalog.api.problems import Problem
from catalog.api.resources import BulkResourceList, Labels, Plain, Resource, ResourceDetail, Row, filters
from catalog.api.settings import slugs
from catalog.models import Attribute, Category
from catalog.models.codes import code_key
from catalog.products import trash
from catalog.structure import categories

CHANGE = ("catalog.change_category",)


class CategoryRow(Row):
    code = serializers.CharField(max_length=255)
    parent = serializers.CharField(max_length=255, allow_null=True, required=False)  # type: ignore[assignment]
    labels = Labels(required=False)
    attributes = slugs(Attribute, many=True, required=False)
    values = Plain(required=False)

    class Meta:
        model = Category
        fields = ("code", "parent", "labels", "attributes", "values", "version")
        read_only_fields = ("version",)

    apart = ("parent", "attributes", "values")

    def to_representation(self, instance: Category) -> dict[str, Any]:
        parents: dict[str, str] = self.context.get("parents", {})
        above = instance.path[: -Category.steplen]
        if above and above not in parents:
            parents[above] = Category.objects.values_list("code", flat=True).get(path=above)
        return {
            "code": instance.code,
            "parent": parents.get(above),
            "labels": instance.labels,
            "attributes": [a.code for a in instance.attributes.all()] if not above else [],
            "values": instance.values,
            "version": instance.version,
        }

    def keep(self, row: Category, apart: Mapping[str, Any]) -> None:
        parent = Category.objects.get_parent(row) if row.pk else None
        if "parent" in apart:
            parent = _parent(apart["parent"])
        saved = categories.save_category(
            row, parent=parent, values=apart.get("values"), attributes=apart.get("attributes")
        )
        row.__dict__.update(saved.__dict__)


def _parent(code: str | None) -> Category | None:
    if code is None:
        return None
    parent: Category | None = Category.objects.filter(code_key=code_key(code)).first()
    if parent is None:
        raise serializers.ValidationError({"parent": [f"There is no category “{code}”. Create it first."]})
    return parent


class Categories(Resource):
    resource = "categories"
    rights = {"GET": ("catalog.view_product",), **dict.fromkeys(("POST", "PATCH", "DELETE"), CHANGE)}
    serializer_class = CategoryRow

    def rows(self) -> QuerySet[Category]:
        return Category.objects.filter(trashed_at__isnull=True)  # type: ignore[no-any-return]


class CategoryList(Categories, BulkResourceList):
    """All categories in tree order; `?tree=` and `?parent=` narrow them."""

    order = Order("path")
    narrow = frozenset({"tree", "parent"})
    filterset = filters(Category, code="code")

    def rows(self) -> QuerySet[Category]:
        found = super().rows()
        query = self.request.query_params
        if tree := query.get("tree"):
            root = found.filter(code_key=code_key(tree), depth=1).first()
            found = found.filter(path__startswith=root.path) if root else found.none()
        if above := query.get("parent"):
            node = found.filter(code_key=code_key(above)).first()
            found = found.filter(path__startswith=node.path, depth=node.depth + 1) if node else found.none()
        return found


class CategoryDetail(Categories, ResourceDetail):
    """One category. `DELETE` moves it and all below to the trash; refused while products are in, unless forced."""

    operations = {
        "DELETE": Op(query={"force": ("also while products are in it", FLAG)}, answers={204: None}, if_match=True)
    }
    may_force = True

    def row(self, code: str) -> Any:
        found: Any = self.locked(Category.objects.all()).filter(code_key=code_key(code)).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no category “{code[:100]}”.")
        return found

    def remove(self, row: Category) -> None:
        trash.trash_category(row, force=self.force)


class CategoryRestore(Categories):
    """Bring a category back from the trash, with what went with it and what is above it."""

    rights = {"POST": CHANGE}
    operations = {"POST": Op(answers={200: CategoryRow})}

    def post(self, request: Request, **where: str) -> Response:
        params.only(request, ())
        row = Category.objects.filter(code_key=code_key(where["code"]), trashed_at__isnull=False).first()
        if row is None:
            raise Problem(404, "not_found", f"There is no “{where['code'][:100]}” in the trash.")
        trash.restore_category(row)
        return Response(CategoryRow(Category.objects.get(pk=row.pk)).data)
