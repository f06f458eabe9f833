"""Less stock there than we sent is a sale until its source had the time to hear of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from catalog.change_sets import acting
from catalog.intake.messages import Message
from catalog.intake.take import take
from catalog.models import ChangeSet, Heard, Product
from catalog.products.changes import ProductChange
from catalog.products.reference import load_reference
from channels.models import Channel, Drift, Listing
from channels.publishing import drift, shelf
from channels.reconcile.run import reconcile
from channels.sandbox.shoppers import move, on_shelf
from tests.channels.publishing.shop import Shop

MINUTES = 15


@pytest.fixture
def sold(shop: Shop) -> Callable[[], int | None]:
    """Two of five tees were sold in the shop, and a comparison came upon it. What the shelf shows."""
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    shop.live(sizes=("s",))
    shop.settle()
    store = shop.sandbox.running.sandbox.store
    assert move(store, "shopify", "tee-s", -2)
    reconcile(shop.channel())
    assert Drift.objects.get().facet == "stock"
    return lambda: on_shelf(store, "shopify", "tee-s")


def speak(units: int, *, after: int) -> None:
    """The source says how many there are, so many minutes after the difference was found."""
    with acting(source=ChangeSet.Source.API, system="erp"):
        take([Message("tee-s", "main", available=units, line={})], load_reference())
    Heard.objects.update(last_at=timezone.now())
    Drift.objects.update(found_at=timezone.now() - dt.timedelta(minutes=after))


@pytest.mark.parametrize(
    ("after", "units", "shown"),
    [
        (MINUTES - 1, 5, 3),  # the order may not have reached it yet
        (MINUTES + 1, 5, 5),  # two came back, or they were never sold
        (MINUTES - 1, 3, 3),
        (0, 9, 9),  # news is sent at once
    ],
)
def test_what_the_source_says_holds_once_it_had_the_time(
    shop: Shop, sold: Callable[[], int | None], after: int, units: int, shown: int
) -> None:
    assert shelf.put_right() == 0  # no source ever spoke of it
    speak(units, after=after)
    shelf.put_right()
    shop.settle()
    assert sold() == shown


def test_whoever_is_asked_first_is_asked(shop: Shop, sold: Callable[[], int | None]) -> None:
    Channel.objects.filter(code="shopify").update(policy={"stock_settles_minutes": None})
    speak(5, after=10_000)
    assert shelf.put_right() == 0
    shop.settle()
    assert sold() == 3
    drift.keep_ours(drifts=[Drift.objects.get()], user=shop.user("channelmanager"))
    shop.settle()
    assert sold() == 5
    assert set(shop.states().values()) == {"live"}


def test_a_lost_answer_about_something_else_puts_nothing_back_on_the_shelf(
    shop: Shop, sold: Callable[[], int | None]
) -> None:
    shop.write(ProductChange(code="tee", values={"name@en_US": "Better shirt"}))
    shop.sandbox.control("chaos", channel="shopify", mode="timeout_after", count=1, delay=0)
    shop.approve(Product.objects.get())
    shop.settle(seconds=40)
    shop.hurry()
    shop.settle(seconds=40)
    (product,) = shop.sandbox.running.sandbox.store.all("product")
    assert product["title"] == "Better shirt"
    assert sold() == 3
    assert Listing.objects.get(sku="tee-s").state == "drifted"
    assert Drift.objects.filter(state="open").count() == 1
