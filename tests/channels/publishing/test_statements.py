"""How often the database is asked while a product goes out: the pace of publishing, as a worker does little else."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Channel, Placement
from channels.publishing import leased
from channels.publishing.request import publish
from channels.publishing.work import work
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import shirt, with_picture

SIZES = ("s", "m", "l")


@pytest.fixture
def approved(shop: Shop) -> Callable[[str], Placement]:
    """A product of three sizes that is due on one channel, and on no other; another went out before it."""

    def due(code: str) -> Placement:
        Channel.objects.update(publishes_on_approval=False)
        if code != "shopify":
            shop.sandbox.control("settings", channel=code, visible_after=0)
        for number, name in enumerate(("first", "second")):
            product = with_picture(shop, shirt(shop, code=name, sizes=SIZES))
            shop.approve(product)
            shop.settle()
            publish(channel=shop.channel(code), products=[product])
            if not number:
                shop.settle()
        return Placement.objects.get(channel__code=code, product=product)

    return due


@pytest.mark.parametrize(("code", "at_most"), [("shopify", 160), ("google", 190), ("amazon", 290)])
def test_a_product_of_three_sizes_goes_out(
    shop: Shop, approved: Callable[[str], Placement], code: str, at_most: int
) -> None:
    placement, until = approved(code), time.monotonic() + 30
    with CaptureQueriesContext(connection) as asked:
        while not worked_off(placement) and time.monotonic() < until:
            time.sleep(0.1)
    assert set(placement.listings.values_list("state", flat=True)) == {"live"}
    assert len(asked) <= at_most


def worked_off(placement: Placement) -> bool:
    """A turn, when it is due; whether nothing is due any more."""
    if work(placement.pk):
        placement.refresh_from_db(fields=["due_at"])
    return placement.due_at is None or placement.due_at > timezone.now() + dt.timedelta(hours=1)


def test_a_listing_is_read_once_until_somebody_forgets_it(shop: Shop, approved: Callable[[str], Placement]) -> None:
    placement = approved("shopify")
    shop.settle()
    with CaptureQueriesContext(connection) as asked:
        first, again = leased.listings(placement), leased.listings(placement)
    assert len(asked) == 1
    assert [a is b for a, b in zip(first, again, strict=True)] == [True] * 4
    placement.listings.filter(sku="").update(refused={"content": "x"}, verified_at=timezone.now())
    leased.forget(placement, "listings")
    assert leased.listings(placement)[0].refused == {"content": "x"}
