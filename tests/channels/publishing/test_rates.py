"""Calls go out no faster than a channel takes them, however many workers there are."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from channels import rates
from channels.connectors.abilities import Rate
from channels.connectors.amazon.rates import rate as rate_of
from channels.models import Channel, RateBucket
from channels.publishing.work import work
from channels.reconcile.run import reconcile
from pimhub.foundation.http import Request
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import amazon as amazon
from tests.channels.publishing.test_amazon import calls, shirt, with_picture


def channel() -> Channel:
    return Channel.objects.get(code="amazon")


def test_a_burst_is_free_but_for_a_reserve_and_then_the_rate_holds(shop: Shop) -> None:
    """Calls that come closer together than they left would find the channel's bucket empty, were ours empty too."""
    rate = Rate("puts", 20.0, 4.0)
    assert [rates.take(channel(), rate) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 0 < rates.take(channel(), rate) <= 0.05
    time.sleep(0.06)
    assert rates.take(channel(), rate) == 0.0


def test_a_restart_does_not_refill(shop: Shop) -> None:
    rate = Rate("puts", 0.1, 1.0)
    assert rates.take(channel(), rate) == 0.0
    assert rates.take(channel(), rate) > 5  # all that is known is in the row
    with pytest.raises(rates.Wait) as wait:
        rates.turn(channel(), rate)
    assert wait.value.seconds > 5


def test_answers_correct_the_rate(shop: Shop) -> None:
    rate = Rate("puts", 5.0, 10.0)
    rates.take(channel(), rate)
    rates.learn(channel(), rate, throttled=False, per_second=50.0)
    assert RateBucket.objects.get().rate == 50.0
    rates.learn(channel(), rate, throttled=True, per_second=None)
    assert rates.take(channel(), rate) > 0


def test_a_limit_that_nobody_tells_is_learnt(shop: Shop) -> None:
    rate = Rate("inserts", 40.0, 100.0, learns=True)
    rates.take(channel(), rate)
    for _ in range(3):  # calls that were under way together are refused together
        rates.learn(channel(), rate, throttled=True, per_second=None)
    bucket = RateBucket.objects.get()
    assert bucket.rate == 20.0
    assert rates.take(channel(), rate) > 10
    # Half of the time that it takes to forget: half of the full rate has come back.
    RateBucket.objects.update(rate=10.0, at=time.time() - rates.RECOVERY / 2)
    assert rates.take(channel(), rate) == 0.0
    assert 30 <= RateBucket.objects.get().rate < 31
    RateBucket.objects.update(at=time.time() - 2 * rates.RECOVERY)
    rates.take(channel(), rate)
    assert RateBucket.objects.get().rate == 40.0


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="threads cannot share a database in memory")
def test_many_workers_share_one_bucket(shop: Shop) -> None:
    rate, end = Rate("puts", 20.0, 5.0), time.monotonic() + 1.0

    def worker() -> list[float]:
        taken: list[float] = []
        try:
            held = channel()
            while time.monotonic() < end:
                pause = rates.take(held, rate)
                if pause:
                    time.sleep(min(pause, 0.05))
                else:
                    taken.append(time.monotonic())
        finally:
            connection.close()
        return taken

    rates.take(channel(), rate)
    with ThreadPoolExecutor(6) as pool:
        taken = sorted(moment for each in [pool.submit(worker) for _ in range(6)] for moment in each.result())
    # 4 that were left, and 20 a second for as long as they worked; not many fewer, even on a slow machine.
    assert 4 + 5 <= len(taken) <= 4 + 20 * (taken[-1] - taken[0]) + 2


def test_each_call_has_its_limit() -> None:
    base = "https://sellingpartnerapi-eu.amazon.com"
    item = f"{base}/listings/2021-08-01/items/S1/A%2F1?marketplaceIds=X"
    named = {
        ("PUT", item): "putListingsItem",
        ("PATCH", item): "patchListingsItem",
        ("GET", item): "getListingsItem",
        ("GET", f"{base}/listings/2021-08-01/items/S1?identifiers=a/b"): "searchListingsItems",
        ("GET", f"{base}/definitions/2020-09-01/productTypes/SHIRT"): "getDefinitionsProductType",
    }
    for (method, url), name in named.items():
        found = rate_of(Request(method, url))
        assert found is not None
        assert found.name == name
    assert rate_of(Request("POST", "https://api.amazon.com/auth/o2/token")) is None


def test_a_slow_channel_is_left_alone_until_it_takes_a_call(amazon: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Rate("puts", 0.05, 1.0)
    monkeypatch.setattr("channels.connectors.amazon.rates.rate", lambda request: slow)
    product = with_picture(amazon, shirt(amazon, sizes=("s",)))
    amazon.approve(product)
    from catalog import events

    events.derive()
    rates.take(channel(), slow)
    placement = product.placements.get(channel__code="amazon")
    assert work(placement.pk)
    placement.refresh_from_db()
    held = channel()
    assert held.wait_until is not None
    assert placement.due_at is not None
    assert placement.due_at >= held.wait_until
    assert (calls(), placement.attempts, placement.must_read) == ([], 0, False)


def test_an_account_that_enforces_its_rates_never_has_to(amazon: Shop) -> None:
    amazon.sandbox.control("settings", channel="amazon", bucket=True)
    for number in range(8):
        amazon.approve(with_picture(amazon, shirt(amazon, code=f"tee{number}", sizes=("s",))))
    amazon.settle(seconds=60)
    assert set(amazon.states("amazon").values()) == {"live"}
    statuses = {call["status"] for call in amazon.sandbox.control("calls") if call["channel"] == "amazon"}
    assert 429 not in statuses


def test_a_comparison_that_somebody_asked_for_waits_its_turn(shop: Shop) -> None:
    """The rate is used up: what is not read yet is not “unknown”."""
    shop.live()
    shop.settle()
    RateBucket.objects.filter(channel=shop.channel(), name="points").update(tokens=0.0, rate=40.0, at=time.time())
    report = reconcile(shop.channel())
    assert (report["checked"], report["in_sync"], report["unknown"]) == (3, 3, [])
