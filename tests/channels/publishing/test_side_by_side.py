"""Many products at once to Google by one worker: bounded, within the rate, each result booked once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from catalog import events
from catalog.media.ingest import upload
from catalog.products.changes import MediaChange, ProductChange
from channels import connections
from channels.connectors.google import rates
from channels.connectors.outcome import Verdict
from channels.demo.products import PICTURES
from channels.models import Channel, Placement, Publication, RateBucket
from channels.publishing import dispatch as dispatching
from channels.publishing.dispatch import AT_ONCE, dispatch
from pimhub.foundation.http import Request, Response
from tests.channels.publishing.shop import Shop

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite is worked on one by one")
MANY = 18


class Killed(BaseException):
    pass


class Wire:
    """Counts the calls that are under way at once, and lets each take a moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fails: Callable[[int], bool] = lambda number: False) -> None:
        self.lock, self.fails = threading.Lock(), fails
        self.under_way = self.most = self.sent = 0
        self.moments: list[float] = []
        self._send = connections.http.send
        monkeypatch.setattr(connections.http, "send", self.send)

    def send(self, request: Request, **given: object) -> Response:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.moments.append(time.monotonic())
        try:
            answer = self._send(request, **given)  # type: ignore[arg-type]
            time.sleep(0.05)
        finally:
            with self.lock:
                self.under_way -= 1
                self.sent += request.method == "POST"
                number = self.sent
        if request.method == "POST" and self.fails(number):
            raise Killed
        return answer


@pytest.fixture
def google(shop: Shop) -> Shop:
    """Many approved products that only Google is to show."""
    Channel.objects.update(publishes_on_approval=False)
    Channel.objects.filter(code="google").update(publishes_on_approval=True)
    picture = upload((PICTURES / "solidus_solidus_cap_black_1.png").read_bytes())
    for number in range(MANY):
        product = shop.product(code=f"tee{number}", sizes=("s",), **{"description@en_US": "Soft."})
        shop.write(ProductChange(code=product.code, media=(MediaChange(sha256=picture.sha256),)))
        shop.approve(product)
    events.derive()
    assert Placement.objects.filter(channel__code="google", due_at__isnull=False).count() == MANY
    return shop


def offers(shop: Shop) -> list[str]:
    found = shop.sandbox.google("GET", "products", pageSize="250").json.get("products", [])
    return sorted(each["offerId"] for each in found)


def ours() -> list[str]:
    return sorted(f"tee{number}-s" for number in range(MANY))


def live(shop: Shop) -> None:
    states = {k: v for k, v in shop.states("google").items() if not k.endswith("/")}
    assert len(states) == MANY
    assert set(states.values()) == {"live"}
    assert offers(shop) == ours()


def test_they_go_at_once_and_each_is_booked_once(google: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    google.settle()
    live(google)
    assert 2 < wire.most <= AT_ONCE + 1
    booked = Counter(Publication.objects.values_list("placement__product__code", "operation", "verdict"))
    assert set(booked.values()) == {1}
    assert {verdict for _, _, verdict in booked} == {Verdict.ACCEPTED}
    assert len(booked) == MANY


def test_a_worker_that_dies_amid_them_loses_and_doubles_nothing(google: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the channel took a call and before that was booked, in several threads at once."""
    wire = Wire(monkeypatch, fails=lambda number: number % 3 == 0)
    with pytest.raises(Killed):
        dispatch(seconds=10)
    monkeypatch.undo()
    assert wire.sent >= 3
    lost = Publication.objects.filter(verdict="")
    assert lost.exists()
    Placement.objects.update(lease_until=timezone.now())
    google.hurry()
    google.settle()
    live(google)
    assert not lost.exists()
    taken = Counter(
        Publication.objects.filter(verdict=Verdict.ACCEPTED).values_list("placement__product__code", flat=True)
    )
    assert set(taken.values()) == {1}


@pytest.mark.parametrize("mode", ["timeout_after", "timeout_before", "error500"])
def test_answers_that_are_lost_are_looked_for(google: Shop, mode: str) -> None:
    google.sandbox.control("chaos", channel="google", mode=mode, count=15, rate=0.5, delay=0.05, seed=5)
    for _ in range(6):
        google.hurry()
        dispatch(seconds=10)
    google.sandbox.control("chaos", channel="google", mode="off")
    RateBucket.objects.all().delete()
    google.hurry()
    google.settle()
    live(google)


def test_together_they_keep_the_rate(google: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "PER_SECOND", 8.0)
    monkeypatch.setattr(rates, "BURST", 3.0)
    wire = Wire(monkeypatch)
    started = time.monotonic()
    while Publication.objects.filter(verdict=Verdict.ACCEPTED).count() < MANY and time.monotonic() - started < 30:
        google.hurry()
        dispatch(seconds=2)
    span = wire.moments[-1] - wire.moments[0]
    inserts, reads = Publication.objects.count(), len(wire.moments) - Publication.objects.count()
    for calls in (inserts, reads):
        assert calls <= 3 + 8 * span + 2
    assert RateBucket.objects.filter(name="productInputs.insert", tokens__gte=-1).exists()


def test_a_single_product_needs_no_threads(google: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    google.settle()
    google.product(code="tee0", sizes=("s",), price="25.00")
    events.derive()
    monkeypatch.setattr(dispatching, "ThreadPoolExecutor", None)
    google.settle()
    live(google)
