"""Languages, scopes, currencies, price lists and locations go only where nothing hangs on them any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from catalog.models import (
    Category,
    Currency,
    Family,
    Locale,
    Location,
    Market,
    Offer,
    PriceList,
    Product,
    ReferenceRecord,
    Scope,
    StockLevel,
    Variant,
)
from catalog.products.uses import InUse, Use


def delete_locale(locale: Locale) -> None:
    """Raises InUse while a scope or market has the language, or something is written in it."""
    markets = [market.code for market in Market.objects.all() if locale.code in market.locales]
    _refuse(
        locale.code,
        _use("language of the scope", Scope.objects.filter(locales=locale).values_list("code", flat=True)),
        _use("language of the market", markets),
        *_values(f"@{locale.code}"),
    )
    locale.delete()


def delete_scope(scope: Scope) -> None:
    """Raises InUse while values are written for it, or families require something for it."""
    families = Family.objects.filter(family_attributes__required_for=scope).distinct()
    required = _use("asked for by the family", families.values_list("code", flat=True))
    _refuse(scope.code, required, *_values(f"#{scope.code}"))
    scope.delete()


def delete_currency(currency: Currency) -> None:
    """Raises InUse while a scope has it."""
    scopes = Scope.objects.filter(currencies=currency).values_list("code", flat=True)
    _refuse(currency.code, _use("currency of the scope", scopes))
    currency.delete()


def delete_price_list(price_list: PriceList) -> None:
    """Raises InUse while there are prices in it; they would go with it."""
    prices = Offer.objects.filter(price_list=price_list).order_by("pk")
    _refuse(price_list.code, _use("price of", prices.values_list("variant__sku", flat=True)))
    price_list.delete()


def delete_location(location: Location) -> None:
    """Raises InUse while stock is counted there."""
    levels = StockLevel.objects.filter(location=location).order_by("pk")
    _refuse(location.code, _use("stock of", levels.values_list("variant__sku", flat=True)))
    location.delete()


def _refuse(name: str, *uses: Use | None) -> None:
    if found := [use for use in uses if use is not None]:
        raise InUse(name, found)


def _use(how: str, names: QuerySet[Any, str] | Sequence[str]) -> Use | None:
    """The first of what uses it, and how many there are."""
    count = names.count() if isinstance(names, QuerySet) else len(names)
    return Use(how, names[0], count) if count else None


def _values(end: str) -> Iterator[Use | None]:
    """Whose values have keys with that language or scope; the trash included."""
    places: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("value of", Product.everything.order_by("pk"), "code"),
        ("value of", Variant.everything.order_by("pk"), "sku"),
        ("value of the category", Category.objects.all(), "code"),
        ("value of the record", ReferenceRecord.objects.all(), "code"),
    )
    for how, rows, name in places:
        keyed = Q(text__contains=f'{end}"') | Q(text__contains=f"{end}#")
        # A text may quote such a key; only keys count.
        held = rows.annotate(text=Cast("values", TextField())).filter(keyed).values_list(name, "values")
        found = [each for each, values in held.iterator(chunk_size=2000) if any(_ends(key, end) for key in values)]
        yield _use(how, found)


def _ends(key: str, end: str) -> bool:
    return key.endswith(end) or f"{end}#" in key
