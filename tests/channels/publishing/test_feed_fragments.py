"""A feed that takes over what did not change holds exactly what one made from nothing would hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from catalog.models import Attribute, Offer, Product, StockLevel, Variant
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from channels.feeds import fragments
from channels.feeds.build import write_feed
from channels.models import Channel, FeedFragment
from tests.channels.publishing.shop import Shop


def ready(shop: Shop, code: str) -> Product:
    product = shop.product(code, **{"description@en_US": "<p>Soft</p>"})
    shop.write(ProductChange(code=code, media=(MediaChange(url="https://img.example/a.jpg"),)))
    shop.approve(product)
    return product


def built(shop: Shop) -> str:
    """The items of a build, without the moment of the build."""
    path = settings.PIMHUB_HOME / "feeds" / "test.xml"
    write_feed(shop.channel("google"), path)
    return re.sub("<lastBuildDate>.*?</lastBuildDate>", "", path.read_text())


def offer(shop: Shop, **fields: object) -> None:
    change = OfferChange(confirmed=True, **fields)  # type: ignore[arg-type]
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", offers={"default": change}),)))


def approve_again(shop: Shop) -> None:
    shop.product("tee", **{"name@en_US": "Better shirt"})
    shop.approve(Product.objects.get(code="tee"))


def rules(shop: Shop) -> None:
    mapping = shop.channel("google").mapping
    assert mapping is not None
    type(mapping).objects.filter(pk=mapping.pk).update(rules=mapping.rules | {"brand": {"const": "Other"}})


CHANGES: dict[str, Callable[[Shop], object]] = {
    "price": lambda shop: offer(shop, price=Decimal("17.50")),
    "sale": lambda shop: offer(shop, sale_price=Decimal("9.90")),
    "stock": lambda shop: StockLevel.objects.filter(variant__sku="tee-s").update(available=0),
    "approval": approve_again,
    "rules": rules,
    "settings": lambda shop: Channel.objects.filter(code="google").update(
        settings=shop.channel("google").settings | {"product_url": "https://other.example/{handle}", "ratio": 0.5}
    ),
    "sku": lambda shop: Variant.objects.filter(sku="tee-s").update(sku="TEE-NEW", sku_key="tee-new"),
    "no price": lambda shop: Offer.objects.filter(variant__sku="tee-s").delete(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_it_is_as_if_made_from_nothing(shop: Shop, name: str) -> None:
    ready(shop, "tee")
    ready(shop, "cap")
    before = built(shop)
    CHANGES[name](shop)
    after = built(shop)
    FeedFragment.objects.all().delete()
    assert after == built(shop)
    assert after != before


def test_another_name_of_an_axis_waits_for_an_approval(shop: Shop) -> None:
    ready(shop, "tee")
    before = built(shop)
    Attribute.objects.filter(code="color").update(labels={"en_US": "Shade"})
    assert built(shop) == before
    approve_again(shop)
    after = built(shop)
    assert after != before
    FeedFragment.objects.all().delete()
    assert after == built(shop)


def test_what_did_not_change_is_not_made_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(shop, "tee")
    ready(shop, "cap")
    first = built(shop)
    made: list[int] = []
    real = fragments.check

    def counted(*given: object) -> object:
        made.append(1)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(fragments, "check", counted)
    assert built(shop) == first
    assert made == []
    offer(shop, price=Decimal("18.00"))
    built(shop)
    assert made == [1]


def test_a_sale_ends_in_the_feed_when_it_ends(shop: Shop) -> None:
    ready(shop, "tee")
    ends = timezone.now() + dt.timedelta(hours=1)
    offer(shop, sale_price=Decimal("9.90"), sale_to=ends)
    assert ">9.90 EUR" in built(shop)
    with time_machine.travel(ends + dt.timedelta(minutes=1)):
        assert ">9.90 EUR" not in built(shop)
