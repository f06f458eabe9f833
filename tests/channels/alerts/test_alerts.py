"""Alerts: the right person is told once, at the right time, and a second one when nobody answers."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from catalog import events
from catalog.models import Delivery, DomainEvent, EventCursor, ExternalSystem, ImportRun, Source
from channels.alerts import tell, watch
from channels.alerts.probes import Probe, Reading, probes
from channels.demo.shop import ensure_channels
from channels.models import Alert, AlertRule, Channel, InboundTally, Listing, Placement, Reconciliation, Subscription
from governance.models import AuditEntry
from tests.test_reach import limited
from tests.world import World, build_world

BEGUN = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)


class Gauge:
    """Something to watch that shows what it is told to."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def __call__(self) -> Iterator[Reading]:
        for subject, value in self.values.items():
            yield Reading(subject, subject, value, f"{subject} is at {value:g}.", "/channels/")


@pytest.fixture
def world(db: None) -> Iterator[World]:
    found = build_world()
    for name, person in found.people.items():
        person.email = f"{name}@shop.example"
        person.save()
    with override_settings(PIMHUB_MAIL="smtp://mail.example", PIMHUB_PUBLIC_URL="https://pim.example"):
        yield found


@pytest.fixture
def gauge(monkeypatch: pytest.MonkeyPatch) -> Gauge:
    """The only probe there is."""
    found = Gauge()
    monkeypatch.setattr(probes, "_items", {"gauge": Probe("The gauge", "degrees", 10, found)})
    return found


def rule(world: World, **fields: Any) -> AlertRule:
    given = {"owner": world.people["chiara"], "second": world.people["ada"], "hold_minutes": 2, "escalate_minutes": 30}
    AlertRule.objects.filter(pk=watch.rule_of("gauge").pk).update(**{**given, **fields})
    return watch.rule_of("gauge")


def minutes(clock: Any, count: float) -> None:
    """Time goes by, and everything is looked at each half minute."""
    for _ in range(int(count * 2)):
        clock.shift(dt.timedelta(seconds=30))
        watch.watch()
        tell.tell()


def sent() -> list[tuple[str, str]]:
    return [(m.to[0].split("@")[0], str(m.subject)) for m in mail.outbox]


def test_the_owner_is_told_once_the_second_when_nobody_answers_and_both_when_it_is_over(
    world: World, gauge: Gauge
) -> None:
    rule(world)
    with time_machine.travel(BEGUN, tick=False) as clock:
        gauge.values = {"all": 20}
        minutes(clock, 1.5)
        assert sent() == []
        minutes(clock, 20)
        assert sent() == [("chiara", "PIMHub: all is at 20.")]
        assert "https://pim.example/alerts/" in str(mail.outbox[0].body)
        minutes(clock, 60)
        assert sent()[1:] == [("ada", "PIMHub, nobody answered: all is at 20.")]
        gauge.values = {"all": 10}  # not above
        minutes(clock, 5)
        assert {who for who, words in sent()[2:] if "over" in words} == {"chiara", "ada"}
        assert len(sent()) == 4
    events.derive()
    kinds = list(
        DomainEvent.objects.filter(type__startswith="alert.").order_by("number").values_list("type", flat=True)
    )
    assert kinds == ["alert.raised", "alert.escalated", "alert.over"]
    assert Alert.objects.get().state == "over"


def test_who_sees_to_it_keeps_it_from_the_second(world: World, gauge: Gauge, client: Client) -> None:
    rule(world)
    with time_machine.travel(BEGUN, tick=False) as clock:
        client.force_login(world.people["chiara"])
        gauge.values = {"all": 20}
        minutes(clock, 5)
        assert "all is at 20." in client.get("/alerts/").content.decode()
        alert = Alert.objects.get()
        client.post("/alerts/", {"alert": alert.pk})
        minutes(clock, 120)
    assert sent() == [("chiara", "PIMHub: all is at 20.")]
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", world.people["chiara"])
    assert AuditEntry.objects.filter(kind="alert.acknowledged", about=f"alert:{alert.pk}").count() == 1


