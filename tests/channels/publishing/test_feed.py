"""The feed file: live revisions only, immutable, switched to in one step."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from django.conf import settings

from catalog import events
from catalog.products.changes import MediaChange, ProductChange
from channels.feeds.build import refresh_feed, stale_feeds
from channels.models import FeedFile
from tests.channels.publishing.shop import Shop

G = "{http://base.google.com/ns/1.0}"


def ready(shop: Shop, code: str = "tee") -> None:
    product = shop.product(code, **{"description@en_US": "<p>Soft &amp; light</p>"})
    shop.write(ProductChange(code=code, media=(MediaChange(url="https://img.example/a.jpg"),)))
    shop.approve(product)
    events.derive()


def items(feed: FeedFile) -> list[ET.Element]:
    return ET.parse(settings.PIMHUB_HOME / "feeds" / feed.path).getroot().findall("channel/item")


def test_it_holds_what_is_approved_and_nothing_else(shop: Shop) -> None:
    ready(shop)
    shop.product("draft")
    shop.product("tee", **{"name@en_US": "Not approved"})
    feed = refresh_feed(shop.channel("google"))
    found = items(feed)
    assert [i.findtext(f"{G}id") for i in found] == ["tee-s", "tee-m"]
    assert "Not approved" not in ET.tostring(found[0], encoding="unicode")
    assert found[0].findtext(f"{G}price") == "19.90 EUR"
    assert feed.items == 2


def test_what_preflight_refuses_is_skipped_by_name(shop: Shop) -> None:
    shop.live()  # without a picture
    feed = refresh_feed(shop.channel("google"))
    assert feed.items == 0
    assert {s["sku"] for s in feed.skipped} == {"tee-s", "tee-m"}
    assert all(s["message"] for s in feed.skipped)


def test_a_new_build_leaves_the_old_file_alone(shop: Shop) -> None:
    ready(shop)
    first = refresh_feed(shop.channel("google"))
    before = (settings.PIMHUB_HOME / "feeds" / first.path).read_bytes()
    ready(shop, "cap")
    second = refresh_feed(shop.channel("google"))
    assert (settings.PIMHUB_HOME / "feeds" / first.path).read_bytes() == before
    assert second.items == 4
    assert [f.pk for f in FeedFile.objects.filter(current=True)] == [second.pk]


def test_it_is_stale_only_when_something_happened(shop: Shop) -> None:
    ready(shop)
    assert [c.code for c in stale_feeds()] == ["google"]
    feed = refresh_feed(shop.channel("google"))
    assert stale_feeds() == []
    shop.product(price="22.00")
    events.derive()
    FeedFile.objects.filter(pk=feed.pk).update(created_at="2026-01-01T00:00:00Z")
    assert [c.code for c in stale_feeds()] == ["google"]
