"""When changes may go out: rhythms, times of day and freezes, on a clock that is given."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from channels.models import Call, Channel, Listing, Placement, Publication
from channels.publishing import policy
from tests.channels.publishing.shop import Shop

UTC = dt.UTC


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def opens(given: dict[str, Any], facet: str, wanted: str, now: str, product: str = "tee") -> dt.datetime | None:
    return policy.read(given).opens(facet, product=product, wanted=at(wanted), now=at(now))


@pytest.mark.parametrize(
    ("given", "wanted", "now", "expected"),
    [
        ({}, "2026-11-20T10:07", "2026-11-20T10:07", None),
        ({"delivery": {"content": {"every": 30}}}, "2026-11-20T10:07", "2026-11-20T10:08", "2026-11-20T10:30"),
        ({"delivery": {"content": {"every": 30}}}, "2026-11-20T10:07", "2026-11-20T10:30", None),
        ({"delivery": {"content": {"every": 30}}}, "2026-11-20T10:07", "2026-11-20T10:41", None),
        (
            {"delivery": {"content": {"at": ["06:00", "18:00"]}}},
            "2026-11-20T10:07",
            "2026-11-20T10:08",
            "2026-11-20T18:00",
        ),
        ({"delivery": {"content": {"at": ["06:00"]}}}, "2026-11-20T10:07", "2026-11-20T10:08", "2026-11-21T06:00"),
        # 06:00 in Berlin is 05:00 UTC in winter.
        (
            {"time_zone": "Europe/Berlin", "delivery": {"content": {"at": ["06:00"]}}},
            "2026-11-20T10:07",
            "2026-11-20T10:08",
            "2026-11-21T05:00",
        ),
        ({"delivery": {"offer": {"every": 30}}}, "2026-11-20T10:07", "2026-11-20T10:08", None),
    ],
)
def test_when_content_may_go_out(given: dict[str, Any], wanted: str, now: str, expected: str | None) -> None:
    assert opens(given, "content", wanted, now) == (at(expected) if expected else None)


FREEZE = {
    "time_zone": "Europe/Berlin",
    "freezes": [
        {
            "from": "2026-11-26T18:00",
            "until": "2026-11-30T08:00",
            "reason": "Black week",
            "except_facets": ["stock", "offer"],
            "except_products": ["recall-1"],
        }
    ],
}


def test_a_freeze_holds_back_all_but_what_it_names() -> None:
    now = "2026-11-27T10:00"
    assert opens(FREEZE, "content", now, now) == at("2026-11-30T07:00")
    assert opens(FREEZE, "stock", now, now) is None
    assert opens(FREEZE, "content", now, now, product="recall-1") is None
    assert opens(FREEZE, "content", now, "2026-11-30T07:00") is None
    assert opens(FREEZE, "content", now, "2026-11-26T16:59") is None


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"delivery": {"contents": {"every": 5}}}, "delivery.contents"),
        ({"delivery": {"content": {"every": 0}}}, "delivery.content"),
        ({"delivery": {"content": {"at": ["25:00"]}}}, "delivery.content"),
        ({"delivery": {"content": {"at": []}}}, "delivery.content"),
        ({"delivery": {"content": "at once"}}, "delivery.content"),
        ({"freezes": [{"from": "2026-11-27", "until": "2026-11-26"}]}, "freezes"),
        ({"freezes": [{"from": "soon", "until": "later"}]}, "freezes"),
        ({"freezes": "always"}, "freezes"),
        ({"ask": {"price_percent": -1}}, "ask.price_percent"),
        ({"ask": {"price_percent": True}}, "ask.price_percent"),
        ({"read_back_hours": "often"}, "read_back_hours"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], part: str) -> None:
    with pytest.raises(policy.BadPolicy) as caught:
        policy.read(given)
    assert caught.value.part == part


def test_content_waits_for_its_time_and_prices_do_not(shop: Shop) -> None:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    product = shop.live()
    shop.settle()
    hour = dt.datetime.now(UTC) + dt.timedelta(hours=2)
    Channel.objects.filter(code="shopify").update(policy={"delivery": {"content": {"at": [f"{hour:%H:%M}"]}}})
    before = Publication.objects.count()
    shop.product(price="20.90", **{"name@en_US": "Later name"})
    shop.approve(product)
    shop.settle()
    sent = Publication.objects.order_by("pk")[before:]
    assert [list({f for facets in p.carries.values() for f in facets}) for p in sent] == [["offer"]]
    placement = Placement.objects.get(channel__code="shopify")
    assert placement.due_at is not None
    assert abs(placement.due_at - hour) < dt.timedelta(minutes=2)
    assert "waits until" in placement.problem
    assert shop.states()["tee/"] == "queued"
    Channel.objects.filter(code="shopify").update(policy={})
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"live"}


def test_price_and_stock_overtake_content(shop: Shop) -> None:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    for code in ("tee", "cap"):
        shop.live(code)
    shop.settle()
    from catalog import events
    from channels.publishing.dispatch import due_first

    shop.approve(shop.product("cap", **{"name@en_US": "Cap two"}))
    events.derive()
    shop.product("tee", price="18.90")
    events.derive()
    first = Placement.objects.select_related("product").get(pk=due_first(shop.channel().pk)[0])
    assert first.product.code == "tee"


def test_every_call_leaves_a_row_and_lag_is_known(shop: Shop) -> None:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    shop.live()
    shop.settle()
    written = Call.objects.filter(publication__isnull=False)
    assert written.count() == Publication.objects.count()
    call = written.get(operation="productSet")
    assert (call.verdict, call.status) == ("accepted", 200)
    assert "tee-s" in call.skus
    assert Call.objects.filter(operation="read").exists()
    for listing in Listing.objects.all():
        assert listing.wanted == {}
        assert listing.lag_accepted is not None
        assert listing.lag_live is not None
        assert 0 <= listing.lag_accepted <= listing.lag_live < 60
