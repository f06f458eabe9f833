"""Products as plain data, for the API: what is asked for and no more, in a fixed number of queries a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from catalog.access.reach import seen, sight
from catalog.attributes.values import ValueKey
from catalog.models import (
    Association,
    Completeness,
    ExternalReference,
    Family,
    HeldPrice,
    MediaLink,
    Offer,
    Product,
    StockLevel,
    Variant,
)
from catalog.products.state import OFFER_FIELDS, amount_text
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

# Fields that higher floors know of: {product id: {field: value}}.
Source = Callable[[Sequence[int]], Mapping[int, Mapping[str, JSON]]]
sources: Registry[Source] = Registry("product field source")
source_fields: set[str] = set()

OWN_FIELDS = ("code", "family", "version", "axes", "values", "categories", "variants", "created", "updated")
INCLUDES = ("media", "associations", "references", "offers", "stock", "completeness", "held_prices", "overrides")


def plug_in(name: str, fields: Collection[str], source: Source) -> None:
    """A higher floor answers for these fields of products."""
    sources.add(name, source)
    source_fields.update(fields)


def known_fields() -> list[str]:
    return sorted({*OWN_FIELDS, *source_fields})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asked for. `keys`: attribute codes or value keys; empty = all values."""

    fields: frozenset[str]
    includes: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    @staticmethod
    def everything() -> Wanted:
        return Wanted(frozenset(known_fields()), frozenset(INCLUDES))


def represent(products: Sequence[Product], wanted: Wanted) -> list[dict[str, JSON]]:
    """These products, in their order."""
    ids = [p.pk for p in products]
    sight().learn(ids)
    found: dict[int, dict[str, Any]] = {p.pk: _own(p, wanted) for p in products}
    if "family" in wanted.fields:
        families = dict(Family.objects.values_list("pk", "code"))
        for product in products:
            found[product.pk]["family"] = families[product.family_id]
    if "categories" in wanted.fields:
        through = Product.categories.through.objects.filter(product_id__in=ids)
        for pk, code in through.values_list("product_id", "category__code").order_by("category__code"):
            found[pk]["categories"].append(code)
    variant_rows = _variants(products, found, wanted)
    for name, add in _INCLUDES.items():
        if name in wanted.includes:
            add(found, variant_rows)
    if wanted.fields & source_fields:
        for source in sources:
            for pk, fields in source(ids).items():
                found[pk] |= {k: v for k, v in fields.items() if k in wanted.fields}
    return [found[pk] for pk in ids]


def _own(product: Product, wanted: Wanted) -> dict[str, Any]:
    every: dict[str, Any] = {
        "code": product.code,
        "family": "",
        "version": product.version,
        "axes": product.axes,
        "values": _chosen(sight().visible(product.pk, product.values), wanted.keys),
        "categories": [],
        "created": product.created_at.isoformat(),
        "updated": product.updated_at.isoformat(),
    }
    found = {name: value for name, value in every.items() if name in wanted.fields}
    return found if product.trashed_at is None else found | {"trashed": product.trashed_at.isoformat()}


def _chosen(values: Mapping[str, JSON], keys: Collection[str]) -> Mapping[str, JSON]:
    if not keys:
        return values
    return {k: v for k, v in values.items() if k in keys or ValueKey.parse(k).attribute in keys}


def _variants(
    products: Sequence[Product], found: dict[int, dict[str, Any]], wanted: Wanted
) -> dict[int, dict[str, Any]]:
    """Variants of the products by id; those in the trash too, marked, where the product is looked at by itself."""
    if "variants" not in wanted.fields:
        return {}
    for row in found.values():
        row["variants"] = []
    rows = Variant.objects.filter(product_id__in=list(found)).order_by("product_id", "position", "pk")
    by_id: dict[int, dict[str, Any]] = {}
    values_of = {p.pk: p for p in products}
    for pk, product, sku, gtin, values in rows.values_list("pk", "product_id", "sku", "gtin", "values"):
        by_id[pk] = {"sku": sku, "values": _chosen(sight().visible(product, values), wanted.keys)}
        by_id[pk] |= {"gtin": gtin} if sight().shows(product, "gtin") else {}
        if "overrides" in wanted.includes:
            own = values_of[product]
            by_id[pk]["overrides"] = sorted(k for k in by_id[pk]["values"] if k in own.values and k not in own.axes)
        found[product]["variants"].append(by_id[pk])
    return by_id


Rows = dict[int, dict[str, Any]]
OWNER = F("variant__product_id")


def _media(found: Rows, variants: Rows) -> None:
    for row in found.values():
        row["media"] = []
    links = MediaLink.objects.filter(product_id__in=list(found)).select_related("asset", "variant")
    for link in links.order_by("product_id", "position", "pk"):
        if not sight().shows(link.product_id, "media"):
            continue
        asset = link.asset
        medium = {"key": asset.key, "url": asset.source_url, "alt": link.alt, "state": asset.state}
        medium |= {"mime": asset.mime, "width": asset.width, "height": asset.height}
        found[link.product_id]["media"].append(medium | ({"sku": link.variant.sku} if link.variant else {}))


