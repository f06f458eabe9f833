"""A channel that is down, throttled, or answers nonsense delays a change; it neither loses nor doubles it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from channels.models import Channel, Listing, Placement, Publication
from channels.publishing import send, work
from channels.publishing.lease import LeaseLost, claim, guard
from channels.reconcile.run import reconcile
from tests.channels.publishing.shop import Shop


def recover(shop: Shop) -> None:
    for _ in range(12):
        shop.hurry()
        shop.settle(seconds=30)
        if set(shop.states().values()) == {"live"}:
            return


@pytest.mark.parametrize("mode", ["throttle", "error500", "timeout_before", "timeout_after", "nonsense", "down"])
def test_it_recovers_by_itself(shop: Shop, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.connectors.shopify.connector.ShopifyConnector.deadline", 1.0, raising=False)
    shop.live()
    shop.sandbox.control("chaos", channel="shopify", mode=mode, count=3, delay=2)
    from catalog import events
    from channels.publishing.dispatch import dispatch

    for _ in range(12):
        events.derive()
        shop.hurry()
        dispatch(seconds=10)
        if set(shop.states().values()) == {"live"}:
            break
    assert set(shop.states().values()) == {"live"}, Placement.objects.values_list("problem", flat=True)
    state = shop.sandbox.state("shopify")
    assert (state["products"], state["variants"]) == (1, 2)
    assert reconcile(shop.channel())["in_sync"] == 3


def test_wrong_credentials_stop_the_channel_and_say_so(shop: Shop) -> None:
    channel = shop.channel()
    channel.credentials = {"access_token": "wrong"}
    channel.save()
    shop.live()
    from catalog import events
    from channels.publishing.dispatch import dispatch

    events.derive()
    dispatch(seconds=5)
    placement = Placement.objects.get(channel__code="shopify")
    assert set(shop.states().values()) == {"failed"}
    assert placement.problem
    assert Channel.objects.get(code="shopify").wait_until is not None


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("nth", range(1, 4))
@pytest.mark.parametrize("moment", ["before the call", "after the call"])
def test_a_killed_worker_neither_loses_nor_doubles(
    shop: Shop, nth: int, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies around its n-th call: before it leaves, or after it took effect unseen."""
    real = send.connections.send
    calls = 0

    def dying(channel: object, request: object, *, timeout: float) -> object:
        nonlocal calls
        calls += 1
        if calls == nth and moment == "before the call":
            raise Killed
        response = real(channel, request, timeout=timeout)  # type: ignore[arg-type]
        if calls == nth:
            raise Killed
        return response

    shop.live()
    from catalog import events
    from channels.publishing.dispatch import dispatch

    events.derive()
    monkeypatch.setattr(send.connections, "send", dying)

    def until_it_dies() -> None:
        for _ in range(5):
            shop.hurry()
            dispatch(seconds=5)

    with pytest.raises(Killed):
        until_it_dies()
    monkeypatch.setattr(send.connections, "send", real)
    Placement.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())  # time passes
    recover(shop)
    assert set(shop.states().values()) == {"live"}
    state = shop.sandbox.state("shopify")
    assert (state["products"], state["variants"], state["definitions"]) == (1, 2, 1)
    assert not Publication.objects.filter(verdict="").exists()


def test_a_worker_that_lost_its_lease_writes_nothing(shop: Shop) -> None:
    shop.live()
    from catalog import events

    events.derive()
    placement_id = Placement.objects.get(channel__code="shopify").pk
    slow = claim(placement_id)
    assert slow is not None
    assert claim(placement_id) is None
    Placement.objects.filter(pk=placement_id).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert claim(placement_id) is not None
    from django.db import transaction

    with pytest.raises(LeaseLost), transaction.atomic():
        guard(slow)


def test_a_change_during_a_turn_is_not_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product becomes due again while a worker is busy with it: it is looked at again."""
    shop.live()
    shop.settle()
    placement = Placement.objects.get(channel__code="shopify")
    Placement.objects.filter(pk=placement.pk).update(due_at=timezone.now())
    real = work._turn

    def interrupted(row: Placement) -> work.Turn:
        turn = real(row)
        Placement.objects.filter(pk=row.pk).update(due_at=timezone.now() + dt.timedelta(milliseconds=1))
        return turn

    monkeypatch.setattr(work, "_turn", interrupted)
    assert work.work(placement.pk)
    placement.refresh_from_db()
    assert placement.due_at is not None
    assert placement.lease_token == ""


def test_listings_say_accepted_until_they_are_read_back(shop: Shop) -> None:
    from catalog import events

    shop.live()
    events.derive()
    placement = Placement.objects.get(channel__code="shopify")
    assert work.work(placement.pk)
    assert set(Listing.objects.filter(placement=placement).values_list("state", flat=True)) == {"accepted"}
    shop.settle()
    assert set(shop.states().values()) == {"live"}
