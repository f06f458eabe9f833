"""Attributes, their groups and options, families, association types, reference entities and their records."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, NUMBER, OBJECT, TEXT, Op, array, thing
from catalog.api.problems import Problem
from catalog.api.resources import BulkResourceList, Labels, Plain, Resource, ResourceDetail, Row, filters
from catalog.api.settings import RIGHTS, slugs
from catalog.attributes.types import type_choices
from catalog.models import (
    AssociationType,
    Attribute,
    AttributeGroup,
    AttributeOption,
    Family,
    ReferenceEntity,
    ReferenceRecord,
)
from catalog.models.codes import code_key
from catalog.products import trash
from catalog.structure import attributes, families, recompute, records
from pimhub.foundation.quantities import base_amount, units_of
from pimhub.foundation.quantities import families as unit_families


class GroupRow(Row):
    class Meta:
        model = AttributeGroup
        fields = ("code", "label", "position")


class AttributeRow(Row):
    type = serializers.ChoiceField(type_choices())
    group = slugs(AttributeGroup)
    labels = Labels(required=False)
    limits = Plain(required=False)

    class Meta:
        model = Attribute
        fields = (
            *("code", "type", "group", "labels", "position", "help", "limits"),
            *("localizable", "scopable", "unique", "filterable", "searchable"),
            *("verbatim", "never_send", "requires_review", "open_options"),
        )

    def validate_limits(self, limits: Any) -> dict[str, Any]:
        if not isinstance(limits, dict):
            raise serializers.ValidationError("Send an object.")
        return limits

    def keep(self, row: Attribute, apart: Mapping[str, Any]) -> None:
        attributes.save_attribute(row)


class OptionRow(Row):
    code = serializers.CharField(max_length=255)
    labels = Labels(required=False)

    class Meta:
        model = AttributeOption
        fields = ("code", "labels", "position")

    def keep(self, row: AttributeOption, apart: Mapping[str, Any]) -> None:
        attributes.save_option(row)


class HasField(serializers.ListField):
    """The attributes of a family: {"attribute", "on_variant", "required_for"}."""

    child = serializers.DictField()

    def to_representation(self, data: Any) -> Any:
        rows = data.select_related("attribute").prefetch_related("required_for")
        return [
            {
                "attribute": row.attribute.code,
                "on_variant": row.on_variant,
                "required_for": sorted(scope.code for scope in row.required_for.all()),
            }
            for row in rows
        ]

    def to_internal_value(self, data: Any) -> Any:
        return [_has(number, each) for number, each in enumerate(super().to_internal_value(data))]


def _has(number: int, given: Mapping[str, Any]) -> families.Has:
    attribute, on_variant = given.get("attribute"), given.get("on_variant", False)
    scopes = given.get("required_for", [])
    if not isinstance(attribute, str) or not isinstance(on_variant, bool) or set(given) - set(HAS):
        raise serializers.ValidationError({str(number): [f"Send an object of {', '.join(HAS)}."]})
    if not isinstance(scopes, list) or not all(isinstance(s, str) for s in scopes):
        raise serializers.ValidationError({str(number): ["required_for is a list of scope codes."]})
    return families.Has(attribute=attribute, on_variant=on_variant, required_for=scopes)


HAS = ("attribute", "on_variant", "required_for")


class FamilyRow(Row):
    labels = Labels(required=False)
    axes = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    attributes = HasField(source="family_attributes", required=False)
    label_attribute = slugs(Attribute, required=False, allow_null=True)
    image_attribute = slugs(Attribute, required=False, allow_null=True)
    current = serializers.SerializerMethodField()

    class Meta:
        model = Family
        fields = (
            *("code", "labels", "axes", "attributes", "label_attribute", "image_attribute"),
            *("code_pattern", "sku_pattern", "current"),
        )

    apart = ("family_attributes",)

    def get_current(self, row: Family) -> bool:
        """Whether the completeness of its products is measured by its present requirements."""
        return not row.recomputes.filter(finished_at__isnull=True).exists()

    def keep(self, row: Family, apart: Mapping[str, Any]) -> None:
        families.save_family(row, apart.get("family_attributes"))


class AssociationTypeRow(Row):
    labels = Labels(required=False)

    class Meta:
        model = AssociationType
        fields = ("code", "labels", "two_way", "quantified")

    def validate(self, attrs: Any) -> Any:
        two_way = attrs.get("two_way", getattr(self.instance, "two_way", False))
        if two_way and attrs.get("quantified", getattr(self.instance, "quantified", False)):
            raise serializers.ValidationError({"quantified": "What counts goes one way. Choose one of the two."})
        if self.instance is not None and self.instance.associations.exists():
            for name in ("two_way", "quantified"):
                if name in attrs and attrs[name] != getattr(self.instance, name):
                    raise serializers.ValidationError({name: "There are associations of it. Make a new type instead."})
        return attrs


class EntityRow(Row):
    labels = Labels(required=False)
    attributes = slugs(Attribute, many=True, required=False)

    class Meta:
        model = ReferenceEntity
        fields = ("code", "labels", "attributes")


class RecordRow(Row):
    code = serializers.CharField(max_length=255)
    labels = Labels(required=False)
    values = Plain(required=False)

    class Meta:
        model = ReferenceRecord
        fields = ("code", "labels", "values", "version")
        read_only_fields = ("version",)

    def keep(self, row: ReferenceRecord, apart: Mapping[str, Any]) -> None:
        records.save_record(row, apart.get("values", {}))

    apart = ("values",)


class Structure(Resource):
    resource = "structure"
    rights = RIGHTS


class GroupList(Structure, BulkResourceList):
    """Groups that attributes are shown in."""

    serializer_class = GroupRow


class GroupDetail(Structure, ResourceDetail):
    serializer_class = GroupRow


class AttributeList(Structure, BulkResourceList):
    """What can be said of products."""

    serializer_class = AttributeRow
    filterset = filters(
        Attribute,
        *("localizable", "scopable", "unique", "filterable", "searchable"),
        **{"code": "code", "type": "type", "group": "group__code", "family": "families__code"},
    )

    def rows(self) -> QuerySet[Attribute]:
        return Attribute.objects.select_related("group")


class AttributeDetail(Structure, ResourceDetail):
    serializer_class = AttributeRow

    def remove(self, row: Attribute) -> None:
        attributes.delete_attribute(row)


class Options(Structure):
    """Options of the attribute in the address."""

    serializer_class = OptionRow

    def attribute(self) -> Attribute:
        found = Attribute.objects.filter(code=self.kwargs["attribute"]).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no attribute “{self.kwargs['attribute'][:100]}”.")
        return found

    def rows(self) -> QuerySet[AttributeOption]:
        return AttributeOption.objects.filter(attribute=self.attribute())

    def given(self) -> dict[str, Any]:
        return {"attribute": self.attribute()}


option_filter = filters(AttributeOption, code="code")
option_filter.base_filters["q"] = CharFilter(field_name="label_key", lookup_expr="icontains")


class OptionList(Options, BulkResourceList):
    """Options of an attribute; `?q=` finds them by label, in tens of thousands."""

    filterset = option_filter


class OptionDetail(Options, ResourceDetail):
    """One option. `DELETE` moves it to the trash; refused while products have it, unless `?force=true`."""

    operations = {
        "DELETE": Op(query={"force": ("also while products have it", FLAG)}, answers={204: None}, if_match=True)
    }
    may_force = True

    def rows(self) -> QuerySet[AttributeOption]:
        return AttributeOption.everything.filter(attribute=self.attribute())

    def remove(self, row: AttributeOption) -> None:
        trash.trash_option(row, force=self.force)


class OptionRestore(Options):
    """Bring an option back from the trash."""

    rights = {"POST": RIGHTS["POST"]}
    operations = {"POST": Op(answers={200: OptionRow})}

    def post(self, request: Request, **where: str) -> Response:
        row = AttributeOption.everything.filter(attribute=self.attribute(), code=where["code"]).first()
        if row is None or row.trashed_at is None:
            raise Problem(404, "not_found", f"There is no “{where['code'][:100]}” in the trash.")
        trash.restore_option(row)
        return Response(OptionRow(row).data)


class FamilyList(Structure, BulkResourceList):
    """Kinds of products: their attributes, what is required where, and the axes of their variants."""

    serializer_class = FamilyRow
    filterset = filters(Family, code="code", attribute="attributes__code")


class FamilyDetail(Structure, ResourceDetail):
    serializer_class = FamilyRow

    def remove(self, row: Family) -> None:
        families.delete_family(row)


class RecomputeList(ApiView):
    """What is being measured anew after a family changed: {family, label, done, total}."""

    resource = "structure"
    rights = {"GET": ("catalog.view_product",)}
    operations = {
        "GET": Op(
            answers={200: thing("*", results=array(thing("*", family=TEXT, label=TEXT, done=NUMBER, total=NUMBER)))}
        )
    }

    def get(self, request: Request) -> Response:
        params.only(request, ())
        return Response({"results": recompute.progress()})


class AssociationTypeList(Structure, BulkResourceList):
    """How products may be associated: one-way, two-way, or with quantities."""

    serializer_class = AssociationTypeRow
    filterset = filters(AssociationType, "two_way", "quantified", code="code")


class AssociationTypeDetail(Structure, ResourceDetail):
    serializer_class = AssociationTypeRow


class EntityList(Structure, BulkResourceList):
    """Kinds of things that many products point to."""

    serializer_class = EntityRow


class EntityDetail(Structure, ResourceDetail):
    serializer_class = EntityRow


class Records(Structure):
    """Records of the reference entity in the address."""

    serializer_class = RecordRow

    def entity(self) -> ReferenceEntity:
        found = ReferenceEntity.objects.filter(code=self.kwargs["entity"]).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no reference entity “{self.kwargs['entity'][:100]}”.")
        return found

    def rows(self) -> QuerySet[ReferenceRecord]:
        return ReferenceRecord.objects.filter(entity=self.entity())

    def given(self) -> dict[str, Any]:
        return {"entity": self.entity()}


class RecordList(Records, BulkResourceList):
    """Records: brands, designers, materials."""

    filterset = filters(ReferenceRecord, code="code")


class RecordDetail(Records, ResourceDetail):
    """One record. `DELETE` is refused while products or other records point to it."""

    def row(self, code: str) -> Any:
        found = self.locked(self.rows()).filter(code_key=code_key(code)).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no “{code[:100]}” here.")
        return found

    def remove(self, row: ReferenceRecord) -> None:
        records.delete_record(row)


class MeasurementFamilyList(ApiView):
    """Unit families and their units, with the exact factor to the base unit."""

    resource = "structure"
    rights = {"GET": ("catalog.view_product",)}
    operations = {"GET": Op(answers={200: thing("*", results=array(thing("*", code=TEXT, units=array(OBJECT))))})}

    def get(self, request: Request) -> Response:
        params.only(request, ())
        found = [{"code": family, "units": [unit_data(u) for u in units_of(family)]} for family in unit_families()]
        return Response({"results": found})


def unit_data(unit: Any) -> dict[str, Any]:
    """`base` is how many base units of the family one is."""
    return {"code": unit.code, "symbol": unit.symbol, "base": format(base_amount(Decimal(1), unit.code), "f")}
