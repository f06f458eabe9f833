"""A channel that has products already: ours by its id is taken over, all else is asked; nothing is overwritten unasked
and nothing is made twice."""

from __future__ import annotations

from typing import Any

import pytest

from channels.connectors.abilities import Found, FoundVariant
from channels.models import Channel, Drift, Match, Placement, Publication
from channels.publishing import drift, meeting
from channels.publishing.meeting import CannotAnswer
from channels.publishing.request import publish
from governance.models import AuditEntry
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import live, shown, with_picture
from tests.channels.sandbox import shop as remote
from tests.channels.sandbox.account import OTHER_US, at_once


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


def seed(shop: Shop, *sizes: str, ours: bool = False, **given: Any) -> dict[str, Any]:
    """A product that somebody made in the shop by hand."""
    fields: dict[str, Any] = {
        "title": "Made by hand",
        "vendor": "Theirs",
        "tags": ["theirs"],
        "productOptions": [{"name": "Color", "values": [{"name": s.upper()} for s in sizes]}],
        "variants": [
            {"sku": f"tee-{s}", "price": "18.00", "optionValues": [{"optionName": "Color", "name": s.upper()}]}
            for s in sizes
        ],
    } | given
    if ours:
        wanted = {"name": "PIM", **remote.PIM_ID, "type": "id", "ownerType": "PRODUCT"}
        answer = shop.sandbox.shopify(remote.DEFINE, {"definition": wanted}).json
        assert answer["data"]["metafieldDefinitionCreate"]["userErrors"] == []
        fields["metafields"] = [{**remote.PIM_ID, "type": "id", "value": "tee"}]
    return remote.created(shop.sandbox, fields)


def products(shop: Shop) -> int:
    count: int = shop.sandbox.state("shopify")["products"]
    return count


def test_a_sku_that_the_shop_has_is_a_question_and_no_second_product(shopify: Shop) -> None:
    theirs = seed(shopify, "s", "m")
    shopify.live()
    shopify.settle()
    assert (products(shopify), Publication.objects.count()) == (1, 0)
    assert set(shopify.states().values()) == {"held"}
    match = Match.objects.get()
    assert [each["id"] for each in match.found] == [theirs["id"]]
    assert match.doubts == ["It is known by its SKU alone: it does not carry our id."]
    # Whoever publishes all, or again, is asked the same and makes no second one.
    publish(channel=shopify.channel(), over_drift=True)
    shopify.settle()
    assert (products(shopify), Match.objects.count()) == (1, 1)


def test_what_is_taken_over_is_not_overwritten_before_its_differences_are_answered(shopify: Shop) -> None:
    theirs = seed(shopify, "s", "m")
    shopify.live()
    shopify.settle()
    manager = shopify.user("channelmanager")
    meeting.take_over(match=Match.objects.get(), which=theirs["id"], user=manager)
    shopify.settle()
    assert Publication.objects.count() == 0
    held = remote.read(shopify.sandbox, theirs["id"])
    assert held is not None
    assert (held["title"], held["vendor"]) == ("Made by hand", "Theirs")
    assert set(shopify.states().values()) <= {"held", "live"}
    rows = {(d.sku, d.path): d for d in Drift.objects.filter(state="open")}
    assert (rows["", "/title"].ours, rows["", "/title"].theirs) == ("Tee shirt", "Made by hand")
    assert rows["tee-s", "/price"].theirs == "18.00"
    # A price of the ERP waits with the rest: the product is not ours yet.
    shopify.product(price="19.95")
    shopify.settle()
    assert Publication.objects.count() == 0
    title = rows.pop(("", "/title"))
    drift.hand_over(drifts=[title], user=manager)
    shopify.settle()
    assert Publication.objects.count() == 0
    drift.keep_ours(drifts=list(Drift.objects.filter(state="open")), user=manager)
    shopify.settle()
    held = remote.read(shopify.sandbox, theirs["id"])
    assert held is not None
    assert (held["title"], held["vendor"]) == ("Made by hand", "Acme")
    assert "theirs" in held["tags"]
    assert {v["price"] for v in held["variants"]["nodes"]} == {"19.95"}
    assert (products(shopify), Match.objects.get().state) == (1, "done")
    assert set(shopify.states().values()) == {"live"}
    assert AuditEntry.objects.filter(kind="match.taken", about="product:tee").exists()


