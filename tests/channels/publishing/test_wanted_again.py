"""A product that is wanted again around its removal is there again: whatever a call may have taken away is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from catalog.products import trash
from channels import connections
from channels.models import Channel, Placement, Publication
from channels.publishing import lease
from channels.publishing.work import work
from channels.reconcile.run import reconcile
from pimhub.foundation.http import Request, Response
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import shirt, with_picture
from tests.channels.publishing.test_three_channels import NOTHING_OFF, shown

ROWS = {"shopify": 1, "google": 2, "amazon": 3}
SHOWS_AFTER = 0.4
everywhere = pytest.mark.parametrize("code", ROWS)


def on(shop: Shop, code: str) -> Product:
    """A product on one channel, which takes a moment to show what it took."""
    Channel.objects.update(publishes_on_approval=False, policy={"ask": {"removals_a_day": None}})
    Channel.objects.filter(code=code).update(publishes_on_approval=True)
    product = with_picture(shop, shirt(shop))
    shop.approve(product)
    shop.settle()
    assert shown(shop, code) == ROWS[code], Placement.objects.values_list("problem", flat=True)
    if code != "shopify":
        shop.sandbox.control("settings", channel=code, visible_after=SHOWS_AFTER)
    return product


def away(shop: Shop, product: Product) -> None:
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        trash.trash_product(product=product, force=True)
    events.derive()


def back(shop: Shop, product: Product) -> None:
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        trash.restore_product(product=Product.everything.get(pk=product.pk))
    events.derive()


def placed(code: str) -> Placement:
    return Placement.objects.get(channel__code=code)


def all_there(shop: Shop, code: str) -> None:
    shop.hurry()
    shop.settle()
    assert set(shop.states(code).values()) == {"live"}, Placement.objects.values_list("problem", flat=True)
    time.sleep(2 * SHOWS_AFTER)
    assert shown(shop, code) == ROWS[code]
    found = dict(reconcile(shop.channel(code)))
    assert (found.pop("checked"), found) == (found.pop("in_sync"), NOTHING_OFF)


@everywhere
def test_while_the_channel_still_shows_what_was_deleted(shop: Shop, code: str) -> None:
    product = on(shop, code)
    away(shop, product)
    work(placed(code).pk)
    assert Publication.objects.filter(removal=True, verdict="accepted").exists()
    assert "live" not in shop.states(code).values()  # it leaves
    back(shop, product)
    all_there(shop, code)


@everywhere
@pytest.mark.parametrize("sent", [True, False])
def test_when_its_removal_broke_off(shop: Shop, code: str, sent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a call that took effect although nobody heard of it, or after the first of several."""
    product, calls = on(shop, code), []
    away(shop, product)
    send, removals = connections.send, Publication.objects.filter(removal=True)

    def breaks_off(channel: Channel, request: Request, *, timeout: float) -> Response:
        if not removals.filter(verdict="").exists():
            return send(channel, request, timeout=timeout)  # a read, or for a token
        calls.append(request)
        if not sent and len(calls) > 1:
            return Response(0, error="connection refused", sent=False)
        answer = send(channel, request, timeout=timeout)
        return Response(0, error="timed out") if sent else answer

    with monkeypatch.context() as patched:
        patched.setattr(connections, "send", breaks_off)
        work(placed(code).pk)
    assert len(calls) == (1 if sent else 2)
    assert not placed(code).withdrawn_at
    back(shop, product)
    all_there(shop, code)


def test_what_was_in_the_trash_when_its_approval_was_told_of_goes_out_once_it_is_back(shop: Shop) -> None:
    Channel.objects.update(publishes_on_approval=False)
    Channel.objects.filter(code="shopify").update(publishes_on_approval=True)
    product = shop.live()
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        trash.trash_product(product=product, force=True)
    shop.settle()
    assert shop.states() == {}
    back(shop, product)
    shop.settle()
    assert set(shop.states().values()) == {"live"}


@pytest.mark.parametrize("begin", [away, back])
def test_what_is_said_while_a_turn_is_under_way_is_looked_at_after_it(
    shop: Shop, begin: Callable[[Shop, Product], None]
) -> None:
    """The turn that began before does not know; the way the product was then is no reason to leave it."""
    product = on(shop, "shopify")
    if begin is back:
        away(shop, product)
    turn = lease.claim(placed("shopify").pk, only_due=False)
    assert turn is not None
    begin(shop, product)
    lease.release(turn, due_at=None, seen_due=turn.due_at)
    due = placed("shopify").due_at
    assert due is not None
    assert due < timezone.now() + timedelta(seconds=1)
