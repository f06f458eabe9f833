"""Rows of the grid: each product with its figures, in a few queries for all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Subquery, Sum

from catalog.access.reach import sight
from catalog.models import Completeness, MediaLink, Offer, Product, StockLevel, Variant
from catalog.models.completeness import percent
from pimhub.foundation import panels
from pimhub.foundation.among import Compiled, among

PRICE = "offers.any.price"
READ = ("code", "code_key", "values", "updated_at", "family__requirements")  # of products and families, by `rows_of`


@dataclass(frozen=True, slots=True)
class Row:
    """One product of a list. Prices are those of all price lists; variants in the trash count nowhere."""

    product: Product
    name: str
    picture: tuple[str, str]  # SHA-256 and extension of the first one; "" for none, or one not fetched yet
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
    """The rows of these products, which the person acting sees, in their order. Read them with `READ` alone."""
    ids = [p.pk for p in products]
    seen = sight()
    seen.learn(ids, seen=True)
    shows = seen.shows
    sold = _sold(ids)
    pictures = _first_pictures(ids)
    complete = _complete(ids)
    states: dict[int, str] = {}
    for source in panels.states:
        states |= source(ids)
    rows = []
    for p in products:
        variants, lowest, highest, stock = sold.get(p.pk, (0, None, None, None))
        priced, measured = shows(p.pk, PRICE), complete.get(p.pk, ())
        rows.append(
            Row(
                product=p,
                name=p.name(shows=shows),
                picture=pictures.get(p.pk, ("", "")) if shows(p.pk, "media") else ("", ""),
                variants=variants,
                lowest=lowest if priced else None,
                highest=highest if priced else None,
                stock=stock if shows(p.pk, "stock") else None,
                complete=min((percent(filled, required) for filled, required, *_ in measured), default=100),
                missing=sorted({key for _, _, missing, *_ in measured for key in missing}),
                variants_complete=min((whole for *_, whole, _ in measured), default=0),
                current=all(requirements >= p.family.requirements for *_, requirements in measured),
                state=states.get(p.pk, ""),
            )
        )
    return rows


def _prices(read: type[Min | Max]) -> Subquery:
    offers = Offer.objects.filter(variant=OuterRef("pk")).order_by().values("variant")
    return Subquery(offers.annotate(found=read("price")).values("found"))


def _units() -> Subquery:
    levels = StockLevel.objects.filter(variant=OuterRef("pk")).order_by().values("variant")
    return Subquery(levels.annotate(found=Sum("available")).values("found"))


# What a page asks of its rows, each query put into SQL once.
_SOLD = Compiled(
    lambda ids: (
        Variant.objects.filter(among("product_id", ids))
        .annotate(low=_prices(Min), high=_prices(Max), units=_units())
        .order_by()
        .values_list("product_id")
        .annotate(Count("pk"), Min("low"), Max("high"), Sum("units"))
    )
)
_COMPLETE = Compiled(
    lambda ids: Completeness.objects.filter(among("product_id", ids)).values_list(
        "product_id", "filled", "required", "missing", "variants_complete", "requirements"
    )
)
_PICTURES = Compiled(
    lambda ids: (
        MediaLink.objects.filter(among("product_id", ids))
        .order_by("product_id", "position", "pk")
        .values_list("product_id", "asset__sha256", "asset__extension")
    )
)


def _sold(ids: Sequence[int]) -> dict[int, tuple[int, Decimal | None, Decimal | None, int | None]]:
    """How many variants, their lowest and highest price, and their stock, by product."""
    return {pk: tuple(figures) for pk, *figures in _SOLD(ids)}


def _complete(ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Of each scope and language: filled, required, missing, whole variants, by which requirements."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for pk, *figures in _COMPLETE(ids):
        found.setdefault(pk, []).append(tuple(figures))
    return found


def _first_pictures(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for pk, sha256, extension in _PICTURES(ids):
        found.setdefault(pk, (sha256, extension))
    return found
