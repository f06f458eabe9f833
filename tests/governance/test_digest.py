"""The daily mail: to whom something waits, once, and nothing that is not theirs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from catalog.models import Product, User
from governance.digest import digest_for, send_digests
from tests.world import World

DAY = dt.date(2026, 11, 21)


@pytest.fixture
def waiting(world: World) -> World:
    for code in ("tee", "hat"):
        world.verb("submit", world.product(code), "mara")
    rafael = world.people["rafael"]
    User.objects.filter(username__in=["rafael", "mara"]).update(email="somebody@shop.example")
    overdue = timezone.now() - dt.timedelta(days=1)
    world.verb("assign", Product.objects.get(code="tee"), "mara", to=rafael, due_at=overdue)
    return world


@override_settings(PIMHUB_MAIL="smtp://mail.example", PIMHUB_PUBLIC_URL="https://pim.example")
def test_whoever_decides_is_written_to_once_a_day(waiting: World) -> None:
    assert send_digests(DAY) == 1  # not mara, who approves nothing, nor ada, who has no address
    (message,) = mail.outbox
    assert message.to == ["somebody@shop.example"]
    text = str(message.body)
    assert "1 review waits for you." in text
    assert "1 review is for anybody who may approve." in text
    assert "1 of them is overdue." in text
    assert text.index("Tee shirt (tee)") < text.index("Hat shirt (hat)")
    assert "https://pim.example/review/" in text
    assert send_digests(DAY) == 0
    assert send_digests(DAY + dt.timedelta(days=1)) == 1


def test_nobody_is_written_to_where_no_mail_is_set_up(waiting: World) -> None:
    assert send_digests(DAY) == 0
    assert mail.outbox == []


def test_nothing_to_decide_is_nothing_to_say(world: World) -> None:
    assert digest_for(world.people["rafael"]) == ""
