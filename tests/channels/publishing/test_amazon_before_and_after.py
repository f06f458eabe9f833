"""Amazon asked before an item is put, and asked what changed; two marketplaces, each a channel of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Currency, Market, PriceList
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from channels.definitions import keep
from channels.models import ChangeCheckpoint, Channel, ChannelIssue, Listing, MappingVersion
from channels.reconcile.changes import channels_to_ask, follow
from channels.reconcile.look import look
from channels.sandbox.amazon import types
from channels.sandbox.world import AMAZON_SELLER, TOKEN
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import amazon as amazon
from tests.channels.publishing.test_amazon import calls, live, shirt, shown, with_picture


def told(**settings: Any) -> None:
    channel = Channel.objects.get(code="amazon")
    channel.settings |= settings
    channel.save()


# ---- before ------------------------------------------------------------------------------------


def test_each_new_item_is_checked_once_before_it_is_put(amazon: Shop) -> None:
    told(preview=True)
    live(amazon)
    assert calls() == ["putListingsItem.preview", "putListingsItem"] * 3
    assert set(amazon.states("amazon").values()) == {"live"}
    shirt(amazon, price="21.50")
    amazon.settle()
    assert calls()[6:] == ["patchListingsItem"] * 2


def test_what_the_check_refuses_is_not_put(amazon: Shop) -> None:
    told(preview=True)
    amazon.sandbox.control("settings", channel="amazon", wanted=["target_gender"])
    live(amazon, sizes=("s",))
    assert calls() == ["putListingsItem.preview"]
    assert amazon.states("amazon") == {"tee/tee-s": "rejected"}
    assert amazon.sandbox.amazon("GET", "tee-s").status == 404
    issue = ChannelIssue.objects.get(source="channel", cleared_at=None)
    assert issue.field == "target_gender"


RESTRICTED = {
    "asin": "B012345678",
    "message": "You need approval to list in this brand.",
    "link": "https://sellercentral.amazon.com/hz/approvalrequest/restrictions/approve?asin=B012345678",
}


def with_asin(shop: Shop) -> None:
    channel = shop.channel("amazon")
    assert channel.mapping is not None
    rules = {**channel.mapping.rules, "merchant_suggested_asin": {"const": "B012345678"}}
    channel.mapping = MappingVersion.objects.create(channel=channel, number=2, rules=rules)
    channel.save()


def test_what_the_seller_may_not_list_says_where_to_ask(amazon: Shop) -> None:
    told(check_restrictions=True)
    with_asin(amazon)
    amazon.sandbox.control("settings", channel="amazon", restricted=[RESTRICTED])
    live(amazon, sizes=("s",))
    assert calls() == ["getListingsRestrictions"]
    issue = ChannelIssue.objects.get(source="channel", cleared_at=None)
    assert (issue.code, issue.severity, issue.url) == ("APPROVAL_REQUIRED", "error", RESTRICTED["link"])
    assert "You need approval to list in this brand." in issue.message
    assert amazon.states("amazon") == {"tee/tee-s": "rejected"}


def test_what_the_seller_may_list_is_asked_once(amazon: Shop) -> None:
    told(check_restrictions=True, preview=True)
    with_asin(amazon)
    live(amazon, sizes=("s",))
    assert calls() == ["getListingsRestrictions", "putListingsItem.preview", "putListingsItem"]
    assert amazon.states("amazon") == {"tee/tee-s": "live"}


GTIN = "4006381333931"


def with_gtin(shop: Shop) -> None:
    """Amazon is told no ASIN, but a GTIN, of which it may have a page."""
    product = with_picture(shop, shirt(shop, sizes=("s",)))
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", gtin=GTIN),)))
    shop.approve(product)
    shop.settle()


def test_the_page_of_a_gtin_is_looked_up_and_asked_for(amazon: Shop) -> None:
    told(check_restrictions=True)
    amazon.sandbox.control("settings", channel="amazon", restricted=[RESTRICTED])
    amazon.sandbox.control("settings", channel="amazon", pages=[{"gtin": GTIN, "asin": RESTRICTED["asin"]}])
    with_gtin(amazon)
    assert calls() == ["searchCatalogItems", "getListingsRestrictions"]
    issue = ChannelIssue.objects.get(source="channel", cleared_at=None)
    assert (issue.code, issue.field, issue.url) == ("APPROVAL_REQUIRED", "gtin", RESTRICTED["link"])
    assert amazon.states("amazon") == {"tee/tee-s": "rejected"}


@pytest.mark.parametrize("pages", [[], ["B012345678", "B876543210"]])
def test_without_one_page_there_is_nothing_to_ask_for(amazon: Shop, pages: list[str]) -> None:
    """None: the item will make one. Several: Amazon chooses by the item."""
    told(check_restrictions=True)
    amazon.sandbox.control("settings", channel="amazon", restricted=[RESTRICTED])
    amazon.sandbox.control("settings", channel="amazon", pages=[{"gtin": GTIN, "asin": each} for each in pages])
    with_gtin(amazon)
    assert calls() == ["searchCatalogItems", "putListingsItem"]
    assert amazon.states("amazon") == {"tee/tee-s": "live"}


# ---- after -------------------------------------------------------------------------------------


def another_price(shop: Shop, sku: str) -> None:
    """Somebody changes the price on Amazon."""
    offer = shown(shop, sku)["attributes"]["purchasable_offer"]
    offer[0]["our_price"][0]["schedule"][0]["value_with_tax"] = 5.0
    patch = {"op": "replace", "path": "/attributes/purchasable_offer", "value": offer}
    answer = shop.sandbox.amazon("PATCH", sku, {"productType": "SHIRT", "patches": [patch]})
    assert answer.json["status"] == "ACCEPTED"


def asked(channel: Channel) -> int:
    """It was asked long ago, and is now."""
    ChangeCheckpoint.objects.update(asked_at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    return follow(channel)


def test_what_changed_there_is_found_and_the_checkpoint_follows(amazon: Shop) -> None:
    amazon.sandbox.control("settings", channel="amazon", visible_after=0)
    live(amazon)
    channel = amazon.channel("amazon")
    assert channels_to_ask() == [channel]
    assert asked(channel) == 0  # what was before is known already
    assert channels_to_ask() == []
    first = ChangeCheckpoint.objects.get().since
    another_price(amazon, "tee-s")
    assert asked(channel) == 1
    assert Listing.objects.get(sku="tee-s").state == "live"  # nobody looked yet
    assert not look()
    assert Listing.objects.get(sku="tee-s").state == "drifted"
    assert ChangeCheckpoint.objects.get().since > first


def test_what_cannot_be_read_at_once_is_looked_at_later(amazon: Shop) -> None:
    amazon.sandbox.control("settings", channel="amazon", visible_after=0)
    live(amazon)
    channel = amazon.channel("amazon")
    asked(channel)
    another_price(amazon, "tee-s")
    placement = Listing.objects.get(sku="tee-s").placement
    mine = type(placement).objects.filter(pk=placement.pk)
    mine.update(lease_token="other", lease_until=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    assert asked(channel) == 1
    look()
    assert Listing.objects.get(sku="tee-s").state == "live"
    mine.update(lease_token="", lease_until=None)
    look()
    assert Listing.objects.get(sku="tee-s").state == "drifted"


def test_two_workers_do_not_ask_the_same(amazon: Shop) -> None:
    amazon.sandbox.control("settings", channel="amazon", visible_after=0)
    live(amazon)
    channel = amazon.channel("amazon")
    asked(channel)
    another_price(amazon, "tee-s")
    assert asked(channel) == 1
    assert follow(channel) == 0  # the other one, which saw that it was due
    assert channels_to_ask() == []


def test_an_answer_without_changes_leaves_the_checkpoint_and_says_why(amazon: Shop) -> None:
    live(amazon, sizes=("s",))
    channel = amazon.channel("amazon")
    asked(channel)
    since = ChangeCheckpoint.objects.get().since
    told(marketplace="A1NOTKNOWN")
    asked(amazon.channel("amazon"))
    held = ChangeCheckpoint.objects.get()
    assert held.since == since
    assert "marketplaceIds" in held.problem


# ---- two marketplaces --------------------------------------------------------------------------


def test_two_marketplaces_are_two_channels_with_their_own_prices(amazon: Shop) -> None:
    prices = PriceList.objects.create(code="us", currency=Currency.objects.get(code="EUR"))
    market = Market.objects.create(code="us", label="US", locales=["en_US"], price_list=prices)
    held = amazon.channel("amazon")
    other = Channel(code="amazon2", label="Amazon 2", connector="amazon", scope=held.scope, market=market)
    other.settings = held.settings | {"marketplace": "ATVPDKIKX0DER", "language": "en_US"}
    other.credentials = {"access_token": TOKEN}
    other.save()
    assert held.mapping is not None
    other.mapping = MappingVersion.objects.create(channel=other, number=1, rules=held.mapping.rules)
    other.save()
    for name, data in types.known().items():
        keep(other, name, checksum=types.checksum(data), text=data.decode())
    product = with_picture(amazon, shirt(amazon, sizes=("s",)))
    dear = VariantChange(sku="tee-s", offers={"us": OfferChange(price=Decimal("29.50"))})
    amazon.write(ProductChange(code="tee", variants=(dear,)))
    amazon.approve(product)
    amazon.settle()
    assert amazon.states("amazon") == amazon.states("amazon2") == {"tee/tee-s": "live"}
    offers = shown(amazon, "tee-s")["attributes"]["purchasable_offer"]
    assert {o["marketplace_id"]: o["our_price"][0]["schedule"][0]["value_with_tax"] for o in offers} == {
        "A1PA6795UKMFR9": 19.9,
        "ATVPDKIKX0DER": 29.5,
    }
    # Taken off one of them, it stays on the other.
    path = f"/amazon/listings/2021-08-01/items/{AMAZON_SELLER}/tee-s?marketplaceIds=ATVPDKIKX0DER"
    answer = amazon.sandbox.call("DELETE", path, None, {"x-amz-access-token": TOKEN})
    assert answer.status == 200
    assert amazon.sandbox.call("GET", path, None, {"x-amz-access-token": TOKEN}).status in (200, 404)
    assert shown(amazon, "tee-s")["summaries"][0]["marketplaceId"] == "A1PA6795UKMFR9"
