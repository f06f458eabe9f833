"""Read products with all that a write may touch, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import (
    Association,
    ExternalReference,
    HeldPrice,
    MediaAsset,
    MediaLink,
    Offer,
    Product,
    StockLevel,
    Variant,
)
from catalog.models.codes import code_key
from catalog.products.state import MediaState, ProductState, Target, VariantState
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.rows import columns, stored

# What is read of every product that is written, each query put into SQL once.
_PRODUCT, _VARIANT, _OFFER, _LEVEL, _HOLD = map(columns, (Product, Variant, Offer, StockLevel, HeldPrice))


def _products(name: str, *, lock: bool) -> Compiled:
    def build(keys: Any) -> QuerySet[Any, Any]:
        query = Product.everything.filter(among(name, keys)).order_by("pk")
        query = query.select_for_update(of=("self",)) if lock else query
        return query.values_list("family__code", *_PRODUCT)

    return Compiled(build)


_BY_CODES, _LOCKED_BY_CODES = (_products("code_key", lock=lock) for lock in (False, True))
_BY_IDS, _LOCKED_BY_IDS = (_products("pk", lock=lock) for lock in (False, True))
_PLACED = Compiled(
    lambda products: (
        Product.categories.through.objects.filter(among("product_id", products))
        .order_by("category__code")
        .values_list("product_id", "category__code")
    )
)
_VARIANTS = Compiled(
    lambda products: (
        Variant.everything.filter(among("product_id", products))
        .order_by("product_id", "position", "pk")
        .values_list(*_VARIANT)
    )
)
_OFFERS = Compiled(
    lambda variants: Offer.objects.filter(among("variant_id", variants)).values_list("price_list__code", *_OFFER)
)
_LEVELS = Compiled(
    lambda variants: StockLevel.objects.filter(among("variant_id", variants)).values_list("location__code", *_LEVEL)
)
_HOLDS = Compiled(
    lambda variants: HeldPrice.objects.filter(among("variant_id", variants), confirmed__isnull=True).values_list(
        "price_list__code", *_HOLD
    )
)
_PICTURES = Compiled(
    lambda products: (
        MediaLink.objects.filter(among("product_id", products))
        .order_by("product_id", "position", "pk")
        .values_list("product_id", "variant_id", "alt", "asset__source_url", "asset__url_digest", "asset__sha256")
    )
)
_ASSOCIATIONS = Compiled(
    lambda products: (
        Association.objects.filter(among("product_id", products))
        .order_by("position", "pk")
        .values_list("type__code", "product_id", "variant_id", "to_product__code", "to_variant__sku", "quantity")
    )
)
_REFERENCES = Compiled(
    lambda products, variants: ExternalReference.objects.filter(
        Q(among("product_id", products)) | Q(among("variant_id", variants)), valid_to__isnull=True
    ).values_list("system__code", "product_id", "variant_id", "code")
)


def load_states(*, codes: Collection[str] = (), ids: Collection[int] = (), lock: bool) -> dict[str, ProductState]:
    """Products by code key, with everything a write may touch, in a fixed number of queries.

    With `lock`, rows are locked in primary-key order, so that two writers cannot embrace; call it
    inside a transaction then. (SQLite has one writer at a time anyway.)
    """
    by_codes, by_ids = (_LOCKED_BY_CODES, _LOCKED_BY_IDS) if lock else (_BY_CODES, _BY_IDS)
    states: dict[int, ProductState] = {}
    for family, *cells in by_ids(ids) if ids else by_codes({code_key(c) for c in codes}):
        product = stored(Product, dict(zip(_PRODUCT, cells, strict=True)))
        states[product.pk] = ProductState(
            row=product,
            family=family,
            values=dict(product.values),
            originals=dict(product.originals),
            axes=list(product.axes),
            categories=[],
            trashed=product.trashed_at is not None,
        )
    if not states:
        return {}
    for pk, category in _PLACED(states):
        states[pk].categories.append(category)
    variants = _load_variants(states)
    _load_associations(states, variants)
    _load_references(states, variants)
    return {state.row.code_key: state for state in states.values()}


def _load_variants(states: Mapping[int, ProductState]) -> dict[int, VariantState]:
    by_id: dict[int, VariantState] = {}
    for cells in _VARIANTS(states):
        row = stored(Variant, dict(zip(_VARIANT, cells, strict=True)))
        state = VariantState(row=row, values=dict(row.values), trashed=row.trashed_at is not None)
        by_id[row.pk] = states[row.product_id].variants[row.sku_key] = state
    if by_id:
        for code, *cells in _OFFERS(by_id):
            offer = stored(Offer, dict(zip(_OFFER, cells, strict=True)))
            by_id[offer.variant_id].offers[code] = offer
        for code, *cells in _LEVELS(by_id):
            level = stored(StockLevel, dict(zip(_LEVEL, cells, strict=True)))
            by_id[level.variant_id].stock[code] = level
        for code, *cells in _HOLDS(by_id):
            held = stored(HeldPrice, dict(zip(_HOLD, cells, strict=True)))
            variant = by_id[held.variant_id]
            variant.held[code, held.field] = variant.held_before[code, held.field] = held
    for product, shown, alt, url, url_digest, sha256 in _PICTURES(states):
        states[product].media.append(
            MediaState(
                identity=stored(MediaAsset, {"url_digest": url_digest, "sha256": sha256}).identity,
                url=url,
                sha256=sha256,
                alt=dict(alt),
                sku=by_id[shown].row.sku if shown in by_id else "",
            )
        )
    return by_id


def _load_associations(states: Mapping[int, ProductState], variants: Mapping[int, VariantState]) -> None:
    for kind, product, variant, code, sku, quantity in _ASSOCIATIONS(states):
        holder = variants[variant] if variant else states[product]
        target = Target(product="" if sku else code, sku=sku or "", quantity=quantity)
        holder.associations.setdefault(kind, []).append(target)


def _load_references(states: Mapping[int, ProductState], variants: Mapping[int, VariantState]) -> None:
    for system, product, variant, code in _REFERENCES(states, variants):
        holder = variants[variant] if variant else states[product]
        holder.references[system] = code


def row_of(pk: int) -> Product:
    """The row of one product, in the trash or not."""
    ((_, *cells),) = _BY_IDS([pk])
    return stored(Product, dict(zip(_PRODUCT, cells, strict=True)))
