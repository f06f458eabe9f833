"""A channel's page says which rights are missing and how long the API version lasts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from channels import health, tasks
from channels.connectors.shopify.connector import ShopifyConnector
from channels.models import Channel, ChannelHealth
from tests.channels.publishing.shop import Shop


def page(shop: Shop, user: str = "channelmanager") -> str:
    client = Client()
    client.force_login(shop.user(user))
    return client.get("/channels/shopify/").content.decode()


def ask(shop: Shop, user: str = "channelmanager") -> int:
    client = Client()
    client.force_login(shop.user(user))
    return client.post("/channels/shopify/check/").status_code


def test_missing_rights_are_named_with_what_they_are_for(shop: Shop) -> None:
    assert "rights not checked yet" in page(shop)
    shop.sandbox.control("settings", channel="shopify", scopes_denied=["write_inventory", "read_locations"])
    assert ask(shop) == 302
    shown = page(shop)
    assert "2 rights missing" in shown
    assert "write_inventory</span> to set stock" in shown
    shop.sandbox.control("settings", channel="shopify", scopes_denied=[])
    ask(shop)
    assert "all rights granted" in page(shop)


def test_who_may_write_may_read(shop: Shop) -> None:
    shop.sandbox.control("settings", channel="shopify", scopes_denied=["read_products", "read_publications"])
    ask(shop)
    assert "all rights granted" in page(shop)


def test_a_channel_that_cannot_be_asked_says_why(shop: Shop) -> None:
    channel = shop.channel()
    channel.credentials = {"access_token": "wrong"}
    channel.save()
    ask(shop)
    assert "Invalid API key" in page(shop)
    assert not health.of(shop.channel()).missing  # type: ignore[union-attr]  # unknown is not missing


def test_only_who_may_publish_has_it_asked(shop: Shop) -> None:
    assert ask(shop, "merchandiser") == 403
    assert not ChannelHealth.objects.exists()


def test_it_is_asked_by_itself_each_day(shop: Shop) -> None:
    shop.live()
    shop.settle()
    assert [channel.code for channel in health.unchecked()] == ["shopify"]
    tasks.check_health(shop.channel().pk)
    assert health.unchecked() == []
    ChannelHealth.objects.update(checked_at=ChannelHealth.objects.get().checked_at - dt.timedelta(days=2))
    assert len(health.unchecked()) == 1


def test_the_end_of_the_version_is_told_in_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"supported until {ShopifyConnector.sunset}" in page(shop)
    assert "Update PIMHub before" not in page(shop)
    monkeypatch.setattr(ShopifyConnector, "sunset", (timezone.now() + dt.timedelta(days=80)).date())
    assert "Update PIMHub before" in page(shop)


def test_other_kinds_say_nothing(shop: Shop) -> None:
    assert health.of(Channel.objects.get(code="google")) is None
