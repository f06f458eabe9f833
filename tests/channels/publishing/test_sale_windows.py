"""A sale is shown from its first moment to its last, in each market by its own, although nobody writes anything."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from catalog.models import Currency, Market, PriceList
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from channels.models import Channel
from tests.channels.publishing import test_amazon as goods
from tests.channels.publishing.shop import Shop

HOUR = dt.timedelta(hours=1)


def shopify(shop: Shop) -> tuple[str, str | None]:
    (variant,) = shop.sandbox.running.sandbox.store.all("variant")
    return variant["price"], variant["compareAtPrice"]


def google(shop: Shop) -> tuple[int, int | None]:
    (offer,) = shop.sandbox.running.sandbox.store.all("offer")
    held = offer["after"]["productAttributes"]
    sale = held.get("salePrice")
    return int(held["price"]["amountMicros"]) // 10_000, sale and int(sale["amountMicros"]) // 10_000


@pytest.mark.timeout(200)
def test_each_market_begins_and_ends_its_sale_by_its_clock(shop: Shop) -> None:
    prices = PriceList.objects.create(code="germany", currency=Currency.objects.get(code="EUR"))
    market = Market.objects.create(code="germany", label="Germany", locales=["en_US"], price_list=prices)
    Channel.objects.filter(code="amazon").update(publishes_on_approval=False)
    Channel.objects.filter(code="google").update(publishes_on_approval=True, market=market)
    begin = dt.datetime.now(dt.UTC).replace(microsecond=0) + HOUR
    goods.with_picture(shop, goods.shirt(shop, sizes=("s",), price="20.00"))
    sales = {
        "default": OfferChange(price=Decimal(20), sale_price=Decimal(15), sale_from=begin, sale_to=begin + 2 * HOUR),
        "germany": OfferChange(
            price=Decimal(22), sale_price=Decimal(17), sale_from=begin + HOUR, sale_to=begin + 3 * HOUR
        ),
    }
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", offers=sales),)))
    shop.approve(goods.Product.objects.get())
    shop.settle(seconds=40)
    seen = []
    for hours in (-0.5, 0, 1, 2, 3):
        with time_machine.travel(begin + hours * HOUR + dt.timedelta(seconds=1)):
            shop.settle(seconds=40)
            seen.append((shopify(shop), google(shop)))
    assert seen == [
        (("20.00", None), (2200, None)),
        (("15.00", "20.00"), (2200, None)),
        (("15.00", "20.00"), (2200, 1700)),
        (("20.00", None), (2200, 1700)),
        (("20.00", None), (2200, None)),
    ]
