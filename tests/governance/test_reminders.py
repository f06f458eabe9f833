"""Whoever shall decide is told once that a review is due soon, and once that it is overdue: by mail and on pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from catalog.models import Product, User
from governance.models import Reminder
from governance.reminders import remind
from tests.world import World

MAILED = override_settings(PIMHUB_MAIL="smtp://mail.example", PIMHUB_PUBLIC_URL="https://pim.example")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def tee(world: World) -> Product:
    tee = world.product()
    world.verb("submit", tee, "mara")
    User.objects.filter(username="rafael").update(email="rafael@shop.example")
    return tee


def assign(world: World, tee: Product, due: Any, to: str = "rafael") -> None:
    world.verb("assign", tee, "mara", to=world.people[to], due_at=due)


@MAILED
def test_the_assignee_is_told_once_before_and_once_after(world: World, tee: Product, time_machine: Any) -> None:
    now = timezone.now()
    assign(world, tee, now + 30 * HOUR)
    assert remind() == 0
    time_machine.move_to(now + 7 * HOUR)
    assert (remind(), remind()) == (1, 0)
    time_machine.move_to(now + 31 * HOUR)
    assert (remind(), remind()) == (1, 0)
    soon, over = (str(message.body) for message in mail.outbox)
    assert "Tee shirt (tee), due" in soon
    assert "Tee shirt (tee), overdue since" in over
    assert f"https://pim.example/review/{tee.pk}/" in over
    assert [m.to for m in mail.outbox] == [["rafael@shop.example"]] * 2


@MAILED
def test_another_due_date_is_told_of_anew_and_what_is_decided_never(world: World, tee: Product) -> None:
    assign(world, tee, timezone.now() - HOUR)
    assert remind() == 1
    assign(world, tee, timezone.now() + HOUR)
    assert remind() == 1
    assert list(Reminder.objects.values_list("kind", flat=True)) == ["soon", "overdue"]
    assign(world, tee, timezone.now() + 2 * HOUR)
    world.verb("withdraw", tee, "mara")
    assert remind() == 0


def test_without_mail_the_page_says_so_until_it_is_put_away(world: World, tee: Product, client: Client) -> None:
    assign(world, tee, timezone.now() - HOUR)
    assert remind() == 1
    assert not mail.outbox
    client.force_login(world.people["rafael"])
    said = "1 review of yours is overdue."
    assert said in client.get("/products/").content.decode()
    client.post("/review/reminders/seen/")
    assert said not in client.get("/products/").content.decode()
    assign(world, tee, timezone.now() + HOUR)
    remind()
    assert "1 review of yours is due within a day." in client.get("/review/").content.decode()
    assign(world, tee, timezone.now() + HOUR, to="ada")
    assert "due within a day" not in client.get("/products/").content.decode()
