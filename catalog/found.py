"""What the global search finds in the catalogue: products by any of their words, imports by file."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from catalog.access.reach import own, seen
from catalog.models import ImportRun, Product, Variant
from catalog.models.codes import code_key
from catalog.search.text import exact_ids, matching
from pimhub.foundation import panels, search
from pimhub.foundation.search import Hit


def products(request: Any, text: str, limit: int) -> list[Hit]:
    """The very code, SKU or barcode first, then the newest."""
    if not request.user.has_perm("catalog.view_product"):
        return []
    key = code_key(text)
    named = exact_ids(text)
    found = sorted(seen(Product.objects.filter(pk__in=named)), key=lambda p: named.index(p.pk))
    found += list(matching(seen(Product.objects.all()), text).order_by("-pk")[:limit])
    rows = list({p.pk: p for p in found}.values())[:limit]
    why = _matching_variants([p.pk for p in rows], key)
    return [
        Hit(
            kind="Products",
            label=p.name(),
            hint=" · ".join([p.code, *why.get(p.pk, [])[:2]]),
            url=reverse("product_detail", kwargs={"code": p.code}),
            icon="package",
            exact=p.code_key == key or p.pk in named,
        )
        for p in rows
    ]


def _matching_variants(ids: list[int], key: str) -> dict[int, list[str]]:
    """SKUs that hold the text, so that one sees why a product was found."""
    found: dict[int, list[str]] = {}
    variants = Variant.objects.filter(product_id__in=ids, sku_key__contains=key).order_by("position")
    for product, sku in variants.values_list("product_id", "sku")[:200]:
        found.setdefault(product, []).append(sku)
    return found


def imports(request: Any, text: str, limit: int) -> list[Hit]:
    if not request.user.has_perm("catalog.import_product"):
        return []
    return [
        Hit("Imports", run.filename, reverse("import_detail", kwargs={"pk": run.pk}), run.get_state_display(), "upload")
        for run in own(ImportRun.objects.filter(filename__icontains=text))[:limit]
    ]


def pages(request: Any, text: str, limit: int) -> list[Hit]:
    """The places of the navigation, by name."""
    found = [e for e in panels.menu(request) if text.casefold() in e["label"].casefold()]
    return [Hit("Pages", e["label"], e["url"], icon=e["icon"]) for e in found[:limit]]


def plug_in() -> None:
    search.sources.add("catalog.products", products)
    search.sources.add("catalog.imports", imports)
    search.sources.add("catalog.pages", pages)
