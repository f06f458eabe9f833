"""Write the products of a batch, set-based: rows, history, side tables. Called by the door alone."""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from simple_history.utils import get_history_manager_for_model

from catalog import events
from catalog.attributes.values import attribute_of
from catalog.media.fetch import host_of
from catalog.models import (
    Association,
    Category,
    ChangeSet,
    HeldPrice,
    MediaAsset,
    MediaLink,
    Offer,
    Product,
    Variant,
)
from catalog.models.codes import code_key
from catalog.products import derive, save_links
from catalog.products.reference import Reference
from catalog.products.state import ProductState, is_part
from pimhub.foundation.bulk import append, append_objects, update_objects

BATCH = 500
PRODUCT_FIELDS = ("family_id", "values", "originals", "axes", "version", "search_text", "trashed_at", "updated_at")
VARIANT_FIELDS = (
    "product_id",
    "sku",
    "sku_key",
    "sku_generated",
    "gtin",
    "values",
    "position",
    "overrides",
    "trashed_at",
    "updated_at",
)
SHAPE = {"family", "axes", "trashed"}
OFFER_FIELDS = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost", "tax_class", "version")


@dataclass(slots=True)
class Touched:
    """What a batch changes, so that a new price rewrites a price and nothing else."""

    identity: set[str] = field(default_factory=set)  # code keys and SKU keys whose small rows changed
    shape: set[str] = field(default_factory=set)  # code keys of those that gained or lost a row, or changed family
    attributes: dict[str, set[str]] = field(default_factory=dict)  # whose values changed, by code key
    offers: set[str] = field(default_factory=set)  # SKU keys
    stock: set[str] = field(default_factory=set)  # SKU keys
    references: set[str] = field(default_factory=set)  # code keys
    categories: set[str] = field(default_factory=set)
    media: set[str] = field(default_factory=set)
    associations: set[str] = field(default_factory=set)

    def note(self, code: str, sku: str, changed: Collection[str], *, renamed: bool) -> None:
        """What these changes of a row touch. `code` and `sku` are keys; the product's own row has no SKU."""
        if renamed or "trashed" in changed or sku and "gtin" in changed or not sku and "family" in changed:
            self.identity.add(sku or code)
        if renamed or not changed or not SHAPE.isdisjoint(changed):
            self.shape.add(code)
        names = {attribute_of(key) for key in changed if not is_part(key)}
        self.attributes.setdefault(code, set()).update(names)
        parts = {key.partition(".")[0] for key in changed}
        for part, touched, who in (
            ("offers", self.offers, sku),
            ("stock", self.stock, sku),
            ("references", self.references, code),
            ("categories", self.categories, code),
            ("media", self.media, code),
            ("associations", self.associations, code),
        ):
            if part in parts:
                touched.add(who)

    def concerns(self, code: str, attributes: Collection[str]) -> bool:
        """Whether what is derived from these attributes may be another now."""
        return code in self.shape or not self.attributes.get(code, set()).isdisjoint(attributes)


def save(states: Sequence[ProductState], reference: Reference, change_set: ChangeSet, touched: Touched) -> None:
    """Save changed products with those parts that changed."""
    fresh = {s.row.code_key or code_key(s.row.code) for s in states if not s.exists}
    _products(states, reference, change_set, touched.identity)
    _variants(states, change_set, touched.identity)
    _offers(states, reference, change_set, touched.offers)
    _stock(states, reference, touched.stock)

    def those(keys: set[str]) -> list[ProductState]:
        return [s for s in states if s.row.code_key in keys]

    _categories(those(touched.categories), fresh)
    _media(those(touched.media), fresh)
    indexed = [s for s in states if touched.concerns(s.row.code_key, reference.indexed)]
    derive.value_index(indexed, reference, fresh)
    measured = [s for s in states if touched.concerns(s.row.code_key, reference.families[s.family].needed)]
    derive.completeness(measured, reference, fresh)
    save_links.associations(those(touched.associations), reference, fresh)
    save_links.references(those(touched.references), reference, change_set)


def _history(rows: Sequence[Any], change_set: ChangeSet, *, update: bool) -> None:
    """What django-simple-history's `bulk_history_create` writes, without an object per row."""
    if not rows:
        return
    history = get_history_manager_for_model(type(rows[0])).model
    tracked = [f.attname for f in history.tracked_fields]
    about = {
        "history_date": timezone.now(),
        "history_type": "~" if update else "+",
        "history_user_id": change_set.user_id,
        "history_change_reason": None,
        "change_set_id": change_set.pk,
    }
    cells = operator.attrgetter(*tracked)
    append(history, [*tracked, *about], ((*cells(row), *about.values()) for row in rows))


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
        row.created_at, row.updated_at = row.created_at or now, now
        row.search_text = derive.search_text(state, reference)
        row.trashed_at = (row.trashed_at or now) if state.trashed else None
    new = [s.row for s in states if not s.exists]
    old = [s.row for s in states if s.exists]
    append_objects(new, unique="code_key")
    update_objects(old, PRODUCT_FIELDS)
    _history(new, change_set, update=False)
    _history([row for row in old if row.code_key in identity_changed], change_set, update=True)