def test_flapping_is_one_alert_and_one_mail(world: World, gauge: Gauge) -> None:
    rule(world)
    chance = random.Random(3)
    with time_machine.travel(BEGUN, tick=False) as clock:
        for _ in range(120):  # two hours, up and down each half minute
            gauge.values = {"all": chance.choice((20.0, 5.0))}
            minutes(clock, 0.5)
        gauge.values = {"all": 20}
        minutes(clock, 3)
        for _ in range(3):  # over for a while, and back within the hour
            gauge.values = {"all": 5}
            minutes(clock, 5)
            gauge.values = {"all": 20}
            minutes(clock, 5)
    assert Alert.objects.count() == 1
    assert Alert.objects.get().returns >= 3
    raised = [words for _, words in sent() if words.startswith("PIMHub: all")]
    assert len(raised) == 1


def test_what_passes_before_anybody_is_told_leaves_nothing(world: World, gauge: Gauge) -> None:
    rule(world)
    with time_machine.travel(BEGUN, tick=False) as clock:
        gauge.values = {"all": 20}
        minutes(clock, 1)
        gauge.values = {}
        minutes(clock, 1)
    assert not Alert.objects.exists()
    assert sent() == []


def test_each_subject_stands_for_itself_and_a_rule_can_be_off(world: World, gauge: Gauge) -> None:
    held = rule(world, hold_minutes=0)
    gauge.values = {"one": 20, "two": 30, "three": 10}
    watch.watch()
    assert set(Alert.objects.values_list("subject", "state")) == {("one", "open"), ("two", "open")}
    AlertRule.objects.filter(pk=held.pk).update(enabled=False)
    watch.watch()
    assert set(Alert.objects.values_list("state", flat=True)) == {"over"}


def test_a_probe_that_fails_holds_up_no_other(world: World, gauge: Gauge, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Reading]:
        raise RuntimeError("no such table")
        yield

    rule(world, hold_minutes=0)
    monkeypatch.setitem(probes._items, "broken", Probe("Broken", "", 0, broken))
    gauge.values = {"all": 20}
    watch.watch()
    assert Alert.objects.get().rule.probe == "gauge"


def test_without_an_owner_those_are_told_who_look_after_rules(world: World, gauge: Gauge) -> None:
    rule(world, owner=None, second=None, hold_minutes=0)
    gauge.values = {"all": 20}
    watch.watch()
    tell.tell()
    tell.tell()
    assert sent() == [("ada", "PIMHub: all is at 20.")]


def wrong() -> dict[str, list[str]]:
    """What each probe finds above its own threshold."""
    known = {name: probes.get(name) for name in probes.names()}
    return {name: [r.words for r in p.measure() if r.value > p.threshold] for name, p in known.items()}


def test_every_probe_finds_what_it_is_for(world: World) -> None:
    ensure_channels()
    shopify, amazon, google = (Channel.objects.get(code=code) for code in ("shopify", "amazon", "google"))
    now = timezone.now()
    long_ago = now - dt.timedelta(hours=2)
    assert not [
        r for name in probes.names() for r in probes.get(name).measure() if r.value > probes.get(name).threshold
    ]
    product = world.product()
    Channel.objects.filter(pk=amazon.pk).update(paused=True, pause_reason="The app was removed.")
    Subscription.objects.create(
        name="ERP", url="https://x.example/", user=world.people["ada"], key="k", failing_since=long_ago, attempts=9
    )
    place = Placement.objects.create(channel=shopify, product=product)
    Listing.objects.create(placement=place, sku="", state="rejected")
    Listing.objects.create(placement=place, sku="tee-s", state="live")
    place.issues.create(source="channel", code="credentials", severity="error", message="No access.")
    DomainEvent.objects.update(created_at=long_ago)
    events.number_events()
    EventCursor.objects.create(consumer="slow", number=0)
    ImportRun.objects.create(filename="a.csv", rows=10, counts={"rejected": 5}, user=world.people["mara"])
    shopify.messages.create(sender_id="1", body=b"")
    shopify.messages.update(received_at=long_ago)
    InboundTally.objects.create(channel=google, day=now.date(), refused=500)
    system, _ = ExternalSystem.objects.get_or_create(code="erp", defaults={"label": "ERP"})
    source = Source.objects.create(code="erp_stock", system=system, kind="folder", delivers="stock", last_seen=long_ago)
    Delivery.objects.create(source=source, name="a", sha256="0", size=1, counts={"updated": 9, "rejected": 1})
    Reconciliation.objects.create(
        source=source, checked=90, in_sync=60, found={"missing": 30}, state="done", finished_at=now
    )
    found = wrong()
    assert {name for name, words in found.items() if words} == set(probes.names()) - {"drift"}
    assert found["channel_paused"] == ["Nothing is sent to Amazon: The app was removed."]
    assert found["rejected_share"] == ["Shopify shop refused 1 of 2 listings."]
    assert found["import_rejects"] == ["5 of 10 rows of a.csv were rejected."]
    assert "1 products" in found["credentials"][0]
    assert found["source_silent"] == ["erp_stock has been silent for longer than the 60 minutes it promised."]
    assert found["reconciliation_gaps"] == ["30 gaps between erp_stock and PIMHub, of 90 compared."]


