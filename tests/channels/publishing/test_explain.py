"""Why it is or is not live, step by step, and who must act."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from channels.explain import explain
from channels.models import Channel
from tests.channels.publishing.shop import Shop


def told(shop: Shop, sku: str = "tee-s", channel: str = "shopify") -> dict[str, Any]:
    out = io.StringIO()
    call_command("explain", channel, "--sku", sku, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def first(found: dict[str, Any]) -> dict[str, Any]:
    """The first step that is not passed."""
    return next((link for link in found["chain"] if not link["ok"]), {})


def test_the_road_is_told_from_draft_to_live(shop: Shop) -> None:
    product = shop.product()
    found = told(shop)
    assert found["state"] == "not on the channel"
    assert (first(found)["step"], first(found)["who"]) == ("submitted", "merchandisers")

    from catalog.change_sets import acting
    from governance.workflow import verbs

    with acting(user=shop.user("merchandiser"), source="page"):
        verbs.submit(product=product, user=shop.user("merchandiser"))
    assert (first(told(shop))["step"], first(told(shop))["who"]) == ("approved", "reviewers")

    with acting(user=shop.user("reviewer"), source="page"):
        product.standing.refresh_from_db()
        verbs.approve(product=product, user=shop.user("reviewer"), content_hash=product.standing.content_hash)
    assert first(told(shop))["step"] == "on the channel's list"
    shop.settle()
    found = told(shop)
    assert (found["state"], first(found)) == ("live", {})
    assert found["chain"][-1]["since"]


def test_what_preflight_refuses_leads_to_the_value(shop: Shop) -> None:
    shop.live()
    shop.settle()
    found = told(shop, channel="amazon")
    assert first(found)["step"] == "preflight"
    assert (first(found)["who"], first(found)["key"]) == ("merchandisers", "google_product_category")
    assert "no Amazon product type" in first(found)["reason"]


def test_what_is_blocked_after_it_was_live_is_told_as_still_shown(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    shop.product(**{"name@en_US": ""})
    shop.approve(product)
    shop.settle()
    found = explain(shop.channel(), product)
    assert found["state"] == "blocked"
    assert found["chain"][-1]["reason"] == "It still shows what it took before; the change was not sent yet."


def test_a_paused_channel_is_its_managers_matter(shop: Shop) -> None:
    Channel.objects.filter(code="shopify").update(paused=True, pause_reason="stocktaking")
    shop.live()
    from catalog import events

    events.derive()
    assert (first(told(shop))["step"], first(told(shop))["who"]) == ("channel open", "channel managers")
    assert "stocktaking" in first(told(shop))["reason"]


def test_what_somebody_changed_there_is_told(shop: Shop) -> None:
    from channels.models import Placement
    from channels.reconcile.run import reconcile

    product = shop.live()
    shop.settle()
    gid = Placement.objects.get(product=product, channel__code="shopify").links.get(key="product").remote_id
    shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Theirs")
    reconcile(shop.channel())
    found = explain(shop.channel(), product)
    assert found["state"] == "drifted"
    assert first(dict(found))["who"] == "channel managers"


def test_the_listing_page_shows_the_chain(shop: Shop, client: Client) -> None:
    product = shop.live()
    shop.settle()
    client.force_login(shop.user("channelmanager"))
    page = client.get(f"/channels/amazon/products/{product.pk}/").content.decode()
    assert "From written to live" in page
    assert "Next: merchandisers." in page


def test_an_unknown_sku_is_one_sentence(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((SystemExit, CommandError)):
        call_command("explain", "shopify", "--sku", "nothing", "--json")
