"""Whatever comes late, doubled or shuffled, from however many sources: the newest figure stands."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from decimal import Decimal
from typing import Any

import pytest

from catalog.change_sets import acting
from catalog.intake.messages import Message
from catalog.intake.order import Order, overtaken, taken
from catalog.intake.take import take
from catalog.models import ChangeSet, JournalEntry, Offer, StockLevel
from catalog.products.changes import OfferChange
from catalog.products.reference import load_reference
from tests.catalog.api.conftest import Api
from tests.world import World

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
SOURCES = ("erp", "pos", "wms")


def messages(rng: random.Random, sku: str) -> list[tuple[str, Message]]:
    """A history: each source counts its own messages and has the right time. One moment may be shared by two."""
    found = []
    numbers = dict.fromkeys(SOURCES, 0)
    for minute in range(12):
        source = rng.choice(SOURCES)
        numbers[source] += 1
        order: dict[str, Any] = {"sequence": numbers[source], "at": NOON + dt.timedelta(minutes=minute // 2)}
        if rng.random() < 0.6:
            found.append((source, Message(sku, "main", available=rng.randrange(50), **order)))
            continue
        fields: dict[str, Any] = {"price": Decimal(rng.randrange(1900, 2100)) / 100}
        fields["compare_at"] = Decimal(rng.randrange(2500, 2900)) / 100
        some = {name: fields[name] for name in rng.sample(sorted(fields), k=rng.randint(1, 2))}
        found.append((source, Message(sku, "default", offer=OfferChange(**some), **order)))
    return found


def newest(history: list[tuple[str, Message]]) -> dict[str, Any]:
    """What stands in the end, worked out without any of the code under test: by moment, then source, then number."""
    best: dict[str, tuple[Any, Any]] = {}
    for source, message in history:
        rank = (message.at, source, message.sequence)
        said = {"available": message.available} if message.offer is None else {}
        if message.offer is not None:
            said = {n: v for n in ("price", "compare_at") if isinstance(v := getattr(message.offer, n), Decimal)}
        for name, value in said.items():
            if name not in best or rank > best[name][0]:
                best[name] = rank, value
    return {name: value for name, (_, value) in best.items()}


def deliver(sent: list[tuple[str, Message]], rng: random.Random) -> None:
    """In batches as they happen to come: those of one source that follow one another, and at most three."""
    for source, run in itertools.groupby(sent, key=lambda pair: pair[0]):
        waiting = [message for _, message in run]
        while waiting:
            count = rng.randint(1, 3)
            with acting(source=ChangeSet.Source.API, system=source):
                take(waiting[:count], load_reference())
            waiting = waiting[count:]


@pytest.mark.parametrize("seed", range(12))
def test_any_interleaving_with_doubles_ends_in_the_newest_state(seed: int, world: World) -> None:
    rng = random.Random(seed)
    world.product("tee", sizes=("s",))
    history = messages(rng, "tee-s")
    sent = history + rng.choices(history, k=10)
    rng.shuffle(sent)
    deliver(sent, rng)
    offer, level = Offer.objects.get(), StockLevel.objects.get()
    found = {"price": offer.price, "compare_at": offer.compare_at, "available": level.available}
    wanted = newest(history)
    assert {name: found[name] for name in wanted} == wanted
    before = JournalEntry.objects.count(), offer.version
    deliver(history, rng)  # all of it once more
    assert (JournalEntry.objects.count(), Offer.objects.get().version) == before


@pytest.mark.parametrize("seed", range(50))
def test_marks_tell_the_newest_whatever_the_order(seed: int) -> None:
    rng = random.Random(seed)
    orders = [
        Order(source, number, NOON + dt.timedelta(seconds=10 * number + shift))
        for shift, source in enumerate(SOURCES)
        for number in range(4)
    ]
    best = max(orders, key=lambda order: (order.at, order.source))
    held: list[Any] = []
    for order in rng.sample(orders * 3, k=len(orders) * 3):
        if not overtaken(order.mark, held):
            held = taken(order.mark, held)
    assert held[0] == best.mark


def test_an_old_double_never_wins_after_another_source_wrote(world: World, erp: Api) -> None:
    """Two sources without a common clock: the last to come stands, but nothing comes twice."""
    world.product("tee", sizes=("s",))
    line = {"sku": "tee-s", "location": "main"}
    api = Api(world).of("ada")
    assert erp.bulk("stock/", [line | {"available": 7, "sequence": 10}])[0]["applied"]
    assert api.bulk("stock/", [line | {"available": 3, "sequence": 1}])[0]["applied"]
    for number in (9, 10):
        assert not erp.bulk("stock/", [line | {"available": 7, "sequence": number}])[0]["applied"]
    assert StockLevel.objects.get().available == 3


def test_without_an_order_the_last_to_come_counts_and_is_marked_so(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    line = {"sku": "tee-s", "location": "main"}
    (result,) = erp.bulk("stock/", [line | {"available": 7}])
    assert (result["applied"], result["ordered_by"]) == (True, "arrival")
    (row,) = erp.get("stock/?sku=tee-s").json()["results"]
    assert (row["ordered_by"], row["source"], row["available"]) == ("arrival", "erp", 7)
    erp.bulk("stock/", [line | {"available": 8, "sequence": 4}])
    assert erp.get("stock/?sku=tee-s").json()["results"][0]["ordered_by"] == "sequence"


def test_a_late_message_still_tells_what_no_newer_one_spoke_of(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    line = {"sku": "tee-s", "price_list": "default"}
    erp.bulk("offers/", [line | {"price": "20.50", "sequence": 2}])
    (result,) = erp.bulk("offers/", [line | {"price": "18.00", "cost": "9.00", "sequence": 1}])
    assert (result["applied"], result["overtaken"]) == (True, ["price"])
    offer = Offer.objects.get()
    assert (offer.price, offer.cost) == (Decimal("20.50"), Decimal("9.00"))


def test_the_same_figures_again_leave_no_trace_but_their_order(world: World, erp: Api) -> None:
    world.product("tee", sizes=("s",))
    line = {"sku": "tee-s", "location": "main", "available": 5}
    before = JournalEntry.objects.count()
    assert erp.bulk("stock/", [line | {"sequence": 5}])[0]["result"] == "unchanged"
    assert JournalEntry.objects.count() == before
    # Known to be newer nevertheless: what was sent before it does not come back.
    assert not erp.bulk("stock/", [line | {"available": 9, "sequence": 4}])[0]["applied"]
