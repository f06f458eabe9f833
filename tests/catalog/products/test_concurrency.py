"""Writers at once, on a database that lets them: no update is lost, none overtakes another unseen."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections

from catalog.change_sets import acting
from catalog.models import Attribute, Family, FamilyAttribute, JournalEntry, Product, Variant
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.write import WriteResult, write_product
from tests.world import World, build_world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
]
KEYS = [f"custom_label_{n}" for n in range(5)]


@pytest.fixture
def shop(transactional_db: None) -> World:
    return build_world()


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    """Run all of it at the same moment, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(work))

    def enter(each: Callable[[], Any]) -> Any:
        gate.wait(20)
        try:
            return each()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(60) for future in [pool.submit(enter, each) for each in work]]


def write(world: World, **change: Any) -> WriteResult:
    close_old_connections()
    with acting(user=world.people["mara"], source="api"):
        return write_product(ProductChange(**({"code": "tee"} | change)))


def test_writers_of_different_values_all_win(shop: World) -> None:
    shop.product()
    for turn in range(5):
        seen = f"{turn - 1}" if turn else None
        results = at_once([partial(write, shop, values={k: f"{turn}"}, base={k: seen}) for k in KEYS])
        assert [r.status for r in results] == ["updated"] * len(KEYS)
        values = Product.objects.get(code="tee").values
        assert {k: values[k] for k in KEYS} == dict.fromkeys(KEYS, f"{turn}")


def test_of_two_writers_of_one_value_the_second_hears_both(shop: World) -> None:
    shop.product()
    seen = "Acme"
    for turn in range(8):
        wanted = [f"{turn}-{n}" for n in range(4)]
        results = at_once([partial(write, shop, values={"brand": w}, base={"brand": seen}) for w in wanted])
        assert Counter(r.status for r in results) == {"updated": 1, "rejected": 3}
        now = Product.objects.get(code="tee").values["brand"]
        for result, mine in zip(results, wanted, strict=True):
            if result.status == "rejected":
                (error,) = result.errors
                assert (error.code, error.value, error.current) == ("conflict", mine, now)
        seen = now


def test_any_mix_of_writers_leaves_a_journal_that_leads_to_what_is_there(shop: World) -> None:
    """Replayed in order, the journal gives the present values: nothing was written unseen or twice."""
    shop.product()
    dice = random.Random(7)

    def busy(seed: int) -> None:
        own = random.Random(seed)
        for _ in range(15):
            key = own.choice([*KEYS, "brand"])
            write(shop, values={key: str(own.randrange(4))} if own.random() < 0.8 else {}, reset=(own.choice(KEYS),))

    at_once([partial(busy, dice.randrange(10**6)) for _ in range(6)])
    values: dict[str, Any] = {}
    for entry in JournalEntry.objects.filter(product__code="tee", sku="").order_by("pk"):
        for key, pair in entry.changes.items():
            assert values.get(key) == pair[0] or "." in key, (key, pair)
            values[key] = pair[1]
    now = Product.objects.get(code="tee")
    assert {k: v for k, v in values.items() if k in [*KEYS, "brand"] and v is not None} == {
        k: v for k, v in now.values.items() if k in [*KEYS, "brand"]
    }
    entries = JournalEntry.objects.filter(product=now).values("change_set").distinct().count()
    assert now.version == entries


def test_a_product_or_sku_made_twice_at_once_is_there_once(shop: World) -> None:
    def make(code: str) -> WriteResult:
        return write(shop, code=code, family="default", variants=(VariantChange(sku="same-sku"),))

    results = at_once([partial(make, c) for c in ("a", "A", "b", "c")])
    assert Variant.everything.filter(sku_key="same-sku").count() == 1
    assert sum(r.status == "created" for r in results) == 1
    assert all(r.errors[0].code == "sku_taken" for r in results if r.status == "rejected")


def test_a_unique_value_is_given_once(shop: World) -> None:
    serial = Attribute.objects.create(code="serial", type="text", group=Attribute.objects.all()[0].group, unique=True)
    FamilyAttribute.objects.create(family=Family.objects.get(code="default"), attribute=serial)
    for number in range(6):
        shop.product(f"p{number}", sizes=("s",))
    for turn in range(4):
        results = at_once([partial(write, shop, code=f"p{n}", values={"serial": f"S{turn}"}) for n in range(6)])
        assert Counter(r.status for r in results) == {"updated": 1, "rejected": 5}
        assert {e.code for r in results for e in r.errors} == {"not_unique"}


def test_numbers_of_a_pattern_are_given_once(shop: World) -> None:
    Family.objects.filter(code="default").update(code_pattern="n-{number:4}", sku_pattern="{code}")
    results = at_once(
        [lambda: write(shop, code="", family="default", variants=(VariantChange(sku=""),)) for _ in range(8)]
    )
    assert sorted(r.code for r in results) == [f"n-{n:04}" for n in range(1, 9)]
    assert connection.vendor == "postgresql"
