"""A channel goes back to what it had accepted at a moment, byte by byte, until somebody lets go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from django.utils import timezone

from catalog import blobs
from catalog.change_sets import acting
from catalog.models import ChangeSet
from channels.models import Channel, Hold, Listing, Pin, Placement, Publication
from channels.publishing import putback
from channels.publishing.putback import DEFAULT_FACETS, WITH_PRICES, Effect
from channels.reconcile.run import reconcile
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import shirt, with_picture


@pytest.fixture(params=["shopify", "google", "amazon"])
def code(request: pytest.FixtureRequest, shop: Shop) -> str:
    Channel.objects.update(publishes_on_approval=False)
    Channel.objects.filter(code=request.param).update(publishes_on_approval=True)
    return str(request.param)


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


def go_back(shop: Shop, at: dt.datetime, channel: str = "shopify", facets: Sequence[str] = DEFAULT_FACETS) -> list[Any]:
    lines = putback.plan(channel=shop.channel(channel), at=at, product_ids=None, facets=facets)
    putback.put_back(lines=lines, at=at, facets=facets, reason="a bad day", user=shop.user("channelmanager"))
    shop.settle()
    return lines


def accepted(channel: str, facets: Sequence[str]) -> dict[str, Any]:
    rows = Listing.objects.filter(placement__channel__code=channel).exclude(accepted={})
    return {
        f"{x.placement.product.code}/{x.sku}": {f: blobs.get(h) for f, h in x.accepted.items() if f in facets}
        for x in rows.select_related("placement__product")
    }


def test_every_channel_goes_back_to_the_very_bodies(shop: Shop, code: str) -> None:
    product = with_picture(shop, shirt(shop))
    shop.approve(product)
    shop.settle()
    assert set(shop.states(code).values()) == {"live"}, Placement.objects.values_list("problem", flat=True)
    before, at = accepted(code, WITH_PRICES), timezone.now()
    shirt(shop, price="25.00", **{"description@en_US": "<p>Ruined.</p>", "name@en_US": "Wrong name"})
    shop.approve(product)
    shop.settle()
    assert accepted(code, WITH_PRICES) != before
    (line,) = go_back(shop, at, code, WITH_PRICES)
    assert line.effect is Effect.CHANGES
    assert "content" in line.facets
    assert accepted(code, WITH_PRICES) == before
    assert set(shop.states(code).values()) == {"live"}
    assert reconcile(shop.channel(code))["drifted"] == []
    last = Publication.objects.order_by("pk").last()
    assert last is not None
    assert last.revision is not None
    assert last.revision.number == 1  # traced to the revision that was shown then


def test_what_is_approved_meanwhile_waits_until_somebody_lets_go(shopify: Shop) -> None:
    product = shopify.live()
    shopify.settle()
    at = timezone.now()
    shopify.product(**{"name@en_US": "Second"})
    shopify.approve(product)
    shopify.settle()
    go_back(shopify, at)
    shopify.product(**{"name@en_US": "Third"})
    shopify.approve(product)
    shopify.settle()
    assert accepted("shopify", ["content"])["tee/"]["content"]["title"] == "Tee shirt"
    putback.let_go(pins=Pin.objects.all(), user=shopify.user("channelmanager"))
    shopify.settle()
    assert accepted("shopify", ["content"])["tee/"]["content"]["title"] == "Third"
    assert set(shopify.states().values()) == {"live"}


def test_prices_and_stock_follow_their_owner_unless_asked_for(shopify: Shop) -> None:
    shopify.live()
    shopify.settle()
    at = timezone.now()
    shopify.product(price="21.00")
    shopify.settle()
    go_back(shopify, at)
    assert accepted("shopify", ["offer"])["tee/tee-s"]["offer"]["price"] == "21.00"
    go_back(shopify, at, facets=WITH_PRICES)
    assert accepted("shopify", ["offer"])["tee/tee-s"]["offer"]["price"] == "19.90"


def test_what_was_not_there_leaves_and_what_left_returns(shopify: Shop) -> None:
    Channel.objects.filter(code="shopify").update(policy={"ask": {"removals_a_day": 0}})
    shopify.live("tee")
    shopify.settle()
    at = timezone.now()
    shopify.live("cap")
    shopify.settle()
    lines = go_back(shopify, at)
    assert {x.placement.product.code: x.effect for x in lines} == {"tee": Effect.SAME, "cap": Effect.GOES}
    # Who put it back saw it in red: nobody is asked again.
    assert not Hold.objects.filter(state=Hold.State.OPEN).exists()
    assert shopify.states()["cap/"] == "off"
    assert shopify.states()["tee/"] == "live"
    putback.let_go(pins=Pin.objects.all(), user=shopify.user("channelmanager"))
    shopify.settle()
    assert shopify.states()["cap/"] == "live"
    assert shopify.sandbox.state("shopify")["products"] == 2


def test_what_is_archived_is_named_and_stays_off(shopify: Shop) -> None:
    product = shopify.live()
    shopify.settle()
    at = timezone.now()
    with acting(user=shopify.user("reviewer"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=product, user=shopify.user("reviewer"), comment="recalled")
    shopify.settle()
    (line,) = go_back(shopify, at)
    assert line.effect is Effect.CANNOT
    assert "archived" in line.why
    assert set(shopify.states().values()) == {"off"}


def test_a_moment_before_everything_finds_nothing(shopify: Shop) -> None:
    shopify.live()
    shopify.settle()
    long_ago = timezone.now() - dt.timedelta(days=9)
    lines = putback.plan(channel=shopify.channel(), at=long_ago, product_ids=None, facets=DEFAULT_FACETS)
    assert [x.effect for x in lines] == [Effect.GOES]
