"""Channels through the API: what stands where, why not, and the verbs of whoever minds them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from catalog import events
from catalog.models import DomainEvent, User
from channels.models import Channel, Placement
from channels.publishing.dispatch import dispatch
from governance.audit.chain import seal_all
from governance.models import AuditEntry
from tests.catalog.api.conftest import Api
from tests.channels.publishing.shop import Shop
from tests.world import World


@pytest.fixture
def minder(shop: Shop) -> Api:
    people = {u.username: u for u in User.objects.all()}
    return Api(World(people)).of("channelmanager", "channels:write", "products:read", "events:read")


def test_what_each_item_should_show_took_and_shows(shop: Shop, minder: Api) -> None:
    shop.live("tee")
    shop.settle()
    [channel] = [c for c in minder.get("channels/").json()["results"] if c["code"] == "shopify"]
    assert (channel["listings"], channel["errors"], channel["paused"]) == ({"live": 3}, 0, False)
    assert minder.get("channels/shopify/").json() == channel
    text = minder.get("channels/").content.decode()
    assert not {"credentials", "feed_token", "access_token"} & set(channel)
    assert Channel.objects.get(code="shopify").feed_token not in text
    found = minder.get("channels/shopify/listings/?sku=tee-s").json()["results"]
    assert [(x["sku"], x["state"], x["revision"]) for x in found] == [(None, "live", 1), ("tee-s", "live", 1)]
    for listing in found:
        assert listing["facets"]
        assert all(f["desired"] == f["accepted"] == f["live"] for f in listing["facets"].values())
        assert listing["lag_seconds"] is not None
    assert minder.get("channels/shopify/listings/?state=rejected").json()["results"] == []
    assert minder.get("channels/shopify/listings/?state=lost").status_code == 400


def test_every_call_is_told_with_what_was_sent(shop: Shop, minder: Api) -> None:
    shop.live("tee")
    shop.settle()
    calls = minder.get("channels/shopify/publications/?sku=tee-s").json()["results"]
    assert calls
    assert {c["verdict"] for c in calls} == {"accepted"}
    content = next(c for c in calls if "content" in c["carries"].get("", {}))
    one = minder.get(f"channels/shopify/publications/{content['id']}/").json()
    assert (one["product"], one["revision"], one["mapping"]) == ("tee", 1, 1)
    assert "Tee shirt" in str(one["request"])
    assert one["response"]
    assert minder.get(f"channels/google/publications/{calls[0]['id']}/").status_code == 404


def test_what_stands_against_it_leads_to_the_value(shop: Shop, minder: Api) -> None:
    tee = shop.product("tee", **{"name@en_US": ""})
    shop.approve(tee)
    shop.settle()
    [issue] = [i for i in minder.get("channels/shopify/issues/?severity=error").json()["results"] if not i["sku"]]
    assert (issue["product"], issue["key"], issue["cleared"]) == ("tee", "name@en_US", None)
    told = minder.get("channels/shopify/explain/?sku=tee-s").json()
    [broken] = [link for link in told["chain"] if link["who"]]
    assert (told["state"], broken["step"], broken["who"]) == ("blocked", "complete", "merchandisers")
    shop.live("tee")
    shop.settle()
    assert minder.get("channels/shopify/issues/").json()["results"] == []
    assert issue["id"] in [i["id"] for i in minder.get("channels/shopify/issues/?cleared=true").json()["results"]]


def test_a_paused_channel_calls_nobody_until_it_is_resumed(shop: Shop, minder: Api) -> None:
    assert minder.post("channels/shopify/pause/", {}).json()["code"] == "reason_missing"
    paused = minder.post("channels/shopify/pause/", {"reason": "wrong prices"}).json()
    assert (paused["paused"], paused["pause_reason"]) == (True, "wrong prices")
    shop.live("tee")
    events.derive()
    dispatch(seconds=2)
    assert minder.get("channels/shopify/publications/").json()["results"] == []
    assert minder.get("channels/shopify/").json()["due"] == 1
    assert minder.post("channels/shopify/resume/").json()["paused"] is False
    shop.settle()
    assert minder.get("channels/shopify/").json()["listings"] == {"live": 3}
    seal_all()
    kinds = set(AuditEntry.objects.values_list("kind", flat=True))
    assert {"channel.paused", "channel.resumed"} <= kinds


def test_publishing_asks_for_the_right(shop: Shop, minder: Api) -> None:
    shop.live("tee")
    shop.settle()
    assert minder.post("channels/google/publish/", {"skus": ["tee-s"]}).json() == {"products": 1, "left_out": {}}
    assert Placement.objects.filter(channel__code="google", due_at__isnull=False).count() == 1
    assert minder.post("channels/google/publish/", {"skus": ["nothing"]}).status_code == 404
    assert minder.post("channels/google/publish/").json() == {"products": 1, "left_out": {}}
    writer = minder.of("merchandiser")
    for verb in ("publish", "pause", "resume"):
        assert writer.post(f"channels/shopify/{verb}/", {}).json()["right"] == "channels.publish_channel"
    reader = minder.of("channelmanager", "channels:read")
    assert reader.post("channels/shopify/publish/").json()["scope"] == "channels:write"


def test_the_state_travels_with_the_record(shop: Shop, minder: Api, tmp_path: Path) -> None:
    def published() -> Any:
        return minder.get("products/tee/?fields=state,published").json()

    tee = shop.product("tee")
    assert published() == {"state": "draft", "published": {}}
    shop.approve(tee)
    shop.settle()
    told = published()
    assert told["state"] == "approved"
    assert {k: told["published"]["shopify"][k] for k in ("state", "revision")} == {"state": "live", "revision": 1}
    assert told["published"]["shopify"]["live_since"]
    call_command("export_products", "--out", str(tmp_path / "out.csv"), stdout=io.StringIO())
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    assert row["state"] == "approved"
    assert "shopify: live" in row["published"]
    shop.product("tee", brand="Bolt")
    feed = minder.get("events/?after=0&limit=1000").json()["results"]
    [state] = [e["data"] for e in feed if e["type"] == "listing.state" and e["data"]["channel"] == "shopify"][-1:]
    assert (state["state"], published()["state"]) == ("live", "draft")
    assert [e["data"]["state"] for e in feed if e["type"] == "product.changed" and "state" in e["data"]] == ["draft"]
    before = DomainEvent.objects.filter(type="listing.state").count()
    shop.hurry()
    shop.settle()
    assert DomainEvent.objects.filter(type="listing.state").count() == before  # said once for each change
