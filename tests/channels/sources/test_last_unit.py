"""The last unit, wanted by everybody in the same moment, by real threads on a database that lets them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from catalog import events
from catalog.access import tokens
from catalog.models import ExternalSystem, JournalEntry, StockLevel
from channels.models import Channel, Listing
from channels.publishing.dispatch import dispatch
from channels.publishing.shelf import put_right
from channels.reconcile import look as looking
from channels.sandbox import shoppers
from channels.sandbox.erp.books import history
from tests.catalog.products.test_concurrency import at_once
from tests.channels.publishing import test_amazon as goods
from tests.channels.publishing.shop import Shop
from tests.channels.sources.test_hundred_orders import Day, written
from tests.channels.webhooks.receiver import Receiver, listening

pytestmark = [
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
    pytest.mark.timeout(300),
]
SKU = "tee-s"
SHOPS = ("shopify", "amazon")
ROUNDS = 4


@pytest.fixture
def shelf(shop: Shop) -> Shop:
    """One shirt, sold in two shops; the ERP has one unit of it."""
    Channel.objects.filter(code__in=SHOPS).update(publishes_on_approval=True, policy={"stock_settles_minutes": 0})
    shop.sandbox.control("settings", channel="amazon", visible_after=0)
    ExternalSystem.objects.create(code="erp", label="ERP")
    goods.live(shop)
    return shop


@pytest.fixture
def nobody() -> Iterator[Receiver]:
    with listening() as between:
        yield between


def client(shop: Shop) -> Client:
    user = shop.user("admin")
    _, text = tokens.create(user=user, name="erp", scopes_wanted=["write"], system="erp", rate=100_000)
    return Client(headers={"authorization": f"Bearer {text}"})


def tell(api: Client, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One call of the ERP; the result of each line."""
    close_old_connections()
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    answer = api.patch("/api/v1/stock/", body, content_type="application/x-ndjson")
    assert answer.status_code == 200, answer.content
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]


def line(number: int, units: int) -> dict[str, Any]:
    return {"sku": SKU, "location": "main", "available": units, "sequence": number}


def test_of_calls_at_once_the_newest_figure_holds(shelf: Shop) -> None:
    """Six callers send the same forty figures, each in an order of its own and in several calls."""
    api, dice = client(shelf), random.Random(5)
    for turn in range(ROUNDS):
        figures = [line(turn * 100 + n, 40 - n) for n in range(1, 41)]

        def send(seed: float, figures: list[dict[str, Any]] = figures) -> None:
            mine = random.Random(seed).sample(figures, k=len(figures))
            for start in range(0, len(mine), 4):
                tell(api, mine[start : start + 4])

        before = JournalEntry.objects.count()
        at_once([partial(send, dice.random()) for _ in range(6)])
        assert StockLevel.objects.get(variant__sku=SKU).available == 0
        # What was written led from one figure to a newer one, each seen by the next: none was lost, none came back.
        pairs = [e.changes["stock.main.available"] for e in JournalEntry.objects.order_by("pk")[before:]]
        assert all(old[1] == new[0] for old, new in zip(pairs, pairs[1:], strict=False)), pairs
        figures_of = [new for _, new in pairs]
        assert figures_of == sorted(figures_of, reverse=True), figures_of
        tell(api, [line(turn * 100 + 99, 40)])


@pytest.mark.long
def test_the_last_unit_is_sold_in_two_shops_while_the_erp_speaks(shelf: Shop, nobody: Receiver) -> None:
    """Both shops sell it at once, both tell the ERP, whose old and new figures come at once, while workers work."""
    assert connection.vendor == "postgresql"
    day = Day(shelf, nobody, "last")
    api, store = client(shelf), day.store
    for turn in range(ROUNDS):
        day.post("items", sku=SKU, price="19.90", available=1)
        tell(api, updates(shelf))
        settle(shelf)
        assert {name: shoppers.on_shelf(store, name, SKU) for name in SHOPS} == dict.fromkeys(SHOPS, 1)
        stale = [x for x in told(shelf) if x["available"] >= 1]

        def buy(name: str, turn: int = turn) -> None:
            effects = shoppers.move(store, name, SKU, -1)
            assert effects is not None
            bought = {"id": f"{name}-{turn}", "order": f"{name}-{turn}", "kind": "placed"}
            day.post("orders", **bought, lines=[{"sku": SKU, "quantity": 1}])
            if lines := updates(shelf):  # the other may have taken them along
                tell(api, lines)

        def late(lines: list[dict[str, Any]] = stale) -> None:
            for _ in range(4):
                tell(api, lines)

        at_once([partial(buy, "shopify"), partial(buy, "amazon"), late, late, worker, worker])
        tell(api, told(shelf))
        settle(shelf)
        # One of the two has it, the other order is short; nobody else can buy.
        booked = [store.get("erp_order", f"{name}-{turn}") for name in SHOPS]
        assert sorted(sum(o["allocated"].values()) for o in booked if o) == [0, 1]
        assert StockLevel.objects.get(variant__sku=SKU).available == 0
        assert {name: shoppers.on_shelf(store, name, SKU) for name in SHOPS} == dict.fromkeys(SHOPS, 0)
    in_order(day, history(store, SKU))
    assert set(Listing.objects.values_list("state", flat=True)) == {"live"}


def updates(shelf: Shop) -> list[dict[str, Any]]:
    """What the ERP tells next, doubled and shuffled."""
    answer = shelf.sandbox.call("GET", "/erp/stock.ndjson?all=1")
    return [json.loads(x) for x in answer.body.splitlines()]


def told(shelf: Shop) -> list[dict[str, Any]]:
    found = shelf.sandbox.running.sandbox.store.all("erp_update")
    return [update["line"] for update in found if update["kind"] == "stock"]


def worker() -> None:
    close_old_connections()
    for _ in range(4):
        events.derive()
        dispatch(seconds=2)


def settle(shelf: Shop) -> None:
    shelf.settle(seconds=60)
    for name in SHOPS:
        looking.look_soon(shelf.channel(name))
    looking.look(seconds=20)
    put_right()
    shelf.settle(seconds=60)


def in_order(day: Day, said: Any) -> None:
    """Each figure that a shop was sent was one of the ERP's, and none came after a newer one."""
    at: dict[str, int] = {}
    for channel, sku, units in written(day):
        if sku != SKU:
            continue
        later = [n for n, figure in enumerate(said) if n >= at.get(channel, 0) and figure == units]
        assert later or channel not in at, f"{channel} was sent {units}, which the ERP did not say after {said}"
        if later:
            at[channel] = later[0]