def test_who_answers_for_a_source_is_told_before_the_rules_owner(world: World) -> None:
    """Silent from the day it was set up, and its file is not worked on: mail and events, then a second person."""
    system, _ = ExternalSystem.objects.get_or_create(code="erp", defaults={"label": "ERP"})
    with time_machine.travel(BEGUN, tick=False) as clock:
        for probe in probes.names():
            AlertRule.objects.filter(pk=watch.rule_of(probe).pk).update(
                enabled=probe in ("source_silent", "intake_lag")
            )
        for probe in ("source_silent", "intake_lag"):
            AlertRule.objects.filter(pk=watch.rule_of(probe).pk).update(
                owner=world.people["chiara"], second=world.people["ada"], hold_minutes=1, escalate_minutes=5
            )
        source = Source.objects.create(
            code="erp_stock", system=system, kind="webhook", delivers="stock", owner=world.people["mara"]
        )
        minutes(clock, 59)
        assert sent() == []
        minutes(clock, 4)
        (first,) = sent()
        assert first[0] == "mara"
        assert "silent" in first[1]
        Delivery.objects.create(source=source, name="a", sha256="0", size=1)
        minutes(clock, 8)
        assert [who for who, _ in sent()] == ["mara", "ada", "mara"]
        assert "waits to be taken in" in sent()[-1][1]
        told = DomainEvent.objects.filter(type__startswith="alert.").order_by("pk").values_list("type", flat=True)
        assert list(told) == ["alert.raised", "alert.escalated", "alert.raised"]


def test_rules_are_changed_on_a_page_and_kept_in_the_audit(world: World, client: Client) -> None:
    client.force_login(world.people["ada"])
    assert "An import rejects rows" in client.get("/alerts/rules/").content.decode()
    path = "/alerts/rules/drift/"
    given = {"threshold": "3.5", "hold_minutes": "1", "escalate_minutes": "15", "enabled": "on"}
    chiara, ada = world.people["chiara"].pk, world.people["ada"].pk
    assert client.post(path, given | {"owner": chiara, "second": chiara}).status_code == 422
    assert client.post(path, given | {"owner": chiara, "second": ada}).status_code == 302
    held = AlertRule.objects.get(probe="drift")
    assert (held.threshold, held.owner_id, held.second_id) == (3.5, chiara, ada)
    assert AuditEntry.objects.filter(kind="alert.rule", about="alert_rule:drift").exists()
    assert client.get("/alerts/rules/no-such/").status_code == 404
    client.force_login(world.people["chiara"])
    assert client.get(path).status_code == 403


def test_who_reaches_one_channel_sees_its_alerts_only(world: World, gauge: Gauge, client: Client) -> None:
    ensure_channels()
    rule(world, hold_minutes=0)
    gauge.values = {"channel:shopify": 20, "channel:amazon": 20, "import:secret.csv": 20}
    watch.watch()
    client.force_login(limited("lena", channel=["shopify"]))
    page = client.get("/alerts/").content.decode()
    assert "channel:shopify is at 20." in page
    assert "amazon" not in page
    assert "secret.csv" not in page
    other = Alert.objects.get(subject="channel:amazon")
    assert client.post("/alerts/", {"alert": other.pk}).status_code == 404
    assert client.post("/alerts/", {"alert": "x"}).status_code == 404
