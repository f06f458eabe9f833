"""Lists of products: found by words, paged by key, each row's figures in a few queries for all rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum

from catalog.access.reach import sight
from catalog.models import Completeness, MediaLink, Offer, Product, StockLevel, Variant
from pimhub.foundation import panels

PRICE = "offers.any.price"


@dataclass(frozen=True, slots=True)
class Row:
    """One product of a list. Prices are those of all price lists."""

    product: Product
    picture: MediaLink | None
    variants: int
    lowest: Decimal | None
    highest: Decimal | None
    stock: int | None
    complete: int  # percent, of the scope and language that has least
    missing: list[str]
    variants_complete: int  # of the scope and language that has least
    current: bool  # whether that was measured by the family's present requirements
    state: str


def rows_of(products: Sequence[Product]) -> list[Row]:
    """The rows of these products, in their order."""
    ids = [p.pk for p in products]
    sight().learn(ids)
    counts = dict(Variant.objects.filter(product_id__in=ids).values_list("product_id").annotate(Count("pk")))
    offers = Offer.objects.filter(variant__product_id__in=ids).values_list("variant__product_id")
    prices = {pk: (low, high) for pk, low, high in offers.annotate(Min("price"), Max("price"))}
    levels = StockLevel.objects.filter(variant__product_id__in=ids).values_list("variant__product_id")
    stock = dict(levels.annotate(Sum("available")))
    pictures = _first_pictures(ids)
    complete: dict[int, list[Completeness]] = {}
    for each in Completeness.objects.filter(product_id__in=ids):
        complete.setdefault(each.product_id, []).append(each)
    states: dict[int, str] = {}
    for source in panels.states:
        states |= source(ids)
    shows = sight().shows
    return [
        Row(
            product=p,
            picture=pictures.get(p.pk) if shows(p.pk, "media") else None,
            variants=counts.get(p.pk, 0),
            lowest=prices.get(p.pk, (None, None))[0] if shows(p.pk, PRICE) else None,
            highest=prices.get(p.pk, (None, None))[1] if shows(p.pk, PRICE) else None,
            stock=stock.get(p.pk) if shows(p.pk, "stock") else None,
            complete=min((c.percent for c in complete.get(p.pk, ())), default=100),
            missing=sorted({key for c in complete.get(p.pk, ()) for key in c.missing}),
            variants_complete=min((c.variants_complete for c in complete.get(p.pk, ())), default=0),
            current=all(c.requirements >= p.family.requirements for c in complete.get(p.pk, ())),
            state=states.get(p.pk, ""),
        )
        for p in products
    ]


def _first_pictures(ids: Iterable[int]) -> dict[int, MediaLink]:
    found: dict[int, MediaLink] = {}
    links = MediaLink.objects.filter(product_id__in=ids).order_by("product_id", "position", "pk")
    for link in links.select_related("asset"):
        found.setdefault(link.product_id, link)
    return found
