"""From an approved revision to what the shop shows, and back."""

from __future__ import annotations

from decimal import Decimal

from catalog.models import Product
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from channels.models import Channel, ChannelIssue, Placement, Publication
from channels.publishing.preview import preview
from channels.publishing.request import publish
from channels.reconcile.run import reconcile
from tests.channels.publishing.shop import Shop


def test_an_approved_product_goes_live_by_itself(shop: Shop) -> None:
    shop.live()
    shop.settle()
    assert shop.states() == {"tee/": "live", "tee/tee-s": "live", "tee/tee-m": "live"}
    assert shop.sandbox.state("shopify")["products"] == 1


def test_an_unapproved_edit_never_leaves_the_house(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    calls = Publication.objects.count()
    shop.product(**{"name@en_US": "Secret name"})
    publish(channel=shop.channel(), products=[product])
    shop.settle()
    assert Publication.objects.count() == calls
    assert "Secret" not in str(preview(shop.channel(), product))
    assert reconcile(shop.channel())["drifted"] == []


def test_a_price_goes_out_alone_and_at_once(shop: Shop) -> None:
    shop.live()
    shop.settle()
    last = Publication.objects.latest("pk").pk
    shop.product(price="21.50")
    shop.settle()
    sent = Publication.objects.filter(pk__gt=last)
    assert [p.operation for p in sent] == ["productVariantsBulkUpdate"]
    assert set(shop.states().values()) == {"live"}
    assert reconcile(shop.channel())["in_sync"] == 3


def test_stock_goes_out_alone(shop: Shop) -> None:
    shop.live()
    shop.settle()
    last = Publication.objects.latest("pk").pk
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", stock={"main": 2}),)))
    shop.settle()
    assert [p.operation for p in Publication.objects.filter(pk__gt=last)] == ["inventorySetQuantities"]


def test_publishing_again_needs_no_call(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    calls = Publication.objects.count()
    publish(channel=shop.channel(), products=[product])
    shop.settle()
    assert Publication.objects.count() == calls


def test_preview_is_byte_for_byte_what_is_sent(shop: Shop) -> None:
    from catalog import blobs

    product = shop.live()
    shown = preview(shop.channel(), product)["requests"]
    shop.settle()
    sent = [blobs.get(p.request) for p in Publication.objects.order_by("pk")][: len(shown)]
    assert sent == shown
    assert "sandbox-token" not in str(sent)


def test_a_preflight_error_blocks_and_leads_to_the_field(shop: Shop) -> None:
    product = shop.live(**{"name@en_US": None})
    shop.settle()
    assert set(shop.states().values()) == {"blocked"}
    issue = ChannelIssue.objects.filter(placement__channel__code="shopify", severity="error").first()
    assert issue is not None
    assert issue.field == "title"
    assert Publication.objects.count() == 0
    shop.product(**{"name@en_US": "A name"})
    shop.approve(product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert not ChannelIssue.objects.filter(
        severity="error", cleared_at=None, placement__channel__code="shopify"
    ).exists()


def test_a_removed_variant_leaves_the_shop_and_the_listings(shop: Shop) -> None:
    product = shop.live(sizes=("s", "m", "l"))
    shop.settle()
    product.variants.get(sku="tee-l").delete()
    shop.write(ProductChange(code="tee", values={"brand": "Other"}))
    shop.approve(Product.objects.get(code="tee"))
    shop.settle()
    assert set(shop.states()) == {"tee/", "tee/tee-s", "tee/tee-m"}
    assert shop.sandbox.state("shopify")["variants"] == 2


def test_an_edit_in_the_shop_is_seen_as_drift_and_nothing_is_changed(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    gid = Placement.objects.get(product=product, channel__code="shopify").links.get(key="product").remote_id
    shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Somebody's title")
    report = reconcile(shop.channel())
    assert [(d["key"], d["ours"], d["theirs"]) for d in report["drifted"]] == [
        ("content.title", "Tee shirt", "Somebody's title")
    ]
    assert report["checked"] == 3
    assert report["in_sync"] == 2


def test_a_product_deleted_in_the_shop_is_missing(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    gid = Placement.objects.get(product=product, channel__code="shopify").links.get(key="product").remote_id
    shop.sandbox.control("edit", channel="shopify", product=gid, field="delete", value="")
    assert "tee" in reconcile(shop.channel())["missing"]


def test_a_sale_begins_and_ends_by_itself(shop: Shop) -> None:
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    shop.live()
    shop.settle()
    sale = OfferChange(sale_price=Decimal("15.00"), sale_from=now, sale_to=now + dt.timedelta(hours=1))
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", offers={"default": sale}),)))
    shop.settle()
    assert Placement.objects.get(channel__code="shopify").due_at == now + dt.timedelta(hours=1)


def test_a_channel_without_connector_says_so(shop: Shop) -> None:
    Channel.objects.filter(code="amazon").update(connector="bazaar")
    product = shop.live()
    shop.settle()
    shown = preview(shop.channel("amazon"), product)
    assert [p["code"] for p in shown["preflight"]] == ["no_connector"]
    assert shown["requests"] == []
    assert shop.states("amazon") == {"tee/": "blocked"}


def test_what_drifted_waits_for_its_answer_unless_somebody_publishes_over_it(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    gid = Placement.objects.get(product=product, channel__code="shopify").links.get(key="product").remote_id
    shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Somebody's title")
    reconcile(shop.channel())
    assert shop.states()["tee/"] == "drifted"
    calls = Publication.objects.count()
    publish(channel=shop.channel())
    shop.settle()
    assert Publication.objects.count() == calls
    assert shop.states()["tee/"] == "drifted"
    publish(channel=shop.channel(), over_drift=True)
    shop.settle()
    assert reconcile(shop.channel())["drifted"] == []
    assert set(shop.states().values()) == {"live"}


def test_thirty_variants_reach_google_each_by_its_call(shop: Shop) -> None:
    from catalog.models import Attribute, AttributeOption, MediaAsset
    from catalog.products.changes import MediaChange

    color = Attribute.objects.get(code="color")
    sizes = [f"c{i}" for i in range(30)]
    for code in sizes:
        AttributeOption.objects.create(attribute=color, code=code, label_key=code, labels={"en_US": code})
    product = shop.product("many", sizes=sizes, **{"description@en_US": "<p>Text.</p>"})
    shop.write(ProductChange(code="many", media=(MediaChange(url="https://img.example/a.jpg"),)))
    assert MediaAsset.objects.count() == 1
    shop.approve(product)
    publish(channel=shop.channel("google"), products=[product])
    shop.settle()
    assert set(shop.states("google").values()) == {"live"}, ChannelIssue.objects.values_list("message", flat=True)
    assert len(shop.states("google")) == 30
