"""A new product like an old one."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Family, Product
from catalog.products.changes import AssociationChange, MediaChange, ProductChange, VariantChange
from catalog.products.load import load_states
from catalog.products.state import ProductState, Target, VariantState
from pimhub.foundation.jsonvalue import JSON


def copy_of(product: Product, *, code: str = "", skus: Mapping[str, str] | None = None) -> ProductChange:
    """The change that makes the copy. Prices, stock, GTINs, unique values and other systems' codes stay behind:
    they are the old one's own. Without a code or SKUs, the family's patterns make them, or "-copy" is added.
    """
    state = load_states(ids=[product.pk], lock=False)[product.code_key]
    patterns = Family.objects.get(code=state.family)
    unique = set(Attribute.objects.filter(unique=True).values_list("code", flat=True))
    code = code or ("" if patterns.code_pattern else f"{product.code}-copy")
    return ProductChange(
        code=code,
        family=state.family,
        axes=tuple(state.axes),
        values=_without(state.values, unique),
        categories=tuple(state.categories),
        media=tuple(_media(state, skus or {}, bool(patterns.sku_pattern))),
        associations={kind: tuple(map(_target, targets)) for kind, targets in state.associations.items()},
        variants=tuple(_variant(v, unique, skus or {}, bool(patterns.sku_pattern)) for v in state.sold),
    )


def _without(values: Mapping[str, JSON], unique: set[str]) -> dict[str, JSON]:
    return {key: value for key, value in values.items() if ValueKey.parse(key).attribute not in unique}


def _sku(old: str, skus: Mapping[str, str], pattern: bool) -> str:
    return skus.get(old, "" if pattern else f"{old}-copy")


def _variant(variant: VariantState, unique: set[str], skus: Mapping[str, str], pattern: bool) -> VariantChange:
    return VariantChange(
        sku=_sku(variant.row.sku, skus, pattern),
        values=_without(variant.values, unique),
        associations={kind: tuple(map(_target, targets)) for kind, targets in variant.associations.items()},
    )


def _target(target: Target) -> AssociationChange:
    return AssociationChange(product=target.product, sku=target.sku, quantity=target.quantity)


def _media(state: ProductState, skus: Mapping[str, str], pattern: bool) -> list[MediaChange]:
    """The same pictures; those of variants whose new SKU is not known yet go to the product."""
    media = []
    for item in state.media:
        sku = _sku(item.sku, skus, pattern) if item.sku else ""
        media.append(MediaChange(url=item.url, sha256="" if item.url else item.sha256, alt=item.alt, sku=sku))
    return media
