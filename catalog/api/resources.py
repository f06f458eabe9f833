"""Rows of the configuration as resources: list, create, read, merge, remove; and many at once as NDJSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from django.db.models import Model, ProtectedError, QuerySet
from django_filters import BaseInFilter, BooleanFilter, CharFilter, FilterSet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import change_sets
from catalog.api import bulk, params
from catalog.api.base import SAFE, ApiView, etag_of, matches
from catalog.api.describe import PAGING, Op, lines_of, page_of
from catalog.api.paging import Order, page
from catalog.api.problems import Problem, flat_errors
from catalog.products.changes import ChangeError
from catalog.products.uses import InUse
from catalog.products.wire import BadForm
from catalog.structure.problems import CannotBe
from pimhub.foundation.jsonvalue import JSON

STRUCTURE = "catalog.manage_structure"


class Among(BaseInFilter, CharFilter):  # type: ignore[misc] # django-filter has no types
    """One text, or several parted by commas."""


def filters(model: type[Model], *flags: str, **texts: str) -> type[FilterSet]:
    """A django-filter set: `flags` are booleans, `texts` are name=lookup of texts."""
    found: dict[str, Any] = {name: Among(field_name=lookup, lookup_expr="in") for name, lookup in texts.items()}
    found |= {name: BooleanFilter(field_name=name) for name in flags}
    found["Meta"] = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}Filter", (FilterSet,), found)


class Labels(serializers.DictField):
    """Texts by language."""

    child = serializers.CharField(max_length=255, allow_blank=True)


class Plain(serializers.JSONField):
    """JSON as it is kept: exact decimals are texts."""

    def to_internal_value(self, data: Any) -> Any:
        return _texts(data)


def _texts(data: Any) -> Any:
    if isinstance(data, Decimal):
        return format(data, "f")
    if isinstance(data, Mapping):
        return {str(k): _texts(v) for k, v in data.items()}
    return [_texts(each) for each in data] if isinstance(data, list) else data


class Row(serializers.ModelSerializer[Any]):
    """A row of the configuration. Its code never changes, fields that there are not are refused."""

    fixed: ClassVar[tuple[str, ...]] = ("code",)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": ["Send an object."]}, code="bad_form")
        wrong = {name: ["There is no such field."] for name in data if name not in self.fields}
        wrong |= {
            name: [f"It stays {getattr(self.instance, name)}; make a new one instead."]
            for name in self.fixed
            if self.instance is not None and name in data and data[name] != getattr(self.instance, name)
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)

    def create(self, validated_data: Any) -> Any:
        model: Any = self.Meta.model
        return self._put(model(), validated_data)

    def update(self, instance: Any, validated_data: Any) -> Any:
        return self._put(instance, validated_data)

    def _put(self, row: Any, given: Mapping[str, Any]) -> Any:
        related = {f.name for f in row._meta.many_to_many} | set(self.apart)
        apart = {name: value for name, value in given.items() if name in related}
        for name in given.keys() - related:
            setattr(row, name, given[name])
        try:
            with transaction.atomic():
                change_sets.change_set()  # history rows hang on it
                others = {f.name for f in row._meta.fields} - set(given)
                row.clean_fields(exclude=others)
                row.clean()
                self.keep(row, apart)
        except ModelError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        return row

    apart: ClassVar[tuple[str, ...]] = ()  # fields that are no columns: `keep` gets them

    def keep(self, row: Any, apart: Mapping[str, Any]) -> None:
        """Save the row and what hangs on it."""
        row.save()
        for name, value in apart.items():
            getattr(row, name).set(value)


class Resource(ApiView):
    """What the list and the single row have in common."""

    serializer_class: ClassVar[type[Row]]
    lookup: ClassVar[str] = "code"
    parents: ClassVar[tuple[str, ...]] = ()  # names in the address that say where the rows are

    def operation(self, method: str) -> Op | None:
        row: Any = self.serializer_class
        single = isinstance(self, ResourceDetail)
        narrow = getattr(self, "filterset", None)
        names = [*(narrow.base_filters if narrow else ()), *getattr(self, "narrow", ())]
        found = {
            "POST": Op(body=row, answers={201: row}),
            "PATCH": Op(body=row, answers={200: row}, if_match=True) if single else lines_of(row),
            "DELETE": Op(answers={204: None}, if_match=True),
            "GET": Op(answers={200: row})
            if single
            else Op(query={**PAGING, **dict.fromkeys(names, "narrows the list")}, answers={200: page_of(row)}),
        }
        return self.operations.get(method) or found.get(method)

    def rows(self) -> QuerySet[Any]:
        return self.serializer_class.Meta.model._default_manager.all()  # type: ignore[attr-defined,no-any-return]

    def given(self) -> dict[str, Any]:
        """What the address says of a new row."""
        return {}

    def written(self, row: Any | None, data: Any) -> tuple[Any, str]:
        """The row and what became of it: created, updated, unchanged. Raises ValidationError, CannotBe."""
        if row is not None:
            held = self.serializer_class(row).data
            if isinstance(data, Mapping) and all(name in held and held[name] == data[name] for name in data):
                return row, "unchanged"
        serializer = self.serializer_class(row, data=data, partial=row is not None, context={"given": self.given()})
        serializer.is_valid(raise_exception=True)
        return serializer.save(**(self.given() if row is None else {})), "created" if row is None else "updated"


class ResourceList(Resource):
    """`GET` a page, `POST` one more."""

    order: ClassVar[Order] = Order("code")
    narrow: ClassVar[frozenset[str]] = frozenset()  # parameters that `rows` looks at itself
    filterset: ClassVar[type[FilterSet] | None] = None

    def get(self, request: Request, **where: str) -> Response:
        names = set(self.filterset.base_filters) if self.filterset else set()
        params.only(request, names | params.PAGING | self.narrow)
        query = self.rows()
        if self.filterset:
            asked = self.filterset(request.query_params, queryset=query)
            if not asked.is_valid():
                name, words = next(iter(asked.errors.items()))
                raise Problem(400, f"bad_{name}", f"{name}: {' '.join(words)}", parameter=name)
            query = asked.qs
        return Response(page(request, query, self.order, self.shown_rows))

    def post(self, request: Request, **where: str) -> Response:
        params.only(request, ())
        code = request.data.get(self.lookup) if isinstance(request.data, dict) else None
        if isinstance(code, str) and self.rows().filter(**{self.lookup: code}).exists():
            errors: list[dict[str, JSON]] = [
                {"key": self.lookup, "code": "exists", "message": "Use PATCH to change it.", "value": code}
            ]
            raise Problem(409, "exists", f"There is “{code}” already.", errors=errors)
        row, _ = self.written(None, request.data)
        data = self.serializer_class(row).data
        response = Response(data, status=201)
        response["Location"] = request.build_absolute_uri(f"{request.path}{getattr(row, self.lookup)}/")
        response["ETag"] = etag_of(data)
        return response

    def shown_rows(self, rows: Sequence[Any]) -> list[Any]:
        return list(self.serializer_class(rows, many=True).data)


class BulkResourceList(ResourceList):
    """`GET` a page, `POST` one more, `PATCH` NDJSON: a row a line, made or merged by its code."""

    streams = frozenset({"PATCH"})

    def patch(self, request: Request, **where: str) -> Any:
        bulk.require_lines(request)
        params.only(request, ())
        return bulk.answer(request, Lines(self))


class Lines(bulk.Work[tuple[str, Any]]):
    """Lines that are rows: each stands for itself."""

    def __init__(self, view: BulkResourceList) -> None:
        self.view = view
        self.named_by = view.lookup

    def read(self, given: Any) -> tuple[str, Any]:
        code = given.get(self.named_by) if isinstance(given, dict) else None
        if not isinstance(code, str) or not code:
            message = f"Each line is an object with “{self.named_by}”."
            raise BadForm([ChangeError(self.named_by, "bad_form", message)])
        return code, given

    def write(self, items: Sequence[tuple[str, Any]]) -> list[dict[str, Any]]:
        with transaction.atomic():
            return [self._row(code, given) for code, given in items]

    def _row(self, code: str, given: Any) -> dict[str, Any]:
        row = self.view.rows().filter(**{self.view.lookup: code}).first()
        wrong: list[dict[str, JSON]] = []
        try:
            with transaction.atomic():
                _, result = self.view.written(row, given)
        except serializers.ValidationError as error:
            wrong = flat_errors(error)
        except CannotBe as error:
            wrong = [{"key": w.field, "code": w.code, "message": w.message} for w in error.wrong]
        if wrong:
            return {"code": code, "status": 422, "result": "rejected", "errors": wrong}
        return {"code": code, "status": 201 if result == "created" else 200, "result": result, "errors": []}


class ResourceDetail(Resource):
    """One row, by its code."""

    def row(self, code: str) -> Any:
        row = self.locked(self.rows()).filter(**{self.lookup: code}).first()
        if row is None:
            raise Problem(404, "not_found", f"There is no “{code[:100]}” here.")
        return row

    def locked(self, query: QuerySet[Any]) -> QuerySet[Any]:
        """For calls that write: nobody else does until we are done."""
        return query if self.request.method in SAFE else query.select_for_update(of=("self",))

    def shown(self, row: Any) -> Response:
        data = self.serializer_class(row).data
        response = Response(data)
        response["ETag"] = etag_of(data)
        return response

    def expect(self, request: Request, row: Any) -> None:
        expect(request, self.serializer_class(row).data)

    def get(self, request: Request, **where: str) -> Response:
        params.only(request, ())
        return self.shown(self.row(where[self.lookup]))

    def patch(self, request: Request, **where: str) -> Response:
        params.only(request, ())
        with transaction.atomic():
            row = self.row(where[self.lookup])
            self.expect(request, row)
            row, _ = self.written(row, request.data)
        return self.shown(row)

    may_force: ClassVar[bool] = False  # `?force=true` deletes what is in use, too
    force: bool = False

    def delete(self, request: Request, **where: str) -> Response:
        params.only(request, {"force"} if self.may_force else ())
        self.force = self.may_force and params.flag(request, "force") is True
        with transaction.atomic():
            row = self.row(where[self.lookup])
            self.expect(request, row)
            change_sets.change_set()
            try:
                self.remove(row)
            except InUse as error:
                raise in_use(error) from error
            except ProtectedError as error:
                users = sorted({f"{type(o)._meta.verbose_name} {o}" for o in error.protected_objects})
                text = f"It is in use by {', '.join(users[:3])}{'…' if len(users) > 3 else ''}."
                raise Problem(409, "in_use", text, uses=users[:20]) from error
        return Response(status=204)

    def remove(self, row: Any) -> None:
        """Raises InUse, or CannotBe."""
        row.delete()


def expect(request: Request, data: Any) -> None:
    """Refuse when the row is not what the `If-Match` header says that the writer saw."""
    header = request.headers.get("If-Match", "")
    if header and not matches(header, etag_of(data)):
        raise Problem(412, "changed_meanwhile", "It was changed since you read it. Read it again.")


def in_use(error: InUse) -> Problem:
    return Problem(409, "in_use", str(error), uses=[use.told() for use in error.uses])
