"""A file of any size is worked through in slices of bounded memory, and what did not change costs almost nothing."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Delivery, DomainEvent, JournalEntry, StockLevel
from catalog.sources.collect import receive
from catalog.sources.work import BATCH, advance
from tests.catalog.api.conftest import Api
from tests.catalog.sources.test_sources import source
from tests.world import World

WRITES = re.compile(
    r'(INSERT INTO|UPDATE|DELETE FROM) "catalog_(stocklevel|journalentry|domainevent|changeset|product)"'
)
SIZES = ("s", "m", "l")
LINES = 120_000


def lines(count: int) -> bytes:
    return b"".join(
        json.dumps({"sku": f"tee-{SIZES[n % 3]}", "location": "main", "available": 7, "sequence": n}).encode() + b"\n"
        for n in range(count)
    )


def peak_of_a_slice(delivery: Delivery) -> int:
    tracemalloc.start()
    try:
        advance(delivery.pk, seconds=0.03)  # shorter than a slice takes
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_slice_of_a_huge_file_takes_no_more_memory_than_one_of_a_small_one(world: World) -> None:
    world.product("tee", sizes=SIZES)
    row = source()
    body = lines(LINES)
    small = receive(row, lines(2 * BATCH), name="small")
    peak_of_a_slice(small)  # what is loaded once
    usual = peak_of_a_slice(small)
    Delivery.objects.filter(pk=small.pk).update(state="done")
    huge = receive(row, body, name="huge")
    assert len(body) > 8_000_000
    for number in range(1, 4):
        assert peak_of_a_slice(huge) < 2 * usual + 1_000_000
        huge.refresh_from_db()
        assert (huge.state, huge.line) == ("working", number * BATCH)
        assert body[: huge.cursor].count(b"\n") == number * BATCH  # where the next slice begins, whoever takes it
    # Somebody else, much later: the last slice of it, from the byte that was noted.
    begin = len(body) - len(b"".join(body.splitlines(keepends=True)[-500:]))
    Delivery.objects.filter(pk=huge.pk).update(cursor=begin, line=LINES - 500)
    assert not advance(huge.pk)
    huge.refresh_from_db()
    assert (huge.state, huge.line, huge.cursor) == ("done", LINES, len(body))
    assert StockLevel.objects.get(variant__sku="tee-l").source_sequence == LINES - 1


def test_a_source_that_sends_everything_every_minute_writes_only_that_it_spoke(world: World) -> None:
    for code in ("tee", "hat", "sock"):
        world.product(code, sizes=SIZES)
    api = Api(world).of("ada")

    def send(**more: Any) -> list[str]:
        sent = [
            {"sku": f"{code}-{size}", "location": "main", "available": 7, **more}
            for code in ("tee", "hat", "sock")
            for size in SIZES
        ]
        with CaptureQueriesContext(connection) as found:
            results = api.bulk("stock/", sent)
        assert {r["status"] for r in results} == {200}
        return [q["sql"] for q in found if WRITES.search(q["sql"])]

    assert send() != []
    before = JournalEntry.objects.count(), DomainEvent.objects.count()
    assert send() == []  # without an order of its own
    send(sequence=5)
    assert send(sequence=5) == []  # said already
    newer = send(sequence=6)  # the same figures, but newer: their order is noted, and nobody is told
    assert newer != []
    assert (JournalEntry.objects.count(), DomainEvent.objects.count()) == before
