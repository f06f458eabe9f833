"""Prices and stock of published products: as their owners passed them, for the markets that the scope is sold in. A
sale that needs somebody's word is there when it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from catalog.access.reach import sight
from catalog.models import Market, Offer, Scope, StockLevel
from catalog.products.state import OFFER_FIELDS, amount_text
from channels.models import Channel
from governance.sales.windows import windows
from pimhub.foundation.jsonvalue import JSON

FIELDS = tuple(name for name in OFFER_FIELDS if name != "cost")  # what it costs us is nobody's business outside
Place = tuple[int, str]  # (product, SKU)


@dataclass(frozen=True, slots=True)
class Commerce:
    """`_offers`: by market; `_stock`: what can be sold, by location."""

    _offers: Mapping[Place, Mapping[str, JSON]]
    _stock: Mapping[Place, Mapping[str, int]]

    def offers(self, product: int, sku: str) -> Mapping[str, JSON]:
        return self._offers.get((product, sku), {})

    def stock(self, product: int, sku: str) -> Mapping[str, int]:
        return self._stock.get((product, sku), {})


def markets_of(scope: Scope) -> list[Market]:
    """Those of the channels that serve it; where none does, those that sell in its currencies.

    A price list of another audience (a customer group) is not among them unless a channel of the scope sells by it.
    """
    rows = Market.objects.select_related("price_list__currency")
    if served := list(rows.filter(pk__in=Channel.objects.filter(scope=scope).values("market_id"))):
        return served
    return list(rows.filter(Q(price_list__currency__in=scope.currencies.all()), price_list__customer_group=""))


def commerce_of(scope: Scope, ids: Sequence[int]) -> Commerce:
    """Of these products, by the SKUs of the working copy: a variant in the trash is sold until that is approved."""
    markets = markets_of(scope)
    offers: dict[Place, dict[str, JSON]] = {}
    lists = {m.price_list_id for m in markets}
    sales = windows(lists)
    rows = sales.among(Offer.objects.filter(variant__product_id__in=ids, price_list__in=lists))
    for offer in map(sales.shown, rows.select_related("variant", "price_list__currency")):
        place = (offer.variant.product_id, offer.variant.sku)
        if told := _told(offer, place[0]):
            for market in markets:
                if market.price_list_id == offer.price_list_id:
                    offers.setdefault(place, {})[market.code] = told
    stock: dict[Place, dict[str, int]] = {}
    levels = StockLevel.objects.filter(variant__product_id__in=ids).select_related("variant", "location")
    for level in levels.order_by("location__code"):
        product = level.variant.product_id
        if sight().shows(product, f"stock.{level.location.code}.available"):
            free = max(level.available - level.reserved, 0)
            stock.setdefault((product, level.variant.sku), {})[level.location.code] = free
    return Commerce(offers, stock)


def _told(offer: Offer, product: int) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name in FIELDS:
        value: Any = getattr(offer, name)
        if value in (None, "") or not sight().shows(product, f"offers.{offer.price_list.code}.{name}"):
            continue
        is_moment = hasattr(value, "isoformat")
        found[name] = value.isoformat() if is_moment else value if isinstance(value, str) else amount_text(value)
    if not found:
        return {}
    money: dict[str, JSON] = {"price_list": offer.price_list.code, "currency": offer.price_list.currency.code}
    return money | {"tax_included": offer.price_list.tax_included} | found