def test_what_was_taken_over_by_its_sku_carries_our_id_from_then_on(shopify: Shop) -> None:
    theirs = seed(shopify, "s", "m")
    product = shopify.live()
    shopify.settle()
    meeting.take_over(match=Match.objects.get(), which=theirs["id"], user=shopify.user("channelmanager"))
    shopify.settle()
    publish(channel=shopify.channel(), products=[product], over_drift=True)
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}
    held = remote.read(shopify.sandbox, theirs["id"])
    assert held is not None
    assert [m["value"] for m in held["metafields"]["nodes"] if m["key"] == "pim_id"] == ["tee"]
    # What we knew of it is lost: it says itself that it is ours, and nobody is asked again.
    Placement.objects.filter(product=product, channel__code="shopify").delete()
    publish(channel=shopify.channel(), products=[product])
    shopify.settle()
    match = Match.objects.get()
    assert (match.state, match.doubts, match.found[0]["by"]) == ("done", [], "custom id")
    assert (products(shopify), set(shopify.states().values())) == (1, {"live"})


def test_publishing_a_product_by_name_sends_ours_over_what_was_taken_over(shopify: Shop) -> None:
    theirs = seed(shopify, "s", "m", ours=True)
    product = shopify.live()
    shopify.settle()
    # It says itself that it is ours: nobody is asked which it is, and still nothing is overwritten.
    assert (Match.objects.get().state, Match.objects.get().doubts) == ("taken", [])
    assert Publication.objects.count() == 0
    publish(channel=shopify.channel())
    shopify.settle()
    assert Publication.objects.count() == 0
    publish(channel=shopify.channel(), products=[product], over_drift=True)
    shopify.settle()
    held = remote.read(shopify.sandbox, theirs["id"])
    assert held is not None
    assert held["title"] == "Tee shirt"
    assert (products(shopify), set(shopify.states().values())) == (1, {"live"})


def test_what_does_not_fit_together_is_asked_although_it_carries_our_id(shopify: Shop) -> None:
    seed(shopify, "s", ours=True)
    seed(shopify, "m", handle="another")
    shopify.live()
    shopify.settle()
    match = Match.objects.get()
    assert match.state == "open"
    assert any("tee-m is also in “Made by hand”" in doubt for doubt in match.doubts)
    with pytest.raises(CannotAnswer, match="carries our id"):
        meeting.make_anew(match=match, user=shopify.user("channelmanager"))
    with pytest.raises(CannotAnswer, match="Choose which"):
        meeting.take_over(match=match, which="gid://shopify/Product/999", user=shopify.user("channelmanager"))


def test_left_alone_it_stays_as_it_is_until_somebody_asks_again(shopify: Shop) -> None:
    theirs = seed(shopify, "s", "m")
    product = shopify.live()
    shopify.settle()
    match = Match.objects.get()
    meeting.leave(match=match, user=shopify.user("channelmanager"))
    publish(channel=shopify.channel(), products=[product], over_drift=True)
    shopify.settle()
    assert (products(shopify), Publication.objects.count()) == (1, 0)
    assert "left as it is" in Placement.objects.get(product=product, channel__code="shopify").problem
    shopify.sandbox.control("edit", channel="shopify", product=theirs["id"], field="delete")
    meeting.look_again(match=match)
    shopify.settle()
    match.refresh_from_db()
    assert match.state == "over"
    assert (products(shopify), set(shopify.states().values())) == (1, {"live"})


