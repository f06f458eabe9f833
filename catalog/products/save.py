"""Write the products of a batch, set-based: rows, history, side tables. Called by the door alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils import timezone
from simple_history.utils import get_history_manager_for_model

from catalog import events
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.media.fetch import host_of
from catalog.models import (
    Category,
    ChangeSet,
    Completeness,
    HeldPrice,
    MediaAsset,
    MediaLink,
    Offer,
    Product,
    Scope,
    StockLevel,
    ValueIndex,
    Variant,
)
from catalog.models.codes import code_key
from catalog.products.completeness import measure
from catalog.products.reference import Reference
from catalog.products.state import ProductState
from pimhub.foundation.jsonvalue import JSON

BATCH = 500
PRODUCT_FIELDS = ("family", "values", "originals", "axes", "version", "search_text", "updated_at")
VARIANT_FIELDS = ("sku", "sku_key", "gtin", "values", "position", "updated_at")
OFFER_FIELDS = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost", "tax_class", "version")


@dataclass(slots=True)
class Touched:
    """What a batch changes, so that a new price rewrites a price and nothing else."""

    identity: set[str] = field(default_factory=set)  # code keys and SKU keys whose small rows changed
    content: set[str] = field(default_factory=set)  # code keys
    offers: set[str] = field(default_factory=set)  # SKU keys
    stock: set[str] = field(default_factory=set)  # SKU keys


def save(states: Sequence[ProductState], reference: Reference, change_set: ChangeSet, touched: Touched) -> None:
    """Save changed products with those parts that changed."""
    _products(states, reference, change_set, touched.identity)
    _variants(states, change_set, touched.identity)
    _offers(states, reference, change_set, touched.offers)
    _stock(states, reference, touched.stock)
    described = [s for s in states if s.row.code_key in touched.content]
    _categories(described)
    _media(described)
    _value_index(described, reference)
    _completeness(described, reference)


def _history(rows: Sequence[Any], change_set: ChangeSet, *, update: bool) -> None:
    if rows:
        get_history_manager_for_model(type(rows[0])).bulk_history_create(
            rows,
            batch_size=BATCH,
            update=update,
            default_user=change_set.user,
            custom_historical_attrs={"change_set_id": change_set.pk},
        )


def _products(
    states: Sequence[ProductState], reference: Reference, change_set: ChangeSet, identity_changed: set[str]
) -> None:
    now = timezone.now()
    for state in states:
        row = state.row
        row.family = reference.families[state.family].row
        row.values, row.originals, row.axes = state.values, state.originals, state.axes
        row.code_key = code_key(row.code)
        row.version += 1
        row.updated_at = now
        row.search_text = search_text(state)
    new = [s.row for s in states if not s.exists]
    old = [s.row for s in states if s.exists]
    Product.objects.bulk_create(new, batch_size=BATCH)
    Product.objects.bulk_update(old, PRODUCT_FIELDS, batch_size=BATCH)
    _history(new, change_set, update=False)
    _history([row for row in old if row.code_key in identity_changed], change_set, update=True)


def _variants(states: Sequence[ProductState], change_set: ChangeSet, identity_changed: set[str]) -> None:
    now = timezone.now()
    new: list[Variant] = []
    old: list[Variant] = []
    for state in states:
        for variant in state.variants.values():
            row = variant.row
            changed = row.pk is None or row.values != variant.values or row.sku_key in identity_changed
            row.product, row.values, row.sku_key = state.row, variant.values, code_key(row.sku)
            if changed:
                row.updated_at = now
                (old if row.pk else new).append(row)
    Variant.objects.bulk_create(new, batch_size=BATCH)
    Variant.objects.bulk_update(old, VARIANT_FIELDS, batch_size=BATCH)
    _history(new, change_set, update=False)
    _history([row for row in old if row.sku_key in identity_changed], change_set, update=True)


def _offers(states: Sequence[ProductState], reference: Reference, change_set: ChangeSet, touched: set[str]) -> None:
    offers: list[Offer] = []
    fresh: list[HeldPrice] = []
    overtaken: list[int] = []
    for variant in (v for s in states for v in s.variants.values()):
        for code, offer in variant.offers.items() if variant.row.sku_key in touched else ():
            offer.variant, offer.price_list = variant.row, reference.price_lists[code]
            offer.version += 1
            offer.updated_at = timezone.now()
            offers.append(offer)
        for (code, _), hold in variant.held.items():
            if hold.pk is None:
                hold.variant, hold.price_list, hold.change_set = (
                    variant.row,
                    reference.price_lists[code],
                    change_set,
                )
                fresh.append(hold)
        overtaken += [h.pk for place, h in variant.held_before.items() if variant.held.get(place) is not h]
    _upsert(Offer, offers, (*OFFER_FIELDS, "updated_at"), ("variant", "price_list"))
    HeldPrice.objects.filter(pk__in=overtaken).update(confirmed=False, decided_at=timezone.now())
    HeldPrice.objects.bulk_create(fresh, batch_size=BATCH)


def _stock(states: Sequence[ProductState], reference: Reference, touched: set[str]) -> None:
    levels = []
    for variant in (v for s in states for v in s.variants.values()):
        for code, level in variant.stock.items() if variant.row.sku_key in touched else ():
            level.variant, level.location = variant.row, reference.locations[code]
            level.updated_at = timezone.now()
            levels.append(level)
    _upsert(StockLevel, levels, ("available", "reserved", "incoming", "updated_at"), ("variant", "location"))


def _upsert(model: type[models.Model], rows: Sequence[Any], fields: Sequence[str], key: Sequence[str]) -> None:
    model._default_manager.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, update_fields=list(fields), unique_fields=list(key)
    )


def _categories(states: Sequence[ProductState]) -> None:
    through = Product.categories.through
    codes = {code for s in states for code in s.categories}
    ids = {c.code: c.pk for c in Category.objects.filter(code__in=codes)}
    wanted = {(s.row.pk, ids[code]) for s in states for code in s.categories}
    held = set(
        through.objects.filter(product_id__in=[s.row.pk for s in states]).values_list("product_id", "category_id")
    )
    for product_id, category_id in held - wanted:
        through.objects.filter(product_id=product_id, category_id=category_id).delete()
    through.objects.bulk_create(
        [through(product_id=p, category_id=c) for p, c in sorted(wanted - held)], batch_size=BATCH
    )


def _media(states: Sequence[ProductState]) -> None:
    """Replace the links of products whose pictures changed; unknown addresses become assets to fetch."""
    assets = ensure_assets(states)
    held: dict[int, list[tuple[str, str, str]]] = {}
    for link in MediaLink.objects.filter(product_id__in=[s.row.pk for s in states]).select_related("asset", "variant"):
        sku = link.variant.sku if link.variant else ""
        held.setdefault(link.product_id, []).append((link.asset.identity, sku, repr(sorted(link.alt.items()))))
    fresh = []
    for state in states:
        wanted = [(m.identity, m.sku, repr(sorted(m.alt.items()))) for m in state.media]
        if wanted == held.get(state.row.pk, []):
            continue
        MediaLink.objects.filter(product=state.row).delete()
        by_sku = {v.row.sku: v.row for v in state.variants.values()}
        fresh += [
            MediaLink(product=state.row, variant=by_sku.get(m.sku), asset=assets[m.identity], position=i, alt=m.alt)
            for i, m in enumerate(state.media)
        ]
    MediaLink.objects.bulk_create(fresh, batch_size=BATCH)


def ensure_assets(states: Sequence[ProductState]) -> dict[str, MediaAsset]:
    """The asset of every picture mentioned, by identity; new addresses are queued for fetching."""
    by_url = {m.identity.removeprefix("url:"): m.url for s in states for m in s.media if m.url}
    known = {a.url_digest for a in MediaAsset.objects.filter(url_digest__in=by_url)}
    MediaAsset.objects.bulk_create(
        [
            MediaAsset(source_url=url, url_digest=digest, host=host_of(url), fetch_at=timezone.now())
            for digest, url in by_url.items()
            if digest not in known
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    if len(known) < len(by_url):
        events.ring("media")
    assets = {a.identity: a for a in MediaAsset.objects.filter(url_digest__in=by_url)}
    hashes = {m.sha256 for s in states for m in s.media if not m.url}
    for asset in MediaAsset.objects.filter(sha256__in=hashes, url_digest__isnull=True):
        assets[asset.identity] = asset
    return assets


def _value_index(states: Sequence[ProductState], reference: Reference) -> None:
    ValueIndex.objects.filter(product_id__in=[s.row.pk for s in states]).delete()
    rows = []
    for state in states:
        rows += _indexed(state.row, None, state.values, reference)
        for variant in state.variants.values():
            rows += _indexed(state.row, variant.row, variant.values, reference)
    ValueIndex.objects.bulk_create(rows, batch_size=BATCH)


def _indexed(
    product: Product, variant: Variant | None, values: dict[str, JSON], reference: Reference
) -> list[ValueIndex]:
    rows = []
    for key, value in values.items():
        parsed = ValueKey.parse(key)
        attribute = reference.attributes.get(parsed.attribute)
        if attribute is None or value is None or not (attribute.filterable or attribute.unique):
            continue
        for kind, typed in type_of(attribute.type).index_values(value):
            rows.append(
                ValueIndex(
                    product=product,
                    variant=variant,
                    attribute=attribute,
                    locale=parsed.locale or "",
                    scope=parsed.scope or "",
                    **{kind: typed[:255] if isinstance(typed, str) else typed},
                )
            )
    return rows


def _completeness(states: Sequence[ProductState], reference: Reference) -> None:
    scopes = {s.code: s for s in Scope.objects.all()}
    rows = [
        Completeness(
            product=state.row,
            scope=scopes[f.scope],
            locale=f.locale,
            required=f.required,
            filled=f.filled,
            missing=list(f.missing),
        )
        for state in states
        for f in measure(state, reference)
    ]
    _upsert(Completeness, rows, ("required", "filled", "missing"), ("product", "scope", "locale"))


def search_text(state: ProductState) -> str:
    """What the search box looks in: code, names, brand, SKUs and GTINs, in one case."""
    words = [state.row.code]
    words += [str(v) for k, v in state.values.items() if v and k.split("@")[0] in ("name", "brand")]
    for variant in state.variants.values():
        words += [variant.row.sku, variant.row.gtin or ""]
    return code_key(" ".join(dict.fromkeys(w for w in words if w)))
