"""Simple products become variants of a parent: the ERP sends simples first, and says later what belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from catalog.attributes.values import ValueKey
from catalog.models import Family, FamilyAttribute, Product
from catalog.models.codes import code_key
from catalog.plans.kinds.base import BadPlan, PlanKind, Wanted, What, plan_kind
from catalog.products.changes import ChangeError, MediaChange, ProductChange, VariantChange
from catalog.products.state import MediaState, ProductState, VariantState
from catalog.products.uses import pointing_at
from pimhub.foundation.jsonvalue import JSON

MOST = 99  # with the parent, one slice of a plan


@plan_kind
class Attach(PlanKind):
    """{"parent": code, "codes": [simple products], "axes": [codes, or the parent's]}

    The variant moves with its prices, stock, GTIN and codes; what it must not say differently from the parent is
    left out, and told. The simple product, empty now, goes to the trash.
    """

    name = "attach"

    def check(self, what: What) -> str:
        codes = what.get("codes")
        if not isinstance(codes, list) or not codes or not all(isinstance(c, str) for c in codes) or len(codes) > MOST:
            raise BadPlan("codes", f"codes is a list of 1 to {MOST} product codes.")
        axes = what.get("axes")
        if axes is not None and (not isinstance(axes, list) or not all(isinstance(a, str) for a in axes)):
            raise BadPlan("axes", "axes is a list of attribute codes.")
        parent = Product.objects.filter(code_key=code_key(str(what.get("parent", "")))).first()
        if parent is None:
            raise BadPlan("parent", f"There is no product “{what.get('parent')}”. Create it first.", "unknown_product")
        found = set(self.products(what).values_list("code_key", flat=True))
        for code in codes:
            if code_key(code) not in found:
                raise BadPlan("codes", f"There is no product “{code}”.", "unknown_product")
            if code_key(code) == parent.code_key:
                raise BadPlan("codes", f"{code} cannot become a variant of itself.")
        return f"Attach {len(codes)} products to {parent.code}"

    def products(self, what: What) -> QuerySet[Product]:
        keys = [code_key(code) for code in [*what["codes"], what["parent"]]]
        return Product.objects.filter(code_key__in=keys)

    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        parent = next((s for s in states if s.row.code_key == code_key(what["parent"])), None)
        if parent is None:
            return [Wanted(None) for _ in states]
        axes = tuple(what["axes"]) if what.get("axes") is not None else tuple(parent.axes)
        allowed = _on_variants(parent.family) | set(axes)
        found: dict[str, Wanted] = {}
        taken: list[VariantChange] = []
        pictures: list[MediaState] = []
        for state in states:
            if state is parent:
                continue
            variants, left = _taken(state, parent, allowed)
            taken += variants
            for picture in state.media:
                if len(variants) == 1:
                    pictures.append(
                        MediaState(picture.identity, picture.url, picture.sha256, picture.alt, variants[0].sku)
                    )
                else:
                    pictures.append(picture)
            gives = tuple(v.sku for v in variants)
            left += [
                ChangeError(
                    "", "in_use", f"{state.row.code} is {use}. Point that to {parent.row.code} or its variants."
                )
                for use in pointing_at(state.row, itself=True)
            ]
            emptied = ProductChange(code=state.row.code, gives=gives, trashed=True, force=True)
            found[state.row.code] = Wanted(emptied, left)
        media = tuple(map(_medium, [*parent.media, *pictures])) if pictures else None
        change = ProductChange(code=parent.row.code, axes=axes, variants=tuple(taken), media=media)
        return [found.get(s.row.code, Wanted(change)) for s in states]


def _on_variants(family: str) -> set[str]:
    rows = FamilyAttribute.objects.filter(family=Family.objects.get(code=family), on_variant=True)
    return set(rows.values_list("attribute__code", flat=True))


def _taken(
    state: ProductState, parent: ProductState, allowed: set[str]
) -> tuple[list[VariantChange], list[ChangeError]]:
    """The variants as the parent takes them: with the product's values that variants may have."""
    changes, left = [], []
    for variant in state.sold:
        values, lost = _values(state, variant, parent, allowed)
        drop = tuple(key for key in variant.values if key not in values)
        changes.append(VariantChange(sku=variant.row.sku, taken=True, values=values, reset=drop))
        left += [
            ChangeError(
                key=key,
                code="not_on_variant",
                message=f"{key} stays behind: it belongs to the product, and {parent.row.code} says otherwise.",
                sku=variant.row.sku,
            )
            for key in lost
        ]
    return changes, left


def _values(
    state: ProductState, variant: VariantState, parent: ProductState, allowed: set[str]
) -> tuple[dict[str, JSON], list[str]]:
    effective: Mapping[str, JSON] = {**state.values, **variant.values}
    values, lost = {}, []
    for key, value in effective.items():
        attribute = ValueKey.parse(key).attribute
        if attribute in parent.axes or attribute in allowed:
            if attribute in parent.axes or parent.values.get(key) != value or key in variant.values:
                values[key] = value
        elif value is not None and parent.values.get(key) != value:
            lost.append(key)
    return values, lost


def _medium(state: MediaState) -> MediaChange:
    return MediaChange(url=state.url, sha256="" if state.url else state.sha256, alt=state.alt, sku=state.sku)
