"""Move an attribute between the product and its variants, or change what tells the variants apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Product
from catalog.plans.kinds.base import BadPlan, PlanKind, Wanted, What, plan_kind
from catalog.plans.kinds.selection import check_selection, selected
from catalog.products.apply import MAX_AXES
from catalog.products.changes import ChangeError, ProductChange, VariantChange
from catalog.products.state import ProductState
from pimhub.foundation.jsonvalue import JSON


@plan_kind
class Levels(PlanKind):
    """{"select": …, "attribute": code, "to": "variants" or "product"}

    To the variants: each gets the product's value, unless it has its own. To the product: where all variants say
    the same; others are left alone, and told.
    """

    name = "levels"

    def check(self, what: What) -> str:
        check_selection(what.get("select"))
        attribute = Attribute.objects.filter(code=what.get("attribute")).first()
        if attribute is None:
            raise BadPlan("attribute", f"There is no attribute “{what.get('attribute')}”.", "unknown_attribute")
        if what.get("to") not in ("variants", "product"):
            raise BadPlan("to", "to is “variants” or “product”.")
        return f"Move {attribute.label()} to the {what['to']}"

    def products(self, what: What) -> QuerySet[Product]:
        return selected(what["select"])

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        move = _down if what["to"] == "variants" else _up
        return [move(state, [what["attribute"]]) for state in states]


@plan_kind
class Axes(PlanKind):
    """{"select": …, "axes": [codes]}: what tells the variants apart, in order.

    A new axis takes its value from the product where the variants have none. A value on an axis that goes stays
    with the variant.
    """

    name = "axes"

    def check(self, what: What) -> str:
        check_selection(what.get("select"))
        axes = what.get("axes")
        if not isinstance(axes, list) or not all(isinstance(a, str) for a in axes) or len(axes) > MAX_AXES:
            raise BadPlan("axes", f"axes is a list of at most {MAX_AXES} attribute codes.")
        known = set(Attribute.objects.filter(code__in=axes).values_list("code", flat=True))
        if unknown := [a for a in axes if a not in known]:
            raise BadPlan("axes", f"There is no attribute “{unknown[0]}”.", "unknown_attribute")
        if len(known) < len(axes):
            raise BadPlan("axes", "An axis is there twice. Name each once.", "axis_twice")
        return f"Tell variants apart by {', '.join(axes) or 'nothing'}"

    def products(self, what: What) -> QuerySet[Product]:
        return selected(what["select"])

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        return [_with_axes(state, what["axes"]) for state in states]


def _with_axes(state: ProductState, axes: Sequence[str]) -> Wanted:
    moved = _down(state, [axis for axis in axes if axis not in state.axes], axes=tuple(axes))
    if moved.change is not None or tuple(state.axes) == tuple(axes):
        return moved
    return Wanted(ProductChange(code=state.row.code, axes=tuple(axes)))


def _keys(state: ProductState, attributes: Sequence[str]) -> list[str]:
    rows = [state.values, *(v.values for v in state.sold)]
    keys = dict.fromkeys(key for values in rows for key in values)
    return [key for key in keys if ValueKey.parse(key).attribute in attributes]


def _down(state: ProductState, attributes: Sequence[str], axes: tuple[str, ...] | None = None) -> Wanted:
    keys = [key for key in _keys(state, attributes) if key in state.values]
    if not keys:
        return Wanted(None)
    variants = []
    for variant in state.sold:
        given = {key: state.values[key] for key in keys if key not in variant.values}
        if given:
            variants.append(VariantChange(sku=variant.row.sku, values=given))
    more: dict[str, Any] = {} if axes is None else {"axes": axes}
    return Wanted(ProductChange(code=state.row.code, reset=tuple(keys), variants=tuple(variants), **more))


def _up(state: ProductState, attributes: Sequence[str]) -> Wanted:
    values: dict[str, JSON] = {}
    resets: dict[str, list[str]] = {}
    left = []
    for key in _keys(state, attributes):
        said = [v.values.get(key, state.values.get(key)) for v in state.sold]
        own = [v.row.sku for v in state.sold if key in v.values]
        if not own:
            continue
        if any(each != said[0] for each in said):
            told = dict.fromkeys("nothing" if each is None else str(each) for each in said)
            message = f"The variants differ in {key}: {', '.join(told)}. It stays with them."
            left.append(ChangeError(key=key, code="levels_differ", message=message))
            continue
        values[key] = said[0]
        for sku in own:
            resets.setdefault(sku, []).append(key)
    if not values:
        return Wanted(None, left)
    variants = tuple(VariantChange(sku=sku, reset=tuple(keys)) for sku, keys in resets.items())
    return Wanted(ProductChange(code=state.row.code, values=values, variants=variants), left)
