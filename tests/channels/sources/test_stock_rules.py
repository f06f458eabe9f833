"""What a channel shows of stock follows from its rule, and never more than there is."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.utils import timezone

from catalog import events
from catalog.models import Delivery, ExternalSystem, Heard, Product, Source
from catalog.sources.collect import receive
from channels.models import Channel, Placement, StockRule
from channels.publishing.desire import Desired, desire
from channels.rendering.stock import Rule, shown, stale_places
from channels.rendering.stock_rules import wake_flipped
from governance.models import Standing
from tests.channels.publishing.shop import Shop

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (Rule(), {"a": 4, "b": 6, "c": 0}),
        (Rule(locations=("b",)), {"b": 6}),
        (Rule(locations=("b", "a", "moon")), {"b": 6, "a": 4}),
        (Rule(buffer=5), {"a": 4, "b": 1, "c": 0}),
        (Rule(buffer=50), {"a": 0, "b": 0, "c": 0}),
        (Rule(cap=5), {"a": 4, "b": 1, "c": 0}),
        (Rule(cap=5, locations=("b", "a")), {"b": 5, "a": 0}),
        (Rule(buffer=7, cap=5), {"a": 3, "b": 0, "c": 0}),
        (Rule(when_stale="zero"), {"a": 4, "b": 0, "c": 0}),
        (Rule(when_stale="hold"), {"a": 4, "b": 6, "c": 0}),
    ],
)
def test_a_rule_shows_these_units(rule: Rule, wanted: dict[str, int]) -> None:
    assert shown({"a": 4, "b": 6, "c": -3}, rule, stale=frozenset("b")) == wanted


@pytest.mark.parametrize("seed", range(100))
def test_no_rule_ever_shows_more_than_there_is(seed: int) -> None:
    rng = random.Random(seed)
    sellable = {place: rng.randint(-5, 30) for place in "abcd"}
    rule = Rule(
        tuple(rng.sample("abcd", k=rng.randint(0, 4))), rng.randint(0, 20), rng.choice([None, 0, 3, 50]), None, "zero"
    )
    found = shown(sellable, rule, stale=frozenset(rng.sample("abcd", k=2)))
    assert all(0 <= units <= max(sellable[place], 0) for place, units in found.items())
    counted = [max(sellable[x], 0) for x in found]
    assert sum(found.values()) <= max(sum(counted) - rule.buffer, 0)
    assert rule.cap is None or sum(found.values()) <= rule.cap


def test_a_source_that_is_silent_too_long_makes_its_places_stale() -> None:
    rule = Rule(stale_after=dt.timedelta(minutes=30))
    heard = {"a": NOW - dt.timedelta(minutes=31), "b": NOW - dt.timedelta(minutes=10)}
    assert stale_places(heard, rule, NOW) == (frozenset("a"), NOW + dt.timedelta(minutes=20))
    assert stale_places(heard, Rule(locations=("b",), stale_after=rule.stale_after), NOW)[0] == frozenset()
    assert stale_places(heard, Rule(), NOW) == (frozenset(), None)


def wanted(channel: str) -> Desired:
    found = desire(Channel.objects.get(code=channel), Standing.objects.get(product__code="tee"))
    assert isinstance(found, Desired)
    return found


@pytest.mark.parametrize("places", [{}, {"location": "main"}, {"location": "moon"}])
def test_a_source_that_says_the_same_again_is_not_silent(shop: Shop, places: dict[str, str]) -> None:
    """A file with the same content is not worked through again, but its figures are as fresh as it is."""
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    source = Source.objects.create(code="s", system=system, kind="webhook", delivers="stock", constants=places)
    long_ago = timezone.now() - dt.timedelta(hours=3)
    Heard.objects.create(kind="stock", source="erp", place="main", last_at=long_ago)
    receive(source, b"{}", name="first")
    assert Heard.objects.get().last_at == long_ago  # not worked through yet
    Delivery.objects.update(state="done")
    receive(source, b"{}", name="second")
    assert (Heard.objects.get().last_at > long_ago) == (places != {"location": "moon"})


def test_a_channel_empties_its_shelf_while_the_source_is_silent(shop: Shop) -> None:
    shop.live("tee")
    events.derive()
    channel = Channel.objects.get(code="shopify")
    assert {tuple(v.stock.items()) for v in wanted("shopify").source.mapped.variants} == {(("main", 5),)}
    rule = StockRule.objects.create(channel=channel, buffer=2, stale_minutes=30, when_stale="zero")
    Heard.objects.create(kind="stock", source="erp", place="main", last_at=timezone.now())
    found = wanted("shopify")
    assert {v.stock["main"] for v in found.source.mapped.variants} == {3}
    assert found.source.recheck_at is not None  # the moment at which it would be stale
    assert wake_flipped() == 0
    Placement.objects.filter(channel=channel).update(due_at=None)
    Heard.objects.update(last_at=timezone.now() - dt.timedelta(minutes=31))
    assert wake_flipped() == 1
    assert Placement.objects.filter(channel=channel, due_at=None).count() == 0
    found = wanted("shopify")
    assert {v.stock["main"] for v in found.source.mapped.variants} == {0}
    assert [i.code for i in found.issues if i.code == "stale_stock"] == ["stale_stock"]
    rule.refresh_from_db()
    assert rule.stale == ["main"]
    Heard.objects.update(last_at=timezone.now())  # the same figures again: no event, but the source speaks
    assert (wake_flipped(), wake_flipped()) == (1, 0)
    assert {v.stock["main"] for v in wanted("shopify").source.mapped.variants} == {3}
    assert Product.objects.get().code == "tee"
