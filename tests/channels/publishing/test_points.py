"""A shop is called within its points: counted before a call leaves, corrected by every answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from channels import rates
from channels.connectors.abilities import Budget, Rate
from channels.connectors.base import Known
from channels.connectors.shopify import rates as points
from channels.models import Channel, Publication, RateBucket
from pimhub.foundation.http import Request, Response
from tests.channels.connectors.shopify.builders import CONNECTION, rendered, shopify, tee
from tests.channels.publishing.shop import Shop

RATE = Rate("points", 0.01, 2000.0, cost=12.0)  # so slow that what comes back meanwhile does not show


def channel() -> Channel:
    return Channel.objects.get(code="shopify")


def test_a_call_takes_what_it_costs(shop: Shop) -> None:
    assert rates.take(channel(), RATE) == 0.0
    assert RateBucket.objects.get().tokens == pytest.approx(1988, abs=1)
    dear = replace(RATE, cost=1990.0)
    assert rates.take(channel(), dear) == pytest.approx(200, abs=10)
    # What costs more than the bucket holds goes when it is full; else it never would.
    assert rates.take(channel(), replace(RATE, cost=5000.0)) == pytest.approx(1200, abs=10)


def test_answers_tell_the_shops_plan_and_what_is_left(shop: Shop) -> None:
    rates.take(channel(), RATE)
    rates.settle(channel(), RATE, Budget(available=19_000, maximum=20_000, per_second=1000, cost=10))
    bucket = RateBucket.objects.get()
    assert (bucket.rate, bucket.burst, bucket.tokens) == (1000.0, 20_000.0, 19_000.0)
    # Another app's calls do not count in ours, but what the answer says does.
    rates.settle(channel(), RATE, Budget(available=3, maximum=20_000, per_second=0.01, cost=10))
    assert RateBucket.objects.get().tokens == 3
    assert rates.take(channel(), RATE) > 0


def test_what_was_estimated_too_high_comes_back_and_calls_on_their_way_stay_counted(shop: Shop) -> None:
    for _ in range(3):
        rates.take(channel(), replace(RATE, cost=100.0))
    # The shop has seen one of the three, and it took 10.
    rates.settle(channel(), replace(RATE, cost=100.0), Budget(available=1990, maximum=2000, per_second=0.01, cost=10))
    assert RateBucket.objects.get().tokens == pytest.approx(1790, abs=1)


def test_the_points_of_each_call() -> None:
    [_, create] = shopify.plan(rendered(tee()), Known(), CONNECTION)
    found = points.rate(create.request)
    # 10, two variants, two pictures, one of them a variant's, and the custom id.
    assert found is not None
    assert found.cost == pytest.approx(10 + 0.4 + 3.8 + 0.6 + 0.4)
    assert points.rate(Request("POST", "https://shop.test/admin/oauth/access_token")) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"extensions":{"cost":null}}', b'{"extensions":{"cost":{"throttleStatus":{}}}}']
)
def test_an_answer_that_tells_nothing_teaches_nothing(body: bytes) -> None:
    assert points.told(Response(200, body=body)) is None


def test_a_refused_call_took_nothing() -> None:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": 4, "restoreRate": 100.0}
    body = {"extensions": {"cost": {"requestedQueryCost": 50, "actualQueryCost": None, "throttleStatus": status}}}
    assert points.told(Response(200, body=json.dumps(body).encode())) == Budget(4, 2000, 100, 0)


def test_publishing_stays_within_the_points(shop: Shop) -> None:
    """A small bucket that the shop enforces: what it tells is learnt by the first answer, and it throttles no more."""
    shop.sandbox.control("settings", channel="shopify", bucket=True, bucket_maximum=150, restore_rate=100)
    for code in ("one", "two", "three"):
        shop.live(code)
    for _ in range(30):
        shop.hurry()
        shop.settle(seconds=30)
        if set(shop.states().values()) == {"live"}:
            break
    assert set(shop.states().values()) == {"live"}
    bucket = RateBucket.objects.get(channel__code="shopify")
    assert (bucket.rate, bucket.burst) == (100.0, 150.0)
    throttled = Publication.objects.filter(placement__channel__code="shopify", verdict="throttled").count()
    assert throttled <= 1
