"""Saved views: a filter under a name, one's own or shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from catalog.api.paging import Order
from catalog.api.problems import Problem
from catalog.api.resources import Plain, Resource, ResourceDetail, ResourceList, Row
from catalog.models import SavedView, User
from catalog.search import filters

SEE = ("catalog.view_product",)


class ViewRow(Row):
    filter = Plain(required=False)
    columns = serializers.ListField(child=serializers.CharField(max_length=150), required=False)
    mine = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ("id", "name", "shared", "filter", "text", "sort", "columns", "mine")

    fixed = ()

    def get_mine(self, row: SavedView) -> str:
        return row.user.username

    def validate_filter(self, given: Any) -> Any:
        try:
            filters.build(given or {})
        except filters.BadFilter as error:
            raise serializers.ValidationError(f"{error.path}: {error}") from error
        return given

    def keep(self, row: SavedView, apart: Mapping[str, Any]) -> None:
        taken = SavedView.objects.filter(user=row.user, name=row.name).exclude(pk=row.pk)
        if taken.exists():
            raise serializers.ValidationError({"name": "You have a view of this name. Take another."})
        row.save()


class Views(Resource):
    resource = "views"
    rights = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), SEE)
    serializer_class = ViewRow
    lookup = "id"

    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def rows(self) -> QuerySet[SavedView]:
        return SavedView.objects.filter(Q(user=self.person()) | Q(shared=True)).select_related("user")

    def given(self) -> dict[str, Any]:
        return {"user": self.person()}


class ViewList(Views, ResourceList):
    """One's own views, and those that are shared."""

    order = Order("pk")


class ViewDetail(Views, ResourceDetail):
    """One view. Only its owner changes it or takes it away."""

    def row(self, code: str) -> SavedView:
        row = self.rows().filter(pk=code).first()
        if row is None:
            raise Problem(404, "not_found", "There is no such view.")
        if self.request.method not in ("GET", "HEAD") and row.user != self.person():
            raise Problem(403, "not_yours", f"This view is {row.user.display_name}'s. Save one of your own.")
        return row
