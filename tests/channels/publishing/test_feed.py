"""The feed file: live revisions only, immutable, switched to in one step."""

from __future__ import annotations

import csv
import gzip
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from catalog import events
from catalog.products.changes import MediaChange, ProductChange
from channels.feeds.build import refresh_feed, stale_feeds, stale_formats, write_feed
from channels.mapping.document import mappings
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
    assert feed.skipped == 2
    told: list[Mapping[str, str]] = []
    report = write_feed(shop.channel("google"), settings.PIMHUB_HOME / "feeds" / "aside.xml", skip=told.append)
    assert report.skipped == 2
    assert {s["sku"] for s in told} == {"tee-s", "tee-m"}
    assert all(s["message"] for s in told)


def test_a_new_build_leaves_the_old_file_alone(shop: Shop) -> None:
    ready(shop)
    first = refresh_feed(shop.channel("google"))
    before = (settings.PIMHUB_HOME / "feeds" / first.path).read_bytes()
    ready(shop, "cap")
    second = refresh_feed(shop.channel("google"))
    assert (settings.PIMHUB_HOME / "feeds" / first.path).read_bytes() == before
    assert second.items == 4
    assert [f.pk for f in FeedFile.objects.filter(current=True)] == [second.pk]


def test_a_build_of_the_same_changes_nothing(shop: Shop) -> None:
    ready(shop)
    first = refresh_feed(shop.channel("google"))
    shop.product("draft")  # something happened, but nothing that the feed shows
    events.derive()
    second = refresh_feed(shop.channel("google"))
    assert (second.pk, second.sha256, second.changed_at) == (first.pk, first.sha256, first.changed_at)
    assert second.event > first.event
    assert FeedFile.objects.count() == len(list((settings.PIMHUB_HOME / "feeds").iterdir())) == 1


def test_each_format_holds_the_same_items(shop: Shop) -> None:
    ready(shop)
    channel = shop.channel("google")
    channel.settings["feed_formats"] = ["xml", "tsv", "atom"]
    channel.save()
    assert stale_formats(channel) == ["xml", "tsv", "atom"]
    xml, tsv, atom = (refresh_feed(channel, kind) for kind in ("xml", "tsv", "atom"))
    assert stale_formats(channel) == []
    folder = settings.PIMHUB_HOME / "feeds"
    rows = list(csv.DictReader((folder / tsv.path).open(newline=""), delimiter="\t"))
    assert [row["id"] for row in rows] == [i.findtext(f"{G}id") for i in items(xml)] == ["tee-s", "tee-m"]
    entries = ET.parse(folder / atom.path).getroot().findall("{http://www.w3.org/2005/Atom}entry")
    assert [[(t.tag, t.text) for t in e] for e in entries] == [[(t.tag, t.text) for t in i] for i in items(xml)]
    for row, item in zip(rows, items(xml), strict=True):
        for name in ("title", "price", "availability", "link", "brand"):
            assert row[name] == item.findtext(f"{G}{name}")


@pytest.fixture
def served(shop: Shop, client: Client) -> Callable[..., Any]:
    """Fetch the feed by extension."""
    channel = shop.channel("google")

    def fetch(extension: str = "xml", token: str = channel.feed_token, **headers: str) -> Any:
        return client.get(f"/feeds/google/{token}.{extension}", headers=headers)

    ready(shop)
    for kind in ("xml", "tsv"):
        refresh_feed(channel, kind)
    return fetch


def test_it_is_served_by_extension(served: Callable[..., Any]) -> None:
    plain, table = served("xml"), served("tsv")
    assert plain["Content-Type"].startswith("application/rss+xml")
    assert table["Content-Type"].startswith("text/tab-separated-values")
    body = b"".join(table.streaming_content)
    assert body.startswith(b"id\ttitle\tdescription\t")
    packed = served("tsv.gz")
    assert gzip.decompress(b"".join(packed.streaming_content)) == body
    assert packed["ETag"] != table["ETag"]
    assert served("tsv.gz").status_code == 200  # from the file that the first request left
    for extension in ("atom", "csv", "gz", "xml.zip"):
        assert served(extension).status_code == 404
    assert served("tsv", token="wrong").status_code == 404


@pytest.mark.parametrize("extension", ["xml", "tsv.gz"])
def test_who_has_it_already_is_told_so(served: Callable[..., Any], extension: str) -> None:
    first = served(extension)
    assert served(extension, if_none_match=first["ETag"]).status_code == 304
    assert served(extension, if_none_match=f'"other", W/{first["ETag"]}').status_code == 304
    assert served(extension, if_none_match='"other"').status_code == 200
    assert served(extension, if_modified_since=first["Last-Modified"]).status_code == 304
    assert served(extension, if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 200


def test_a_file_is_written_in_the_format_of_its_name(shop: Shop, tmp_path: Path) -> None:
    ready(shop)
    for name in ("feed.xml", "feed.tsv", "feed.atom", "feed.tsv.gz"):
        call_command("export_feed", "google", out=tmp_path / name)
    assert gzip.decompress((tmp_path / "feed.tsv.gz").read_bytes()) == (tmp_path / "feed.tsv").read_bytes()
    assert (tmp_path / "feed.xml").read_bytes().startswith(b"<?xml")
    before = (tmp_path / "feed.xml").read_bytes()
    call_command("export_feed", "google", out=tmp_path / "feed.xml")
    assert (tmp_path / "feed.xml").read_bytes() == before  # the moment in it is that of the last change


def test_it_is_stale_only_when_something_happened(shop: Shop) -> None:
    ready(shop)
    assert [c.code for c in stale_feeds()] == ["google"]
    feed, _ = (refresh_feed(shop.channel("google"), kind) for kind in ("xml", "tsv"))
    assert stale_feeds() == []
    shop.product(price="22.00")
    events.derive()
    FeedFile.objects.filter(pk=feed.pk).update(created_at="2026-01-01T00:00:00Z")
    assert [c.code for c in stale_feeds()] == ["google"]


def test_prices_are_rounded_by_the_channels_rule(shop: Shop) -> None:
    ready(shop)
    channel = shop.channel("google")
    channel.settings["price_rounding"] = {"ending": "0.99", "mode": "up"}
    channel.save()
    assert [i.findtext(f"{G}price") for i in items(refresh_feed(channel))] == ["19.99 EUR", "19.99 EUR"]
    assert "Prices are rounded up to the next amount that ends in .99." in mappings()
