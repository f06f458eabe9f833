"""Google beside other shops: each market with its own price, in its own language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog import events
from catalog.media.ingest import upload
from catalog.models import Currency, Market, PriceList, Product
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from channels.demo.products import PICTURES
from channels.models import Channel, Listing, MappingVersion, Placement, Publication
from channels.publishing.dispatch import dispatch
from channels.sandbox.world import TOKEN
from tests.channels.publishing.shop import Shop
from tests.channels.sandbox.fixtures import Sandbox, sandbox_without_violations

NAMES = {"name@en_US": "Tee", "name@de_DE": "Hemd", "name@fr_FR": "Chemise"}
TEXTS = {"description@de_DE": "Weich.", "description@fr_FR": "Doux.", "description@en_US": "Soft."}
PRICES = {"default": "19.90", "shop2": "18.50", "germany": "21.00", "france": "23.40"}


@pytest.fixture
def second(tmp_path: Path, settings: Any) -> Iterator[Sandbox]:
    """Another shop, at another address."""
    with sandbox_without_violations(tmp_path / "second") as sandbox:
        settings.PIMHUB_ALLOWED_ORIGINS = [sandbox.url]
        yield sandbox


def market(code: str, *locales: str) -> Market:
    prices, _ = PriceList.objects.get_or_create(code=code, defaults={"currency": Currency.objects.get(code="EUR")})
    return Market.objects.create(code=code, label=code.title(), locales=list(locales), price_list=prices)


def another(model: str, code: str, place: Market, **settings: Any) -> Channel:
    held = Channel.objects.get(code=model)
    channel = Channel(code=code, label=code, connector=held.connector, scope=held.scope, market=place)
    channel.settings = held.settings | settings
    channel.credentials = {"access_token": TOKEN}
    channel.save()
    assert held.mapping is not None
    channel.mapping = MappingVersion.objects.create(channel=channel, number=1, rules=held.mapping.rules)
    channel.save()
    return channel


def google(code: str, label: str, source: int, language: str) -> Channel:
    settings = {"feed_label": label, "content_language": language}
    settings["data_source"] = f"accounts/1001/dataSources/{source}"
    return another("google", code, market(code, f"{language}_{label}", "en_US"), **settings)


def offered(shop: Shop, name: str) -> dict[str, Any]:
    answer = shop.sandbox.google("GET", f"products/{name}")
    assert answer.status == 200, answer.body
    held: dict[str, Any] = answer.json["productAttributes"]
    return held


def sold(sandbox: Sandbox) -> tuple[str, str]:
    """Title and price of the one variant in a Shopify shop."""
    query = "{products(first: 5) {nodes {title variants(first: 5) {nodes {price}}}}}"
    [product] = sandbox.shopify(query).json["data"]["products"]["nodes"]
    return product["title"], product["variants"]["nodes"][0]["price"]


def tee(shop: Shop, prices: dict[str, str] = PRICES) -> ProductChange:
    held = upload((PICTURES / "solidus_solidus_cap_black_1.png").read_bytes())
    offers = {code: OfferChange(price=Decimal(price)) for code, price in prices.items()}
    return ProductChange(
        code="tee",
        family="default",
        axes=(),
        values={**NAMES, **TEXTS, "brand": "Acme", "condition": "new"},
        media=(MediaChange(sha256=held.sha256, alt={"en_US": "Tee"}),),
        variants=(VariantChange(sku="tee-1", offers=offers, stock={"main": 5}),),
    )


@pytest.fixture
def europe(shop: Shop) -> Shop:
    """Google for Germany and for France; nothing else publishes."""
    Channel.objects.update(publishes_on_approval=False)
    google("germany", "DE", 2002, "de")
    google("france", "FR", 2004, "fr")
    return shop


def approved(shop: Shop) -> None:
    shop.write(tee(shop, {k: v for k, v in PRICES.items() if PriceList.objects.filter(code=k).exists()}))
    shop.approve(Product.objects.get(code="tee"))
    shop.settle()


def test_four_channels_show_four_prices_each_in_its_language(europe: Shop, second: Sandbox) -> None:
    Channel.objects.filter(code="shopify").update(publishes_on_approval=True)
    another("shopify", "shopify2", market("shop2", "fr_FR", "en_US"), endpoint=f"{second.url}/shopify")
    approved(europe)
    for code in ("shopify", "shopify2", "germany", "france"):
        assert set(europe.states(code).values()) == {"live"}, code
    german, french = offered(europe, "de~DE~tee-1"), offered(europe, "fr~FR~tee-1")
    shown = [
        sold(europe.sandbox),
        sold(second),
        (german["title"], german["price"]["amountMicros"]),
        (french["title"], french["price"]["amountMicros"]),
    ]
    assert shown == [("Tee", "19.90"), ("Chemise", "18.50"), ("Hemd", "21000000"), ("Chemise", "23400000")]
    assert german["price"]["currencyCode"] == french["price"]["currencyCode"] == "EUR"


def calls(code: str) -> list[str]:
    rows = Publication.objects.filter(placement__channel__code=code).order_by("pk")
    return list(rows.values_list("operation", flat=True))


def test_a_price_of_one_market_is_one_light_call(europe: Shop) -> None:
    approved(europe)
    assert (calls("germany"), calls("france")) == (["productInputs.insert"], ["productInputs.insert"])
    cheaper = VariantChange(sku="tee-1", offers={"france": OfferChange(price=Decimal("22.00"))})
    europe.write(ProductChange(code="tee", variants=(cheaper,)))
    europe.settle()
    assert calls("germany") == ["productInputs.insert"]
    assert calls("france") == ["productInputs.insert", "productInputs.patch"]
    assert offered(europe, "fr~FR~tee-1")["price"]["amountMicros"] == "22000000"
    assert offered(europe, "de~DE~tee-1")["price"]["amountMicros"] == "21000000"
    assert set(europe.states("france").values()) == {"live"}


def test_an_offer_is_sent_again_within_its_thirty_days_whatever_was_patched(europe: Shop) -> None:
    approved(europe)
    held = Listing.objects.get(placement__channel__code="france")
    assert held.accepted_at is not None
    due = Placement.objects.get(channel__code="france").due_at
    assert due is not None
    assert due < held.accepted_at + dt.timedelta(days=28)
    Listing.objects.filter(pk=held.pk).update(accepted_at=timezone.now() - dt.timedelta(days=24))
    sold_out = VariantChange(sku="tee-1", stock={"main": 0})
    europe.write(ProductChange(code="tee", variants=(sold_out,)))
    europe.settle()
    assert calls("france")[1:] == ["productInputs.patch"]
    # The patch did not count: the offer is due for an insert on its old day.
    due = Placement.objects.get(channel__code="france").due_at
    assert due is not None
    assert due < timezone.now() + dt.timedelta(days=2)
    Listing.objects.filter(pk=held.pk).update(accepted_at=timezone.now() - dt.timedelta(days=26))
    Placement.objects.filter(channel__code="france").update(due_at=timezone.now())
    europe.settle()
    assert calls("france")[2:] == ["productInputs.insert"]
    assert set(europe.states("france").values()) == {"live"}


def test_a_quota_of_google_slows_calls_down_and_is_remembered(europe: Shop) -> None:
    europe.sandbox.control("settings", channel="google", requests_per_minute=1)
    europe.write(tee(europe, {"germany": "21.00", "france": "23.40"}))
    europe.approve(Product.objects.get(code="tee"))
    events.derive()
    dispatch(seconds=3)
    slowed = [b for channel in Channel.objects.filter(connector="google") for b in channel.rates.all() if b.rate < 50]
    assert slowed
    assert all(b.rate == 25 and b.tokens < 0 for b in slowed)
    europe.sandbox.control("settings", channel="google", requests_per_minute=1000)
    for bucket in slowed:
        bucket.tokens, bucket.at = 0, bucket.at - 60
        bucket.save()
    europe.hurry()
    europe.settle()
    assert set(europe.states("germany").values()) | set(europe.states("france").values()) == {"live"}
