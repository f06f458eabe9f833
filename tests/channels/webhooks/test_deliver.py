"""Events reach a subscriber's real server: in order, without gaps, each once, whatever went wrong on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import Category, ChangeSet, DomainEvent, Product
from channels.models import Delivery, Subscription
from channels.webhooks import deliver, notices, subscriptions
from channels.webhooks.subscriptions import Wrong
from governance.models import AuditEntry
from tests.channels.webhooks.receiver import Receiver, fits
from tests.test_reach import limited
from tests.world import World


def subscribe(world: World, receiver: Receiver, by: str = "ada", **how: object) -> tuple[Subscription, str]:
    given = {"name": "ERP", "url": f"{receiver.url}/hooks?key=1", "after": 0, **how}
    return by_ada(world, subscriptions.create, user=world.people[by], **given)


def by_ada(world: World, verb: Callable[..., Any], *given: Any, **named: Any) -> Any:
    with acting(user=world.people["ada"], source=ChangeSet.Source.PAGE):
        return verb(*given, **named)


def settle() -> None:
    events.derive()
    while deliver.deliver(seconds=20):
        pass


def hurry(row: Subscription) -> None:
    Subscription.objects.filter(pk=row.pk, retry_at__isnull=False).update(retry_at=timezone.now())


def edits(world: World, count: int, code: str = "tee") -> None:
    for number in range(count):
        world.change(code, values={"brand": f"Brand {number} {random.random()}"})


def test_events_arrive_signed_in_order_and_tell_no_value(world: World, receiver: Receiver) -> None:
    product = world.product()
    _, secret = subscribe(world, receiver)
    world.approve(product)
    world.change("tee", values={"brand": "Not approved yet"})
    settle()
    last = subscriptions.last_number()
    assert receiver.numbers == list(range(1, last + 1))
    assert all(fits(secret, got.headers, got.body) for got in receiver.taken)
    assert len({got.id for got in receiver.taken}) == last
    assert b"Not approved yet" not in b"".join(got.body for got in receiver.taken)
    live = next(got.json for got in receiver.taken if got.json["type"] == "revision.live")
    assert live["data"] | {"product": "tee", "revision": 1, "state": "draft"} == live["data"]
    assert {"type", "timestamp", "data"} == set(live)
    assert Subscription.objects.get().state == "active"
    row = Delivery.objects.latest("pk")
    assert (row.status, row.attempt, row.problem) == (204, 1, "")
    assert row.milliseconds is not None
    assert row.digest == hashlib.sha256(receiver.taken[-1].body).hexdigest()
    assert row.headers["webhook-signature"] == "[secret]"


def test_filters_choose_by_type_family_state_and_scope(world: World, receiver: Receiver) -> None:
    tee, hat = world.product(), world.product("hat")
    chosen = {
        "types": {"types": ["revision.*"]},
        "state": {"states": ["approved"]},
        "family": {"families": ["default"]},
        "scope": {"scopes": ["default"]},
    }
    rows = {name: subscribe(world, receiver, name=name, **how)[0] for name, how in chosen.items()}
    world.approve(tee)
    settle()
    got: dict[str, list[tuple[str, str]]] = {name: [] for name in chosen}
    names = {row.key: name for name, row in rows.items()}
    for each in receiver.taken:
        got[names[each.id.split("_")[1]]].append((each.json["type"], each.json["data"]["product"]))
    assert got["types"] == [("revision.live", "tee")]
    assert {code for _, code in got["state"]} == {"tee"}
    assert ("product.created", "hat") in got["family"]
    assert ("revision.live", "tee") in got["scope"]
    assert set(Subscription.objects.values_list("cursor", flat=True)) == {subscriptions.last_number()}
    assert hat.pk


def test_a_failing_receiver_gets_the_same_event_again_and_nothing_overtakes(world: World, receiver: Receiver) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    edits(world, 3)
    receiver.script = [(500, {}), (301, {"Location": "https://elsewhere.example/"}), (404, {})]
    for attempt in range(1, 4):
        settle()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.cursor, receiver.numbers) == ("failing", attempt, 0, [])
        assert row.retry_at is not None
        wait = (row.retry_at - timezone.now()).total_seconds()
        assert deliver.BACKOFF[attempt - 1] * 0.8 < wait <= deliver.BACKOFF[attempt - 1] * 1.2
        hurry(row)
    settle()
    assert receiver.numbers == [1, 2, 3, 4]
    assert len({got.id for got in receiver.tried[:4]}) == 1
    assert "redirects are not followed" in Delivery.objects.get(attempt=2).problem
    assert [d.attempt for d in Delivery.objects.filter(number=1).order_by("pk")] == [1, 2, 3, 4]


@pytest.mark.parametrize("asked", ["600", "date"])
def test_the_receiver_says_when_to_come_again(asked: str, world: World, receiver: Receiver) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    moment = timezone.now() + dt.timedelta(seconds=600)
    text = asked if asked != "date" else moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    receiver.script = [(429, {"Retry-After": text})]
    settle()
    row.refresh_from_db()
    assert row.retry_at is not None
    assert abs((row.retry_at - moment).total_seconds()) < 5
    settle()
    assert len(receiver.tried) == 1  # not a moment earlier


def test_gone_disables_at_once_with_a_mail_an_audit_entry_and_words(world: World, receiver: Receiver) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    ada = world.people["ada"]
    ada.email = "ada@shop.example"
    ada.save()
    receiver.status = 410
    settle()
    row.refresh_from_db()
    assert (row.state, row.cursor) == ("disabled", 0)
    with override_settings(PIMHUB_MAIL="smtp://mail.example", PIMHUB_PUBLIC_URL="https://pim.example"):
        notices.send_notices()
        notices.send_notices()
    (message,) = mail.outbox
    assert message.to == ["ada@shop.example"]
    assert f"https://pim.example/webhooks/{row.pk}/" in message.body
    assert AuditEntry.objects.filter(kind="webhook.disabled", about=f"webhook:{row.pk}").count() == 1
    receiver.status = 204
    settle()
    assert receiver.numbers == []
    by_ada(world, subscriptions.resume, row)
    settle()
    assert receiver.numbers == [1]


def test_three_days_of_failure_are_tried_through_and_then_it_is_disabled(world: World, receiver: Receiver) -> None:
    world.product()
    receiver.status = 503
    begun = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    with time_machine.travel(begun, tick=False) as clock:
        row, _ = subscribe(world, receiver)
        while row.disabled_at is None:
            settle()
            row.refresh_from_db()
            if row.retry_at is not None and row.disabled_at is None:
                clock.move_to(row.retry_at)
    lasted = row.disabled_at - begun
    assert dt.timedelta(days=3) <= lasted < dt.timedelta(days=3, hours=3)
    assert len(receiver.tried) > 60
    assert len({got.id for got in receiver.tried}) == 1
    assert "3 days" in row.disabled_reason


def test_a_week_away_loses_nothing_and_doubles_nothing(world: World, receiver: Receiver) -> None:
    world.product()
    begun = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    with time_machine.travel(begun, tick=False) as clock:
        row, secret = subscribe(world, receiver)
        settle()
        receiver.status = 500
        for _ in range(14):  # half a day each
            edits(world, 3)
            settle()
            hurry(row)
            clock.shift(dt.timedelta(hours=12))
        row.refresh_from_db()
        assert row.state == "disabled"
        receiver.status = 200
        by_ada(world, subscriptions.resume, row)
        edits(world, 1)
        settle()
        assert receiver.numbers == list(range(1, subscriptions.last_number() + 1))
        assert len(receiver.numbers) == 1 + 14 * 3 + 1
        assert fits(secret, receiver.taken[-1].headers, receiver.taken[-1].body)


class Killed(BaseException):
    """What `kill -9` is to code: nothing catches it."""


def test_a_worker_killed_after_the_call_repeats_it_under_the_same_id(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    edits(world, 4)
    events.derive()
    real, deaths = deliver._finish, iter([True, False, True, True, False])

    def dying(*given: object) -> None:
        if next(deaths, False):
            raise Killed
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(deliver, "_finish", dying)
    for _ in range(4):
        try:
            deliver.turn(row.pk)
        except Killed:
            assert not deliver.turn(row.pk)  # its lease still holds
            Subscription.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    settle()
    assert sorted(set(receiver.numbers)) == [1, 2, 3, 4, 5]
    assert receiver.numbers == sorted(receiver.numbers)  # a repetition never comes late
    assert len(receiver.numbers) == 8
    assert len({got.id for got in receiver.taken}) == 5
    assert Delivery.objects.filter(finished_at__isnull=True).count() == 3  # how these ended is not known


def test_a_worker_that_slept_through_its_lease_moves_no_cursor(world: World, receiver: Receiver) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    events.derive()
    row.lease_token = "old"
    Subscription.objects.filter(pk=row.pk).update(lease_token="new")
    with pytest.raises(deliver.LeaseLost):
        deliver._work(row)
    assert Subscription.objects.get().cursor == 0


def test_a_replay_tells_again_under_the_same_ids_and_can_pass_over(world: World, receiver: Receiver) -> None:
    world.product()
    row, _ = subscribe(world, receiver)
    edits(world, 3)
    settle()
    first = [got.id for got in receiver.taken]
    subscriptions.replay(row, after=2)
    settle()
    assert receiver.numbers == [1, 2, 3, 4, 3, 4]
    assert [got.id for got in receiver.taken[4:]] == first[2:]
    edits(world, 2)
    events.derive()
    subscriptions.replay(row, after=5)
    settle()
    assert receiver.numbers[6:] == [6]
    with pytest.raises(Wrong, match="from 0 to 6"):
        subscriptions.replay(row, after=7)


def test_both_secrets_sign_while_one_is_rotated(world: World, receiver: Receiver) -> None:
    world.product()
    row, old = subscribe(world, receiver)
    new = subscriptions.rotate(row, overlap=dt.timedelta(hours=1))
    settle()
    got = receiver.taken[-1]
    assert fits(old, got.headers, got.body)
    assert fits(new, got.headers, got.body)
    Subscription.objects.update(previous_until=timezone.now() - dt.timedelta(seconds=1))
    edits(world, 1)
    settle()
    got = receiver.taken[-1]
    assert not fits(old, got.headers, got.body)
    assert fits(new, got.headers, got.body)
    assert old not in Subscription.objects.get().secret_encrypted
    assert not Subscription.history.filter(url__contains="whsec_").exists()


def test_a_test_message_is_sent_once_also_while_paused(world: World, receiver: Receiver) -> None:
    row, secret = subscribe(world, receiver)
    by_ada(world, subscriptions.pause, row)
    world.product()
    made = subscriptions.ask_for_test(row)
    settle()
    (got,) = receiver.taken
    assert got.json["type"] == "webhook.test"
    assert fits(secret, got.headers, got.body)
    made.refresh_from_db()
    assert made.status == 204
    by_ada(world, subscriptions.resume, row)
    settle()
    assert [each.json["type"] for each in receiver.taken] == ["webhook.test", "product.created"]


def test_no_one_is_told_more_than_the_owner_may_see(world: World, receiver: Receiver) -> None:
    world.people["lena"] = limited("lena", category=["mine"], locale=["en_US"])
    Category.add_root(code="mine")
    world.product()
    world.product("hat")
    world.change("tee", categories=("mine",))
    subscribe(world, receiver, by="lena")
    world.change("tee", values={"name@de_DE": "Hemd"})
    world.change("tee", values={"name@de_DE": "Hemd 2", "name@en_US": "Shirt"})
    world.change("hat", values={"name@en_US": "Hat"})
    settle()
    told = [got.json["data"] for got in receiver.taken]
    assert {each["product"] for each in told} == {"tee"}
    assert told[-1]["data"]["keys"] == ["name@en_US"]
    assert b"de_DE" not in b"".join(got.body for got in receiver.taken)
    lena = world.people["lena"]
    lena.is_active = False
    lena.save()
    edits(world, 1)
    settle()
    row = Subscription.objects.get()
    assert (row.state, row.disabled_reason) == ("disabled", "Its owner may not see products any more.")


def test_what_is_no_longer_kept_is_said_instead_of_left_out(world: World, receiver: Receiver) -> None:
    world.product()
    edits(world, 3)
    events.derive()
    row, _ = subscribe(world, receiver)
    DomainEvent.objects.filter(number__lte=2).delete()
    settle()
    row.refresh_from_db()
    assert row.state == "disabled"
    assert "Events 1 to 2 are no longer kept" in row.disabled_reason
    assert receiver.tried == []


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hooks",
        "ftp://shop.example/",
        "https://user:word@shop.example/",
        "https://shop.example:8443/",
        "https://shop.example/#part",
        "https:///x",
        "shop.example",
        "https://shop.example/" + "x" * 1000,
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str, world: World) -> None:
    with pytest.raises(Wrong):
        by_ada(world, subscriptions.create, user=world.people["ada"], name="x", url=url)
    assert not Subscription.objects.exists()


def test_an_address_inside_the_house_is_never_called(world: World) -> None:
    world.product()
    for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "2130706433"):
        by_ada(world, subscriptions.create, user=world.people["ada"], name=host, url=f"https://{host}/hooks", after=0)
    settle()
    problems = list(Delivery.objects.values_list("problem", flat=True))
    assert len(problems) == 5
    assert all("not on the open internet" in text or "unknown host" in text for text in problems), problems
    assert Product.objects.count() == 1