def _associations(found: Rows, variants: Rows) -> None:
    """Where it points, and (`associated_by`) what points to it; two-way ones stand on both sides."""
    for row in (*found.values(), *variants.values()):
        row["associations"] = {}
    for row in found.values():
        row["associated_by"] = {}
    related = ("type", "product", "variant", "to_product", "to_variant")
    for link in (
        Association.objects.filter(product_id__in=list(found)).select_related(*related).order_by("position", "pk")
    ):
        holder = variants.get(link.variant_id or 0) if link.variant_id else found[link.product_id]
        if holder is not None and link.to_product.trashed_at is None:
            holder["associations"].setdefault(link.type.code, []).append(_target(link))
    arriving = Association.objects.filter(to_product_id__in=list(found), product__trashed_at__isnull=True)
    arriving = seen(arriving, "product")
    for link in arriving.select_related(*related).order_by("position", "pk"):
        end: dict[str, JSON] = {"sku": link.variant.sku} if link.variant else {"product": link.product.code}
        end |= {"quantity": amount_text(link.quantity, places=0)} if link.quantity is not None else {}
        end |= {"to_sku": link.to_variant.sku} if link.to_variant else {}
        found[link.to_product_id]["associated_by"].setdefault(link.type.code, []).append(end)
        if link.type.two_way:
            found[link.to_product_id]["associations"].setdefault(link.type.code, []).append(end)


def _target(link: Association) -> dict[str, JSON]:
    told: dict[str, JSON] = {"sku": link.to_variant.sku} if link.to_variant else {"product": link.to_product.code}
    return told if link.quantity is None else told | {"quantity": amount_text(link.quantity, places=0)}


def _references(found: Rows, variants: Rows) -> None:
    for row in (*found.values(), *variants.values()):
        row["references"] = {}
    held = ExternalReference.objects.filter(valid_to__isnull=True)
    for rows, kind in ((found, "product_id"), (variants, "variant_id")):
        of_kind = held.filter(**{f"{kind}__in": list(rows)})
        for pk, system, code in of_kind.values_list(kind, "system__code", "code").order_by("system__code"):
            rows[pk]["references"][system] = code


def _offers(found: Rows, variants: Rows) -> None:
    for row in variants.values():
        row["offers"] = {}
    rows = Offer.objects.filter(variant_id__in=list(variants))
    for offer in rows.select_related("price_list__currency").annotate(owner=OWNER):
        told: dict[str, Any] = {"currency": offer.price_list.currency.code}
        for name in OFFER_FIELDS:
            if not sight().shows(offer.owner, f"offers.{offer.price_list.code}.{name}"):
                continue
            value = getattr(offer, name)
            told[name] = (
                value.isoformat()
                if hasattr(value, "isoformat")
                else (value or None if isinstance(value, str) else amount_text(value))
            )
        variants[offer.variant_id]["offers"][offer.price_list.code] = told


def _stock(found: Rows, variants: Rows) -> None:
    for row in variants.values():
        row["stock"] = {}
    levels = StockLevel.objects.filter(variant_id__in=list(variants)).select_related("location")
    for level in levels.annotate(owner=OWNER):
        if not sight().shows(level.owner, "stock"):
            continue
        variants[level.variant_id]["stock"][level.location.code] = level.available


def _completeness(found: Rows, variants: Rows) -> None:
    """`current` is false while the family's requirements changed and the figure was not measured again yet."""
    for row in found.values():
        row["completeness"] = []
    rows = Completeness.objects.filter(product_id__in=list(found)).select_related("scope", "product__family")
    for item in rows.order_by("scope__code", "locale"):
        found[item.product_id]["completeness"].append(
            {
                "scope": item.scope.code,
                "locale": item.locale,
                "percent": item.percent,
                "required": item.required,
                "filled": item.filled,
                "missing": item.missing,
                "variants": item.variants,
                "variants_complete": item.variants_complete,
                "current": item.requirements == item.product.family.requirements,
            }
        )


def _held(found: Rows, variants: Rows) -> None:
    for row in variants.values():
        row["held_prices"] = []
    rows = HeldPrice.objects.filter(variant_id__in=list(variants), confirmed__isnull=True).select_related("price_list")
    for hold in rows.annotate(owner=OWNER).order_by("pk"):
        if not sight().shows(hold.owner, f"offers.{hold.price_list.code}.{hold.field}"):
            continue
        variants[hold.variant_id]["held_prices"].append(
            {
                "price_list": hold.price_list.code,
                "field": hold.field,
                "amount": amount_text(hold.amount),
                "reason": hold.reason,
            }
        )


_INCLUDES: dict[str, Callable[[Rows, Rows], None]] = {
    "media": _media,
    "associations": _associations,
    "references": _references,
    "offers": _offers,
    "stock": _stock,
    "completeness": _completeness,
    "held_prices": _held,
}
