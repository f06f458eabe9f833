"""Packs and bundles: put together from variants of other products, changed, taken apart, and sold from their stock."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from channels.connectors.base import Known
from channels.connectors.outcome import Verdict
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import answered, merge, names, rendered, shopify, tee, variant
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World

WRITE = "productVariantRelationshipBulkUpdate"


@pytest.fixture
def world():
    world = World()
    publish_alone(world, tee())
    yield world
    assert world.violations == []


def publish_alone(world, product):
    """Another product of the same shop, whose ids this one does not know."""
    mine = world.known
    world.known = Known(links={key: gid for key, gid in mine.links.items() if key.startswith("definition:")})
    world.publish(product)
    shared = {key: gid for key, gid in world.known.links.items() if key.startswith("definition:")}
    world.known = replace(mine, links={**mine.links, **shared})


def pack(*contents, sku="PACK", **more):
    fields = {"components": [{"sku": s, "quantity": n} for s, n in contents]}
    one = variant(sku, "", options=(), fields=fields if contents else {}, **more)
    return tee(code="PACK", variants=(one,), media=(), fields={"title": "Pack", "handle": "pack"})


def components(world, sku="PACK"):
    items = {item["id"]: item for item in world.shop.store.all("item")}
    skus = {v["id"]: items[v["_item"]]["sku"] for v in world.shop.store.all("variant")}
    [found] = [v for v in world.shop.store.all("variant") if skus[v["id"]] == sku]
    return {skus[id]: many for id, many in found["_components"].items()}, found


def test_a_bundle_is_made_like_any_product_put_together_and_then_published(world):
    calls = names(world.publish(pack(("TEE-S", "2"), ("TEE-M", "1"))))
    assert calls == ["productSet", "componentsRead", WRITE, "publishablePublish"]
    held, variant = components(world)
    assert held == {"TEE-S": 2, "TEE-M": 1}
    assert variant["requiresComponents"] is True
    assert world.shows(pack(("TEE-S", "2"), ("TEE-M", "1")))
    assert world.publish(pack(("TEE-S", "2"), ("TEE-M", "1"))) == []


def test_its_stock_is_that_of_its_components(world):
    """Shopify refuses stock of a bundle: what is counted of the pack itself is not sent."""
    product = pack(("TEE-S", "2"), stock={"main": 5})
    assert rendered(product).bodies["PACK"]["stock"] == {}
    world.publish(product)
    assert "inventorySetQuantities" not in names(world.publish(pack(("TEE-S", "2"), stock={"main": 9})))
    assert world.shows(pack(("TEE-S", "2"), stock={"main": 9}))


def test_what_it_holds_changes_in_one_call(world):
    world.publish(pack(("TEE-S", "2"), ("TEE-M", "1")))
    publish = world.publish(pack(("TEE-S", "3")))
    assert names(publish) == [WRITE]
    assert publish[0].destructive
    assert components(world)[0] == {"TEE-S": 3}
    assert world.shows(pack(("TEE-S", "3")))


def test_a_product_becomes_a_bundle_and_is_one_no_more(world):
    plain = pack(stock={"main": 5})
    world.publish(plain)
    assert WRITE in names(world.publish(pack(("TEE-S", "2"), stock={"main": 5})))
    assert world.shows(pack(("TEE-S", "2"), stock={"main": 5}))
    calls = names(world.publish(plain))
    assert calls[0] == WRITE  # before its own stock counts again
    assert "inventorySetQuantities" in calls
    assert components(world)[0] == {}
    assert components(world)[1]["requiresComponents"] is False
    assert world.shows(plain)
    assert not [key for key in world.known.links if key.startswith("bundle:")]


def test_a_component_that_is_not_there_yet_is_waited_for(world):
    product = pack(("LATER", "2"))
    wanted = rendered(product, CONNECTION)
    [*_, create] = shopify.plan(wanted, world.known, CONNECTION)
    world.known = merge(world.known, create, shopify.interpret(create, world.send(create.request)), wanted)
    ask, *others = shopify.plan(wanted, world.known, CONNECTION)
    assert (ask.name, names(others)) == ("componentsRead", ["publishablePublish"])
    outcome = shopify.interpret(ask, world.send(ask.request))
    assert outcome.verdict is Verdict.TRANSIENT  # tried again: the other product may come
    assert "no variant with the SKU LATER" in outcome.issues[0].message
    later = variant("LATER", "S")
    publish_alone(world, tee(code="LATER", variants=(later,), media=(), fields={"title": "Later", "handle": "later"}))
    world.publish(product)
    assert world.shows(product)


@pytest.mark.parametrize("heard", [True, False])
def test_a_lost_answer_is_read_and_nothing_is_sent_twice(world, heard):
    """What took effect is seen; what did not is sent again. Sent blindly, Shopify would refuse it as there already."""
    product = pack(("TEE-S", "2"))
    wanted = rendered(product, CONNECTION)
    while (call := shopify.plan(wanted, world.known, CONNECTION)[0]).name != WRITE:
        world.known = merge(world.known, call, shopify.interpret(call, world.send(call.request)), wanted)
    if heard:
        world.send(call.request)
    assert shopify.interpret(call, Response(0, error="timed out")).verdict is Verdict.UNKNOWN
    assert (shopify.interpret(call, world.send(call.request)).verdict is Verdict.STALE) == heard
    world.known = replace(world.known, links=world.known.links | call.claims)
    state = world.read(product)
    world.known = replace(world.known, accepted=state.bodies, links={**world.known.links, **state.links})
    assert WRITE not in names(world.publish(product))
    assert components(world)[0] == {"TEE-S": 2}


def test_a_lost_taking_apart_is_done_again(world):
    """Nothing is wanted of the bundle any more, so that nothing but the link remembers it."""
    world.publish(pack(("TEE-S", "2")))
    plain = pack()
    state = world.read(plain)
    accepted = {row: {f: b for f, b in held.items() if f != "components"} for row, held in state.bodies.items()}
    world.known = replace(world.known, accepted=accepted)
    assert names(world.publish(plain))[0] == WRITE
    assert components(world)[0] == {}


def test_it_is_seen_when_somebody_else_takes_it_apart(world):
    product = pack(("TEE-S", "2"))
    world.publish(product)
    _, held = components(world)
    world.shop.store.put("variant", held["id"], held | {"_components": {}}, parent=held["_product"])
    state = world.read(product)
    assert "components" not in state.bodies[""]
    assert "bundle:PACK" in state.dropped_links


def test_what_shopify_would_refuse_is_told_before(world):
    def told(*contents):
        one = variant("PACK", "", options=(), fields={"components": list(contents)})
        product = replace(pack(), variants=(one,))
        found = shopify.validate(product, rendered(product, CONNECTION), CONNECTION)
        return [(issue.field, issue.sku, issue.message) for issue in found]

    assert told({"sku": "TEE-S", "quantity": "2"}) == []
    [(field, sku, message)] = told({"sku": "TEE-S", "quantity": "1.5"})
    assert (field, sku) == ("components", "PACK")
    assert "1.5 of TEE-S" in message
    assert "by SKU" in told({"product": "TEE", "quantity": "2"})[0][2]
    assert "$contents" in told("TEE-S")[0][2]
    assert "30" in told(*({"sku": f"A{n}", "quantity": "1"} for n in range(31)))[0][2]


def test_a_shop_that_may_not_sell_bundles_is_not_taken_for_a_broken_login(world):
    wanted = rendered(pack(("TEE-S", "2")), CONNECTION)
    while (call := shopify.plan(wanted, world.known, CONNECTION)[0]).name != WRITE:
        world.known = merge(world.known, call, shopify.interpret(call, world.send(call.request)), wanted)
    denied = {"data": None, "errors": [{"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}}]}
    outcome = shopify.interpret(call, answered(denied))
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.issues[0].field == "components"
    assert json.loads(call.request.body)["variables"]["input"][0]["productVariantRelationshipsToCreate"]
