"""Families: the attributes they have, what is required where, and the codes they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.models import Attribute, Family, FamilyAttribute, Product, Scope
from catalog.products.apply import MAX_AXES
from catalog.products.keys import BadPattern, check_pattern
from catalog.structure import recompute
from catalog.structure.problems import cannot


@dataclass(frozen=True, slots=True)
class Has:
    """One attribute of a family."""

    attribute: str
    on_variant: bool = False
    required_for: Sequence[str] = field(default_factory=list)  # scope codes


def save_family(family: Family, attributes: Sequence[Has] | None = None) -> Family:
    """Check and save; `attributes` replaces the list, None leaves it. Raises CannotBe.

    When what is required changes, the figures of its products are measured anew in the background, and are not
    current until then. Call it inside a transaction and `acting(…)`.
    """
    known = {a.code: a for a in Attribute.objects.all()}
    wanted = None if attributes is None else {has.attribute: has for has in attributes}
    held = {f.attribute.code: f for f in _rows(family)} if family.pk else {}
    has = set(wanted if wanted is not None else held)
    if wanted is not None and len(wanted) != len(attributes or ()):
        raise cannot("attributes", "attribute_twice", "An attribute is there twice. Leave one.")
    if unknown := sorted(has - set(known)):
        raise cannot("attributes", "unknown_attribute", f"There is no attribute “{unknown[0]}”. Create it first.")
    _check_axes(family, has, known)
    _check_names(family, has, known)
    family.save()
    if wanted is not None:
        _set_attributes(family, wanted, held, known)
    return family


def _rows(family: Family) -> Sequence[FamilyAttribute]:
    return list(family.family_attributes.select_related("attribute").prefetch_related("required_for"))


def _check_axes(family: Family, has: set[str], known: Mapping[str, Attribute]) -> None:
    if len(family.axes) > MAX_AXES or len(set(family.axes)) != len(family.axes):
        raise cannot("axes", "bad_axes", f"A family has at most {MAX_AXES} axes, each once.")
    if missing := [axis for axis in family.axes if axis not in has]:
        raise cannot("axes", "unknown_axis", f"The axis {missing[0]} is no attribute of the family. Add it first.")
    if unfit := [axis for axis in family.axes if known[axis].localizable or known[axis].scopable]:
        message = f"“{unfit[0]}” cannot tell variants apart: it must be an attribute without language and scope."
        raise cannot("axes", "bad_axis", message)


def _check_names(family: Family, has: set[str], known: Mapping[str, Attribute]) -> None:
    for name in ("label_attribute", "image_attribute"):
        chosen = getattr(family, name)
        if chosen is not None and chosen.code not in has:
            raise cannot(name, "not_in_family", f"{chosen.code} is no attribute of the family. Add it first.")
    for name, counts in (("code_pattern", True), ("sku_pattern", False)):
        try:
            check_pattern(getattr(family, name), known=set(known), counts=counts)
        except BadPattern as problem:
            raise cannot(name, "bad_pattern", str(problem)) from problem


def _set_attributes(
    family: Family, wanted: Mapping[str, Has], held: Mapping[str, FamilyAttribute], known: Mapping[str, Attribute]
) -> None:
    scopes = {s.code: s for s in Scope.objects.all()}
    before = {code: {s.code for s in row.required_for.all()} for code, row in held.items()}
    for position, has in enumerate(wanted.values()):
        if unknown := sorted(set(has.required_for) - set(scopes)):
            raise cannot("attributes", "unknown_scope", f"There is no scope “{unknown[0]}”.")
        row = held.get(has.attribute) or FamilyAttribute(family=family, attribute=known[has.attribute])
        if row.pk is None or (row.position, row.on_variant) != (position, has.on_variant):
            row.position, row.on_variant = position, has.on_variant
            row.save()
        if before.get(has.attribute, set()) != set(has.required_for):
            row.required_for.set([scopes[code] for code in has.required_for])
    for code in set(held) - set(wanted):
        held[code].delete()  # products keep the values; they are shown as no longer of the family
    after = {code: set(has.required_for) for code, has in wanted.items()}
    if {c: s for c, s in before.items() if s} != {c: s for c, s in after.items() if s}:
        recompute.request(family)


def delete_family(family: Family) -> None:
    """Raises CannotBe while products are of it, the trash included."""
    if count := Product.everything.filter(family=family).count():
        raise cannot("code", "in_use", f"{count} products are of the family {family.code}. Move them first.")
    family.delete()
