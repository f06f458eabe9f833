"""Prices on every list, sales, and stock at every place, on the page of a variant."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client

from catalog.models import HeldPrice, Location, Offer, PriceList, StockLevel
from tests.world import World

PAGE = "/products/tee/variant/?sku=tee-s"


@pytest.fixture
def mara(world: World, client: Client) -> Client:
    world.product()
    PriceList.objects.create(code="de", label="Germany", currency_id=PriceList.objects.get(code="default").currency_id)
    Location.objects.create(code="attic", label="Attic")
    client.force_login(world.people["mara"])
    return client


def form(client: Client) -> dict[str, str]:
    """What a browser would send if nothing were typed."""
    page = client.get(PAGE).content.decode()
    page = page[page.index('id="offers"') :]
    found = {}
    for box in re.findall(r"<input [^>]*>", page):
        attributes = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', box)}
        if "name" in attributes and "disabled" not in box:
            found[attributes["name"]] = attributes.get("value", "")
    return found


def test_a_price_of_another_list_and_a_sale_are_written_and_read_on_the_clock_chosen(mara: Client) -> None:
    given = form(mara) | {
        "offers.de.price": "24,50",
        "offers.de.sale_price": "19.90",
        "offers.de.sale_from": "2026-12-01T00:00",
        "offers.de.sale_to": "2026-12-24T18:30",
        "zone": "Europe/Berlin",
    }
    assert mara.post(PAGE, given).status_code == 302
    offer = Offer.objects.get(variant__sku="tee-s", price_list__code="de")
    assert (offer.price, offer.sale_price) == (Decimal("24.50"), Decimal("19.90"))
    assert offer.sale_from == dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC)
    shown = form(mara)
    assert shown["offers.de.sale_to"] == "2026-12-24T18:30"
    version = Offer.objects.get(pk=offer.pk).version
    mara.post(PAGE, shown | {"zone": "America/New_York"})  # another clock alone changes nothing
    assert Offer.objects.get(pk=offer.pk).version == version
    page = mara.get("/products/tee/").content.decode()
    assert "de 24.50" in page
    assert 'value="19.90"' in page  # the price of the list that the table is about


def test_stock_of_each_place(mara: Client) -> None:
    mara.post(PAGE, form(mara) | {"stock.attic.available": "7"})
    levels = StockLevel.objects.filter(variant__sku="tee-s")
    assert dict(levels.values_list("location__code", "available")) == {"main": 5, "attic": 7}


def test_what_is_wrong_stays_beside_what_was_typed(mara: Client) -> None:
    answer = mara.post(
        PAGE, form(mara) | {"offers.de.price": "cheap", "stock.attic.available": "", "offers.default.price": "9"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“cheap” is not an amount" in unescape(page)
    assert 'value="cheap"' in page
    assert "is no number of units" not in page  # nothing was there, and nothing was typed
    assert Offer.objects.get(variant__sku="tee-s").price == Decimal("19.90")


def test_what_somebody_wrote_meanwhile_is_not_lost(mara: Client, world: World) -> None:
    given = form(mara)
    Offer.objects.filter(variant__sku="tee-s").update(price=Decimal("21"))
    answer = mara.post(PAGE, given | {"offers.default.price": "20.90"})
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile" in answer.content.decode()
    assert Offer.objects.get(variant__sku="tee-s").price == Decimal("21")


def test_a_price_that_looks_wrong_waits_for_a_second_person(mara: Client) -> None:
    mara.post(PAGE, form(mara) | {"offers.default.price": "0"})
    assert Offer.objects.get(variant__sku="tee-s").price == Decimal("19.90")
    assert HeldPrice.objects.get(confirmed__isnull=True).amount == 0


def test_reviewers_read_them_only(mara: Client, world: World, client: Client) -> None:
    client.force_login(world.people["rafael"])
    page = client.get(PAGE).content.decode()
    assert "Save prices and stock" not in page
    assert client.post(PAGE, {"do": "offers", "offers.default.price": "1"}).status_code == 403
