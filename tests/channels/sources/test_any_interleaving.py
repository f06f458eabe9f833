"""Whatever comes in whatever order, while workers die at any statement: hub and shops end at the newest figure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from catalog import events
from catalog.change_sets import acting
from catalog.intake.messages import Message
from catalog.intake.take import take
from catalog.models import ChangeSet, Offer, StockLevel
from catalog.products.changes import OfferChange
from catalog.products.reference import load_reference
from channels.models import Channel, Placement
from channels.publishing.dispatch import dispatch
from channels.sandbox.shoppers import on_shelf
from tests.channels.publishing.shop import Shop

SKUS = ("tee-s", "tee-m")
SOURCES = ("erp", "wms", "pos")
PHASES = (Phase.explicit, Phase.generate)  # to make a failing day smaller would take longer than to read it
BEGIN = timezone.now() - dt.timedelta(hours=2)


class Killed(BaseException):
    """The process is gone: nothing of it catches this."""


@contextmanager
def dying_after(statements: int | None) -> Iterator[None]:
    """Die before the statement of that number; None: live on."""
    left = statements

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left is not None:
            left -= 1
            if left == 0:
                raise Killed
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(run):
            yield
    except Killed:
        event("killed")
    assert not connection.in_atomic_block


@dataclass
class World:
    shop: Shop
    ticks: Iterator[int] = field(default_factory=lambda: count(1))
    newest: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)

    def say(self, source: str, sku: str, kind: str, amount: int) -> tuple[str, Message]:
        """A source speaks; what stands in the end is worked out here without the code under test."""
        tick = next(self.ticks)
        at = BEGIN + dt.timedelta(seconds=tick // 2)  # two may speak in the same moment
        figure: Any = amount if kind == "stock" else Decimal(2000 + amount) / 100
        rank = (at, source, tick)
        if (sku, kind) not in self.newest or rank > self.newest[sku, kind][0]:
            self.newest[sku, kind] = rank, figure
        order: dict[str, Any] = {"sequence": tick, "at": at, "line": {"sku": sku}}
        if kind == "stock":
            return source, Message(sku, "main", available=figure, **order)
        return source, Message(sku, "default", offer=OfferChange(price=figure), **order)

    def come(self, sent: list[tuple[str, Message]]) -> None:
        for source, message in sent:
            with acting(source=ChangeSet.Source.API, system=source):
                take([message], load_reference())

    def restart(self) -> None:
        """Time passes: leases of the dead end, and what waits for its next try is tried."""
        Placement.objects.exclude(lease_token="").update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        self.shop.hurry()

    def check(self) -> None:
        said = {place: figure for place, (_, figure) in self.newest.items()}
        held: dict[tuple[str, str], Any] = {
            (level.variant.sku, "stock"): level.available for level in StockLevel.objects.select_related("variant")
        }
        held |= {(offer.variant.sku, "price"): offer.price for offer in Offer.objects.select_related("variant")}
        assert {place: held[place] for place in said} == said
        store = self.shop.sandbox.running.sandbox.store
        shelf: dict[tuple[str, str], Any] = {(sku, "stock"): on_shelf(store, "shopify", sku) for sku in SKUS}
        variants = {v["_item"]: Decimal(v["price"]) for v in store.all("variant")}
        shelf |= {(item["sku"], "price"): variants[item["id"]] for item in store.all("item")}
        assert {place: shelf[place] for place in said} == said


@pytest.fixture
def world(shop: Shop) -> World:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    shop.live(sizes=("s", "m"), price="20.00")
    shop.settle()
    return World(shop)


said = st.tuples(
    st.just("say"),
    st.sampled_from(SOURCES),
    st.sampled_from(SKUS),
    st.sampled_from(("stock", "price")),
    st.integers(0, 60),
)
deaths = st.none() | st.integers(1, 60)
worked = st.tuples(st.sampled_from(("come", "again", "derive", "dispatch", "restart")), st.integers(0, 30), deaths)
days = st.lists(said | said | worked, min_size=3, max_size=25)


def live(world: World, day: list[Any], chance: random.Random) -> None:
    """1 the day as drawn, with lost and repeated work · 2 what never came comes, in any order · 3 all is settled."""
    waiting: list[tuple[str, Message]] = []
    came: list[tuple[str, Message]] = []
    for what, *how in day:
        if what == "say":
            waiting.append(world.say(*how))
            continue
        number, death = how
        with dying_after(death):
            if what == "come" and waiting:
                sent = waiting.pop(number % len(waiting))
                came.append(sent)  # who sent it had no answer, and sends it again in the end
                world.come([sent])
            elif what == "again" and came:
                world.come([came[number % len(came)]])
            elif what == "derive":
                events.derive()
            elif what == "dispatch":
                dispatch(seconds=2)
            elif what == "restart":
                world.restart()
    rest = waiting + came
    chance.shuffle(rest)
    world.come(rest)
    world.restart()
    for _ in range(20):
        world.shop.settle(seconds=40)
        if not Placement.objects.filter(due_at__isnull=False, channel__code="shopify").exists():
            break
        world.restart()
    world.check()


def lived(world: World, **more: Any) -> None:
    """So many days as drawn, one after the other in the same world."""

    @settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=PHASES, **more)
    # All is drawn before a day begins: Hypothesis may break off where something is drawn, and what had been said by
    # then would never come.
    @given(days, st.integers(0, 2**32))
    def any_day(day: list[Any], seed: int) -> None:
        live(world, day, random.Random(seed))

    any_day()


@pytest.mark.timeout(300)
def test_hub_and_shop_converge_to_the_newest_figure(world: World) -> None:
    lived(world, max_examples=12, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_hub_and_shop_converge_on_many_more_days(world: World) -> None:
    lived(world, max_examples=250)
