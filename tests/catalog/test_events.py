"""The event log: one fact per product and change set, numbers without gaps, cursors that miss nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from catalog import events
from catalog.models import DomainEvent, EventCursor
from tests.world import World


def test_one_event_for_each_product_of_a_change_set(world: World) -> None:
    world.product()
    world.change(values={"brand": "Bolt", "mpn": "1"})
    assert list(DomainEvent.objects.order_by("pk").values_list("type", "product_code")) == [
        ("product.created", "tee"),
        ("product.changed", "tee"),
    ]
    assert DomainEvent.objects.order_by("-pk")[0].data["keys"] == ["brand", "mpn"]


def test_numbers_have_no_gap_after_a_rollback(db: None) -> None:
    events.append(type="one")
    with transaction.atomic():
        events.append(type="lost")
        transaction.set_rollback(True)
    events.append(type="two")
    events.number_events()
    assert list(DomainEvent.objects.order_by("number").values_list("type", "number")) == [("one", 1), ("two", 2)]


def test_a_late_commit_gets_the_next_number(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, so no commit can overtake another")
    late = connection.copy()
    try:
        late.set_autocommit(False)
        with late.cursor() as cursor:
            cursor.execute(
                "INSERT INTO catalog_domainevent (type, product_code, data, created_at) VALUES ('late','','{}',now())"
            )
        events.append(type="early")
        events.number_events()
        late.commit()
        events.number_events()
    finally:
        late.close()
    assert list(DomainEvent.objects.order_by("number").values_list("type", "number")) == [("early", 1), ("late", 2)]
    assert DomainEvent.objects.get(type="late").pk < DomainEvent.objects.get(type="early").pk


def test_a_consumer_that_fails_keeps_its_place_and_can_be_replayed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    broken = True

    def consumer(batch: Sequence[DomainEvent]) -> None:
        if broken:
            raise RuntimeError("broken")
        seen.extend(e.number or 0 for e in batch)

    monkeypatch.setattr(events.consumers, "get", lambda name: consumer)
    events.append(type="one")
    events.append(type="two")
    events.number_events()
    with pytest.raises(RuntimeError, match="broken"):
        events.run_consumer("probe")
    assert not EventCursor.objects.filter(consumer="probe", number__gt=0).exists()
    broken = False
    assert (events.run_consumer("probe"), events.run_consumer("probe"), seen) == (2, 0, [1, 2])
    EventCursor.objects.filter(consumer="probe").update(number=1)
    events.run_consumer("probe")
    assert seen == [1, 2, 2]
