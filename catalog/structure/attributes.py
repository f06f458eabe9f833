"""Attributes: what may be said of them, what may still change once they are used, and what then follows."""

from __future__ import annotations

from typing import Any

from catalog.attributes.spec import ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.values import attribute_of
from catalog.models import Attribute, AttributeOption, Category, Product, ReferenceEntity, Variant
from catalog.models.codes import code_key, code_problem
from catalog.products.holders import holding
from catalog.structure import recompute
from catalog.structure.problems import CannotBe, Wrong, cannot
from pimhub.foundation.jsonvalue import digest

FIXED = ("type", "localizable", "scopable")  # once there are values


def save_attribute(attribute: Attribute) -> Attribute:
    """Check and save. Raises CannotBe. Call it inside a transaction and `acting(…)`."""
    old = Attribute.objects.filter(pk=attribute.pk).first() if attribute.pk else None
    _check(attribute, old)
    attribute.save()
    if old is not None and _found_by(old) != _found_by(attribute):
        recompute.request(*recompute.families_with(attribute))
    return attribute


def _found_by(attribute: Attribute) -> tuple[bool, ...]:
    return attribute.filterable, attribute.unique, attribute.searchable


def _check(attribute: Attribute, old: Attribute | None) -> None:
    wrong = []
    try:
        kind = type_of(attribute.type)
        kind.check_limits(attribute.limits)
        for to, _ in kind.targets([""], attribute.spec()):
            if to != "products" and not ReferenceEntity.objects.filter(code=to).exists():
                wrong.append(Wrong("limits", "unknown_entity", f"There is no reference entity “{to}”."))
    except ValueProblem as problem:
        wrong.append(Wrong("limits", problem.code, str(problem)))
    if attribute.unique and attribute.localizable:
        message = "A value that tells products apart is the same in every language. Choose one of the two."
        wrong.append(Wrong("unique", "unique_localizable", message))
    changed = [name for name in FIXED if old is not None and getattr(old, name) != getattr(attribute, name)]
    if changed and old is not None and (count := holders(old)):
        message = f"{changed[0]} cannot change while {count} products have values. Make a new attribute instead."
        wrong.append(Wrong(changed[0], "in_use", message))
    if old is not None and attribute.unique and not old.unique and (twice := _repeated(old)):
        message = f"“{twice}” is the value of more than one. Correct that first."
        wrong.append(Wrong("unique", "not_unique", message))
    if wrong:
        raise CannotBe(*wrong)


def holders(attribute: Attribute) -> int:
    """How many products have a value of it, themselves or in a variant; the trash included."""
    found: set[int] = set()
    products = holding(Product.everything.all(), attribute).values_list("pk", "values")
    variants = holding(Variant.everything.all(), attribute).values_list("product_id", "values")
    for rows in (products, variants):
        for pk, values in rows.iterator(chunk_size=2000):
            if pk not in found and any(_is_of(attribute, key) for key in values):
                found.add(pk)
    return len(found)


def _is_of(attribute: Attribute, key: str) -> bool:
    return attribute_of(key) == attribute.code


def _repeated(attribute: Attribute) -> str:
    seen: set[tuple[str, str]] = set()
    for query in (holding(Product.everything.all(), attribute), holding(Variant.everything.all(), attribute)):
        rows: Any = query.values_list("values", flat=True)
        for values in rows.iterator(chunk_size=2000):
            for key, value in values.items():
                if not _is_of(attribute, key) or value is None:
                    continue
                if (key, digest(value)) in seen:
                    return str(value)
                seen.add((key, digest(value)))
    return ""


def save_option(option: AttributeOption) -> None:
    """Check and save. Raises CannotBe: another option has the code or the label, or there are none to have."""
    if not type_of(option.attribute.type).has_options:
        raise cannot("code", "no_options", f"{option.attribute.code} has no options.")
    if problem := code_problem(option.code):
        raise cannot("code", "bad_code", problem)
    option.label_key = code_key(option.label())
    others = AttributeOption.everything.filter(attribute=option.attribute).exclude(pk=option.pk)
    if others.filter(code=option.code).exists():
        raise cannot("code", "in_trash", f"“{option.code}” is in the trash. Restore it, or take another code.")
    if other := others.filter(label_key=option.label_key).first():
        message = f"“{option.label()}” is the label of {other.code} already. Files could not tell them apart."
        raise cannot("labels", "label_taken", message)
    option.save()


def delete_attribute(attribute: Attribute) -> None:
    """Raises CannotBe while products, families or categories have it."""
    if families := list(attribute.families.values_list("code", flat=True)[:3]):
        raise cannot("code", "in_use", f"{attribute.code} is in the family {', '.join(families)}. Take it out first.")
    if count := holders(attribute):
        raise cannot("code", "in_use", f"{count} products have values of {attribute.code}. Empty them first.")
    if tree := Category.objects.filter(attributes=attribute).first():
        raise cannot("code", "in_use", f"The categories of {tree.code} have {attribute.code}. Take it out first.")
    if entity := ReferenceEntity.objects.filter(attributes=attribute).first():
        raise cannot("code", "in_use", f"Records of {entity.code} have {attribute.code}. Take it out first.")
    attribute.delete()
