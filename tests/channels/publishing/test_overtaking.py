"""What is urgent goes before what is much: a price is not behind a backlog, nor other work behind publishing."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from catalog import events
from catalog.models import DomainEvent, Product
from channels import tasks
from channels.models import Channel, Placement
from channels.publishing import dispatch
from channels.publishing.request import OVERTAKES
from tests.channels.publishing.shop import Shop


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.dispatch, "apply_async", lambda **given: found.append(given))
    return found


def test_what_was_just_committed_goes_out_with_the_next_slice(shopify: Shop, rings: list[dict[str, Any]]) -> None:
    """All workers may be publishing: none is free to bring the news to the queue."""
    shopify.live()
    assert DomainEvent.objects.filter(number=None).exists()
    tasks.dispatch()
    assert set(shopify.states().values()) == {"accepted"}


def test_a_price_that_moves_waits_for_a_few_others_at_most(
    shopify: Shop, rings: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(12):
        shopify.product(f"tee{n}")
    products = list(Product.objects.order_by("pk"))
    channel, now = shopify.channel(), timezone.now()
    made = Placement.objects.bulk_create(Placement(channel=channel, product=p, due_at=now) for p in products)
    done: list[int] = []

    def worked(pk: int) -> bool:
        done.append(pk)
        Placement.objects.filter(pk=pk).update(due_at=None)
        if len(done) == 1:
            Placement.objects.filter(pk=made[-1].pk).update(priority=OVERTAKES)
        return True

    monkeypatch.setattr(dispatch, "work", worked)
    dispatch.dispatch(seconds=30)
    assert sorted(done) == sorted(p.pk for p in made)
    assert done.index(made[-1].pk) <= 4


def test_a_ring_that_nobody_takes_up_ends(shopify: Shop, rings: list[dict[str, Any]]) -> None:
    """Else a long backlog fills the queue with rings that ring again, and other work gets no turn."""
    shopify.live()
    events.derive()
    tasks.sweep()
    assert rings
    assert all(given["expires"] <= 10 for given in rings)


def test_a_price_overtakes_until_it_was_read_back(shopify: Shop) -> None:
    """Taken is not live: behind a backlog its reading would wait for all that is older."""
    shopify.live()
    shopify.settle()
    placed = Placement.objects.filter(channel__code="shopify")
    assert placed.get().priority == 0
    shopify.product(price="21.90")
    events.derive()
    dispatch.dispatch(seconds=10)
    assert "accepted" in shopify.states().values()
    assert placed.get().priority == OVERTAKES
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}
    assert placed.get().priority == 0