def _variants(states: Sequence[ProductState], change_set: ChangeSet, identity_changed: set[str]) -> None:
    now = timezone.now()
    new: list[Variant] = []
    old: list[Variant] = []
    moved: dict[int, int] = {}
    for state in states:
        for variant in state.variants.values():
            row = variant.row
            overrides = derive.overrides(state, variant.values)
            changed = row.pk is None or row.values != variant.values or row.sku_key in identity_changed
            changed = changed or row.overrides != overrides
            if row.pk and row.product_id != state.row.pk:
                moved[row.pk] = state.row.pk
            row.product_id, row.values, row.sku_key = state.row.pk, variant.values, code_key(row.sku)
            row.trashed_at = (row.trashed_at or now) if variant.trashed else None
            row.overrides = overrides
            if changed:
                row.created_at, row.updated_at = row.created_at or now, now
                (old if row.pk else new).append(row)
    append_objects(new, unique="sku_key")
    update_objects(old, VARIANT_FIELDS)
    for variant_id, product_id in moved.items():  # what points at a variant follows it, and what it points to
        Association.objects.filter(to_variant_id=variant_id).update(to_product_id=product_id)
        Association.objects.filter(variant_id=variant_id).update(product_id=product_id)
    _history(new, change_set, update=False)
    _history([row for row in old if row.sku_key in identity_changed], change_set, update=True)


def _offers(states: Sequence[ProductState], reference: Reference, change_set: ChangeSet, touched: set[str]) -> None:
    now = timezone.now()
    offers: list[Offer] = []
    fresh: list[HeldPrice] = []
    overtaken: list[int] = []
    for variant in (v for s in states for v in s.variants.values()):
        for code, offer in variant.offers.items() if variant.row.sku_key in touched else ():
            offer.variant_id, offer.price_list_id = variant.row.pk, reference.price_lists[code].pk
            offer.version += 1
            offer.updated_at = now
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
    append_objects([o for o in offers if o.pk is None])
    update_objects([o for o in offers if o.pk is not None], (*OFFER_FIELDS, "updated_at"))
    HeldPrice.objects.filter(pk__in=overtaken).update(confirmed=False, decided_at=timezone.now())
    HeldPrice.objects.bulk_create(fresh, batch_size=BATCH)


def _stock(states: Sequence[ProductState], reference: Reference, touched: set[str]) -> None:
    now = timezone.now()
    levels = []
    for variant in (v for s in states for v in s.variants.values()):
        for code, level in variant.stock.items() if variant.row.sku_key in touched else ():
            level.variant_id, level.location_id = variant.row.pk, reference.locations[code].pk
            level.updated_at = now
            levels.append(level)
    append_objects([x for x in levels if x.pk is None])
    update_objects([x for x in levels if x.pk is not None], ("available", "reserved", "incoming", "updated_at"))


def _categories(states: Sequence[ProductState], new: set[str]) -> None:
    if not states:
        return
    through = Product.categories.through
    codes = {code for s in states for code in s.categories}
    ids = dict(Category.objects.filter(code__in=codes).values_list("code", "pk"))
    wanted = {(s.row.pk, ids[code]) for s in states for code in s.categories}
    old = [s.row.pk for s in states if s.row.code_key not in new]
    rows = through.objects.filter(product_id__in=old).values_list("product_id", "category_id")
    held = set(rows) if old else set()
    for product_id, category_id in held - wanted:
        through.objects.filter(product_id=product_id, category_id=category_id).delete()
    append(through, ("product_id", "category_id"), sorted(wanted - held))


def _media(states: Sequence[ProductState], new: set[str]) -> None:
    """Replace the links of products whose pictures changed; unknown addresses become assets to fetch."""
    if not states:
        return
    assets = ensure_assets(states)
    held: dict[int, list[tuple[str, str, str]]] = {}
    old = [s.row.pk for s in states if s.row.code_key not in new]
    for link in MediaLink.objects.filter(product_id__in=old).select_related("asset", "variant") if old else ():
        sku = link.variant.sku if link.variant else ""
        held.setdefault(link.product_id, []).append((link.asset.identity, sku, repr(sorted(link.alt.items()))))
    fresh = []
    for state in states:
        wanted = [(m.identity, m.sku, repr(sorted(m.alt.items()))) for m in state.media]
        if wanted == held.get(state.row.pk, []):
            continue
        if state.row.code_key not in new:
            MediaLink.objects.filter(product=state.row).delete()
        by_sku = {v.row.sku: v.row for v in state.variants.values()}
        fresh += [
            MediaLink(product=state.row, variant=by_sku.get(m.sku), asset=assets[m.identity], position=i, alt=m.alt)
            for i, m in enumerate(state.media)
        ]
    append_objects(fresh)


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
