"""Write what products point to: associations, and the codes by which other systems know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from catalog.models import Association, ChangeSet, ExternalReference, Product, Variant
from catalog.models.codes import code_key
from catalog.products.reference import Reference
from catalog.products.state import ProductState, Target
from pimhub.foundation.bulk import append_objects

Held = dict[tuple[int, int | None], dict[str, list[tuple[Any, ...]]]]


def associations(states: Sequence[ProductState], reference: Reference, new: set[str]) -> None:
    """Replace the targets of those products and variants whose list of some type changed."""
    if not states:
        return
    old = [s.row.pk for s in states if s.row.code_key not in new]
    held: Held = {}
    for row in Association.objects.filter(product_id__in=old).select_related("type") if old else ():
        place = held.setdefault((row.product_id, row.variant_id), {}).setdefault(row.type.code, [])
        place.append((row.to_product_id, row.to_variant_id, row.quantity))
    wanted: list[tuple[int, int | None, dict[str, list[Target]]]] = [(s.row.pk, None, s.associations) for s in states]
    wanted += [(s.row.pk, v.row.pk, v.associations) for s in states for v in s.variants.values()]
    ids = _Ids([t for _, _, kinds in wanted for targets in kinds.values() for t in targets])
    fresh: list[Association] = []
    for product, variant, kinds in wanted:
        known = held.get((product, variant), {})
        for kind in dict.fromkeys([*kinds, *known]):
            rows = [(*ids.of(t), t.quantity) for t in kinds.get(kind, ())]
            if rows == known.get(kind, []):
                continue
            if kind in known:
                _delete(product, variant, kind)
            fresh += [
                Association(
                    type=reference.association_types[kind],
                    product_id=product,
                    variant_id=variant,
                    to_product_id=to_product,
                    to_variant_id=to_variant,
                    quantity=quantity,
                    position=position,
                )
                for position, (to_product, to_variant, quantity) in enumerate(rows)
            ]
    append_objects(fresh)


def _delete(product: int, variant: int | None, kind: str) -> None:
    rows = Association.objects.filter(product_id=product, type__code=kind)
    (rows.filter(variant_id=variant) if variant else rows.filter(variant__isnull=True)).delete()


class _Ids:
    """Primary keys of targets by code and SKU."""

    def __init__(self, targets: Sequence[Target]) -> None:
        codes = {code_key(t.product) for t in targets if t.product}
        skus = {code_key(t.sku) for t in targets if t.sku}
        self.products = dict(Product.everything.filter(code_key__in=codes).values_list("code_key", "pk"))
        rows = Variant.everything.filter(sku_key__in=skus).values_list("sku_key", "product_id", "pk")
        self.variants = {sku: (product, pk) for sku, product, pk in rows}

    def of(self, target: Target) -> tuple[int, int | None]:
        if target.sku:
            return self.variants[code_key(target.sku)]
        return self.products[code_key(target.product)], None


def references(states: Sequence[ProductState], reference: Reference, change_set: ChangeSet) -> None:
    """End the codes that hold no longer, and begin the new ones, at the same moment."""
    if not states:
        return
    now = timezone.now()
    holders = [("product", s.row.pk, s.references) for s in states]
    holders += [("variant", v.row.pk, v.references) for s in states for v in s.variants.values()]
    held: dict[tuple[str, int], dict[str, ExternalReference]] = {}
    for kind in ("product", "variant"):
        ids = [pk for k, pk, _ in holders if k == kind]
        rows = ExternalReference.objects.filter(**{f"{kind}_id__in": ids}, valid_to__isnull=True)
        for row in rows.select_related("system"):
            held.setdefault((kind, getattr(row, f"{kind}_id")), {})[row.system.code] = row
    ended: list[int] = []
    fresh: list[ExternalReference] = []
    for kind, pk, wanted in holders:
        known = held.get((kind, pk), {})
        ended += [row.pk for system, row in known.items() if wanted.get(system) != row.code]
        fresh += [
            ExternalReference(
                system=reference.systems[system],
                kind=kind,
                code=code,
                code_key=code_key(code),
                valid_from=now,
                change_set_id=change_set.pk,
                **{f"{kind}_id": pk},
            )
            for system, code in wanted.items()
            if system not in known or known[system].code != code
        ]
    ExternalReference.objects.filter(pk__in=ended).update(valid_to=now)
    append_objects(fresh)
