"""The global search: by any word, straight to a SKU, and only what one may see."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from catalog.imports.run import start_run
from channels.demo.shop import ensure_channels
from channels.models import Channel, Placement, RemoteLink
from tests.world import World, variant

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop(world: World, client: Client) -> Client:
    for code in ("tee", "tea-towel"):
        world.product(code)
    world.change("tee", variants=(variant("tee-s", "s", gtin="4006381333931"),))
    client.force_login(world.people["mara"])
    return client


def found(client: Client, text: str, **headers: str) -> list[str]:
    """The labels of what was found, in order."""
    answer = client.get("/search/", {"q": text}, headers=headers)
    assert answer.status_code == 200
    return re.findall(r'<span dir="auto">([^<]+)</span>', answer.content.decode())


def test_words_find_products_in_any_order(shop: Client) -> None:
    assert found(shop, "shirt TEE") == ["Tee shirt"]
    assert set(found(shop, "shirt")) == {"Tee shirt", "Tea-Towel shirt"}


@pytest.mark.parametrize("text", ["TEE-S", "4006381333931", "tee"])
def test_enter_on_a_sku_barcode_or_code_leads_to_its_product(shop: Client, text: str) -> None:
    answer = shop.get("/search/", {"q": f" {text} "})
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/products/tee/")


def test_while_typing_nothing_leads_away(shop: Client) -> None:
    assert found(shop, "TEE-S", **HTMX) == ["Tee shirt"]
    assert shop.get("/search/", {"q": ""}, headers=HTMX).content == b""
    assert b"Nothing has" in shop.get("/search/", {"q": "zebra"}, headers=HTMX).content


def test_imports_pages_and_channels_are_found_by_those_who_may(shop: Client, world: World) -> None:
    start_run(user=world.people["mara"], filename="spring shirts.csv", chunks=[b"x"])
    assert "spring shirts.csv" in found(shop, "spring")
    assert found(shop, "impor") == ["Imports"]
    ensure_channels()
    assert found(shop, "shopify") == []
    shop.force_login(world.people["chiara"])
    assert found(shop, "shopify") == ["Shopify shop"]
    assert "spring shirts.csv" not in found(shop, "spring")


def test_a_remote_id_leads_to_its_listing(shop: Client, world: World) -> None:
    ensure_channels()
    channel = Channel.objects.get(code="shopify")
    placement = Placement.objects.create(channel=channel, product=world.product("mug"))
    RemoteLink.objects.create(
        channel=channel, placement=placement, key="product", remote_id="gid://shopify/Product/77123"
    )
    shop.force_login(world.people["chiara"])
    assert found(shop, "77123") == ["Mug shirt on Shopify shop"]


def test_what_is_typed_is_shown_as_text(shop: Client) -> None:
    assert b"<script>alert" not in shop.get("/search/", {"q": "<script>alert(1)</script>"}).content
