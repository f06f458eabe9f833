"""Records of reference entities: values as products have them, checked by the same types."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey, check_key
from catalog.models import Attribute, AttributeOption, Locale, Product, ReferenceRecord, Scope
from catalog.models.codes import code_key, code_problem
from catalog.products.uses import values_pointing_to
from catalog.structure.problems import CannotBe, Wrong, cannot
from pimhub.foundation.jsonvalue import JSON


def save_record(record: ReferenceRecord, values: Mapping[str, JSON]) -> None:
    """Merge the values per key (null empties) and save. Raises CannotBe."""
    if problem := code_problem(record.code):
        raise cannot("code", "bad_code", problem)
    others = ReferenceRecord.objects.filter(entity=record.entity, code_key=code_key(record.code))
    if others.exclude(pk=record.pk).exists():
        raise cannot("code", "exists", f"There is “{record.code}” already, perhaps in other case.")
    merged = merge_values(record.values, values, {a.code: a for a in record.entity.attributes.all()})
    record.values, record.version = merged, record.version + 1
    record.save()


def delete_record(record: ReferenceRecord) -> None:
    """Raises CannotBe while products point to it."""
    held = values_pointing_to(record.entity.code, record.code)
    if count := held.values("product_id").distinct().count():
        code = held.values_list("product__code", flat=True)[0]
        raise cannot("code", "in_use", f"{count} products point to {record.code}, {code} among them.")
    record.delete()


def merge_values(
    held: Mapping[str, JSON], given: Mapping[str, JSON], attributes: Mapping[str, Attribute]
) -> dict[str, JSON]:
    """Values of a category or record with the given ones merged in; null takes one away. Raises CannotBe."""
    values, wrong = dict(held), []
    locales = set(Locale.objects.values_list("code", flat=True))
    scopes = set(Scope.objects.values_list("code", flat=True))
    for key, raw in given.items():
        try:
            value = _checked(key, raw, attributes, locales, scopes)
        except ValueProblem as problem:
            wrong.append(Wrong(f"values.{key}", problem.code, str(problem)))
            continue
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value
    if wrong:
        raise CannotBe(*wrong)
    return values


def _checked(key: str, raw: JSON, attributes: Mapping[str, Attribute], locales: set[str], scopes: set[str]) -> JSON:
    parsed = ValueKey.parse(key)
    attribute = attributes.get(parsed.attribute)
    if attribute is None:
        known = ", ".join(sorted(attributes)) or "none"
        raise ValueProblem("unknown_attribute", f"There is no “{parsed.attribute}” here.", f"Known: {known}.")
    spec = attribute.spec()
    check_key(parsed, spec, locales=locales, scopes=scopes)
    kind = type_of(spec.type)
    if raw is None:
        return None
    options = None
    if kind.has_options:
        codes = raw if isinstance(raw, list) else [raw]
        rows = AttributeOption.objects.filter(attribute=attribute, code__in=[str(c) for c in codes])
        options = set(rows.values_list("code", flat=True))
    elif kind.points:
        options = _existing(raw, spec)
    return kind.validate(raw, spec, options=options)


def _existing(raw: JSON, spec: AttributeSpec) -> set[str]:
    found: set[str] = set()
    for to, code in type_of(spec.type).targets(raw, spec):
        products = Product.objects.filter(code=code)
        rows = products if to == "products" else ReferenceRecord.objects.filter(entity__code=to, code=code)
        found.update(rows.values_list("code", flat=True))
    return found