def test_made_anew_only_when_somebody_says_so(shopify: Shop) -> None:
    seed(shopify, "s", "m")
    shopify.live()
    shopify.settle()
    meeting.make_anew(match=Match.objects.get(), user=shopify.user("channelmanager"))
    shopify.settle()
    assert (products(shopify), set(shopify.states().values())) == (2, {"live"})
    with pytest.raises(CannotAnswer, match="Somebody answered"):
        meeting.leave(match=Match.objects.get(), user=shopify.user("channelmanager"))


def test_a_title_says_nothing(shopify: Shop) -> None:
    seed(shopify, "x", title="Tee shirt")
    shopify.live()
    shopify.settle()
    assert (products(shopify), Match.objects.count()) == (2, 0)


def test_an_amazon_item_is_known_by_its_sku_and_keeps_what_it_shows(shop: Shop) -> None:
    Channel.objects.exclude(code="amazon").update(publishes_on_approval=False)
    product = live(shop)
    calls = Publication.objects.count()
    Placement.objects.all().delete()  # as a hub that was never connected
    price = shown(shop, "tee-s")["attributes"]["purchasable_offer"]
    price[0]["our_price"][0]["schedule"][0]["value_with_tax"] = 1.0
    shop.sandbox.control("edit", channel="amazon", product="tee-s", field="purchasable_offer", value=price)
    publish(channel=shop.channel("amazon"))
    shop.settle()
    match = Match.objects.get()
    assert (match.state, match.doubts) == ("taken", [])
    assert [d.sku for d in Drift.objects.filter(state="open")] == ["tee-s"]
    assert Publication.objects.count() == 0 < calls
    with pytest.raises(CannotAnswer, match="Somebody answered"):
        meeting.leave(match=match, user=shop.user("channelmanager"))
    publish(channel=shop.channel("amazon"), products=[product], over_drift=True)
    shop.settle()
    assert list(Publication.objects.values_list("operation", flat=True)) == ["patchListingsItem"]
    assert set(shop.states("amazon").values()) == {"live"}


def test_google_knows_offers_by_their_id_and_asks_about_those_of_another_feed(shop: Shop) -> None:
    Channel.objects.exclude(code="google").update(publishes_on_approval=False)
    at_once(shop.sandbox)
    google = shop.channel("google")
    product = with_picture(shop, shop.product(**{"description@en_US": "Soft."}))
    shop.approve(product)
    publish(channel=google)
    shop.settle()
    assert set(shop.states("google").values()) == {"live"}
    Placement.objects.all().delete()
    publish(channel=google)
    shop.settle()
    # All is as it should be: taken over, and live without a call.
    assert (Match.objects.get().state, Publication.objects.count()) == ("done", 0)
    assert set(shop.states("google").values()) == {"live"}
    Placement.objects.all().delete()
    google.settings |= {"data_source": OTHER_US}
    google.save()
    publish(channel=google)
    shop.settle()
    assert "another data source" in Match.objects.get().doubts[0]
    assert set(shop.states("google").values()) == {"held"}
    assert Publication.objects.count() == 0


SHOWN = Found("1", "custom id", "Tee", (FoundVariant("11", "tee-s", "09506000134352", "tee-s"),))


@pytest.mark.parametrize(
    ("found", "gtins", "told"),
    [
        ([SHOWN], {}, []),
        ([SHOWN], {"tee-s": "9506000134352"}, []),
        ([SHOWN], {"tee-s": "4006381333931"}, ["tee-s has the GTIN 09506000134352 there and 4006381333931 here."]),
        (
            [Found("1", "custom id", "Tee", SHOWN.variants * 2)],
            {},
            ["tee-s is there twice, in “Tee”."],
        ),
        (
            [Found("1", "custom id", "Tee", SHOWN.variants, more=2)],
            {},
            ["“Tee” has 2 variants that are not in this product; sending ours takes them away."],
        ),
        ([SHOWN, Found("2", "SKU", "Cap", SHOWN.variants)], {}, ["tee-s is also in “Cap” (2)."]),
    ],
)
def test_doubts(found: list[Found], gtins: dict[str, str], told: list[str]) -> None:
    assert meeting.doubts_of(found, gtins) == told
