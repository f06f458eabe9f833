"""A channel is widened in waves, stops by itself, and can be taken back."""

from __future__ import annotations

import pytest

from catalog.products.changes import OfferChange, ProductChange, VariantChange
from channels.models import Channel, Placement, Rollout
from channels.publishing import rollout
from tests.channels.publishing.shop import Shop

TEES: dict[str, object] = {"filter": [{"field": "brand", "op": "=", "value": "Acme"}], "text": ""}


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    """A channel that has sent nothing yet, and eight approved products."""
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    Channel.objects.filter(code="shopify").update(sends=False)
    for n in range(8):
        shop.live(f"tee{n}", sizes=("s",))
    shop.settle()
    return shop


def shown(shop: Shop) -> set[str]:
    return {key.split("/")[0] for key, state in shop.states().items() if state == "live"}


def begin(shop: Shop, **given: object) -> Rollout:
    how = {"selection": None, "canary": 1, "most_bad": 20} | given
    return rollout.start(channel=shop.channel(), user=shop.user("channelmanager"), **how)  # type: ignore[arg-type]


def ruin(shop: Shop) -> None:
    """The first product has no price, which nobody takes."""
    bare = VariantChange(sku="tee0-s", offers={"default": OfferChange(price=None)})
    shop.write(ProductChange(code="tee0", variants=(bare,)))
    shop.settle()


def step(shop: Shop) -> None:
    for pk in rollout.waiting():
        rollout.advance(pk)
    shop.settle()


def test_one_then_five_then_the_rest(shopify: Shop) -> None:
    found = rollout.preview(shopify.channel(), None)
    assert (len(found.adds), found.removes) == (8, [])
    row = begin(shopify)
    shopify.settle()
    assert shown(shopify) == {"tee0"}
    step(shopify)
    assert len(shown(shopify)) == 6
    step(shopify)
    assert len(shown(shopify)) == 8
    step(shopify)
    row.refresh_from_db()
    assert row.state == "done"
    channel = shopify.channel()
    assert (channel.selection, channel.sends) == (None, True)
    # From now on what is approved goes out by itself.
    shopify.live("tee9", sizes=("s",))
    shopify.settle()
    assert "tee9" in shown(shopify)


def test_it_does_not_go_on_before_the_wave_was_read_back(shopify: Shop) -> None:
    row = begin(shopify)
    rollout.advance(row.pk)
    row.refresh_from_db()
    assert (row.state, len(row.canary)) == ("canary", 1)


def test_it_stops_by_itself_and_can_be_taken_back(shopify: Shop) -> None:
    ruin(shopify)
    row = begin(shopify, canary=2)
    shopify.settle()
    step(shopify)
    row.refresh_from_db()
    assert row.state == "stopped"
    assert "1 of 2 products went wrong" in row.problem
    step(shopify)
    assert len(shown(shopify)) <= 1  # nothing more was sent
    with pytest.raises(rollout.CannotRoll):
        begin(shopify)
    rollout.take_back(rollout=row, user=shopify.user("channelmanager"))
    shopify.settle()
    assert shown(shopify) == set()
    assert Placement.objects.filter(channel__code="shopify", selected=True).count() == 0


def test_going_on_all_the_same(shopify: Shop) -> None:
    ruin(shopify)
    row = begin(shopify)
    shopify.settle()
    step(shopify)
    row.refresh_from_db()
    assert row.state == "stopped"
    rollout.go_on(rollout=row, user=shopify.user("channelmanager"))
    shopify.settle()
    assert len(shown(shopify)) == 5


def test_what_is_approved_meanwhile_waits_for_its_wave(shopify: Shop) -> None:
    begin(shopify)
    shopify.settle()
    shopify.live("late", sizes=("s",))
    shopify.settle()
    assert shown(shopify) == {"tee0"}
    for _ in range(3):
        step(shopify)
    assert "late" in shown(shopify)


def test_a_narrower_choice_takes_off_what_is_not_in_it(shopify: Shop) -> None:
    begin(shopify, canary=9)
    shopify.settle()
    step(shopify)
    assert len(shown(shopify)) == 8
    product = shopify.product("tee0", sizes=("s",), brand="Other")
    shopify.approve(product)
    shopify.settle()
    found = rollout.preview(shopify.channel(), TEES)
    assert (found.adds, found.removes) == ([], [product.pk])
    begin(shopify, selection=TEES)
    shopify.settle()
    assert "tee0" not in shown(shopify)
    assert shopify.states()["tee0/"] == "off"
    # An edit that nobody approved takes nothing off.
    shopify.product("tee1", sizes=("s",), brand="Other")
    shopify.settle()
    assert "tee1" in shown(shopify)
    # Nor does a product that is published by hand slip past the choice.
    from channels.publishing.request import publish

    publish(channel=shopify.channel(), products=[product])
    shopify.settle()
    assert shopify.states()["tee0/"] == "off"
