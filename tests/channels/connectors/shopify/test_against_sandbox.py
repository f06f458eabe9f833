"""The connector against a shop that applies Shopify's own schema and run-time rules to each call."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from channels.connectors.base import Known, Medium, Price
from channels.connectors.outcome import Verdict
from channels.sandbox.settings import change
from channels.sandbox.world import CLIENT_ID, CLIENT_SECRET
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import (
    BACK,
    FRONT,
    SIDE,
    merge,
    names,
    remote,
    rendered,
    shopify,
    tee,
    variant,
    with_fields,
    writes,
)
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World
from tests.channels.connectors.shopify.test_properties import products


@pytest.fixture
def world():
    world = World()
    yield world
    assert world.violations == []


def full():
    """A product that speaks of every field."""
    fields = {
        "barcode": "4006381333931",
        "weight": {"amount": "0.250", "unit": "kg"},
        "requires_shipping": True,
        "tracked": True,
        "inventory_policy": "CONTINUE",
        "taxable": False,
        "tax_code": "P000",
        "country_of_origin": "PT",
        "hs_code": "610910",
    }
    return with_fields(
        tee(variants=(variant("TEE-S", "S", fields=fields), variant("TEE-M", "M", stock={"main": 0}))),
        product_type="T-shirts",
        seo_description="Soft and organic",
        category="aa-1-13-8",
        status="DRAFT",
        gift_card=False,
    )


@pytest.mark.parametrize("product", [tee(), full(), tee(variants=(variant("TEE", "", options=()),))])
def test_what_is_published_is_what_is_shown(world, product):
    assert shopify.validate(product, rendered(product, CONNECTION), CONNECTION) == []
    assert names(world.publish(product)) == ["metafieldDefinitionCreate", "productSet", "publishablePublish"]
    assert world.shows(product)
    assert world.read(product).links == remote(world.known.links)
    assert world.publish(product) == []


def test_a_life_of_changes(world):
    product = tee()
    world.publish(product)
    uploads = world.uploads()

    dear = Price("EUR", Decimal("25"), sale_price=Decimal("18.5"))
    product = replace(product, variants=(replace(product.variants[0], price=dear), product.variants[1]))
    assert names(world.publish(product)) == ["productVariantsBulkUpdate"]
    assert world.shows(product)

    product = replace(product, variants=(replace(product.variants[0], stock={"main": 1}), product.variants[1]))
    assert names(world.publish(product)) == ["inventorySetQuantities"]
    assert world.shows(product)

    product = with_fields(product, title="Best tee", vendor=None, tags=["x"], seo_title=None)
    assert names(world.publish(product)) == ["productRead", "productSet", "tagsRemove", "tagsAdd"]
    assert world.shows(product)

    product = replace(product, media=(SIDE, replace(FRONT, alt="New text"), BACK))
    assert names(world.publish(product)) == ["productRead", "productSet"]
    assert world.shows(product)
    assert world.uploads() == uploads + 1

    product = replace(product, variants=(variant("TEE-L", "L"), product.variants[1]), media=(FRONT,))
    [call] = writes(world.publish(product))
    assert call.destructive
    assert world.shows(product)
    assert world.uploads() == uploads + 1

    product = with_fields(product, status="UNLISTED", published=False, handle="other")
    assert names(world.publish(product)) == ["productSet", "productUpdate", "publishableUnpublish"]
    assert world.shows(product)
    assert world.publish(product) == []


def test_axes_come_and_go(world):
    plain = tee(variants=(variant("TEE", "", options=()),), media=())
    sized = tee(variants=(variant("TEE", "S"), variant("TEE-M", "M")), media=())
    both = (("Size", "S"), ("Color", "Red"))
    coloured = tee(variants=(variant("TEE", "S", options=both),), media=())
    for product in (plain, sized, coloured, plain):
        world.publish(product)
        assert world.shows(product)


def test_an_edit_in_the_shop_is_seen_and_put_right(world):
    world.publish(tee())
    elsewhere = Known(links=world.known.links, accepted=world.known.accepted, number=99)
    edited = with_fields(tee(variants=(variant("TEE-S", "S", stock={"main": 50}), variant("TEE-M", "M"))), title="X")
    for call in shopify.plan(rendered(edited, CONNECTION), elsewhere, CONNECTION):
        assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.ACCEPTED
    assert not world.shows(tee())

    # Not knowing of the edit, setting stock against the old quantity is refused.
    sold = tee(variants=(variant("TEE-S", "S", stock={"main": 3}), variant("TEE-M", "M")))
    [call] = shopify.plan(rendered(sold, CONNECTION), world.known, CONNECTION)
    assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.STALE

    state = world.read(sold)
    links = {**world.known.links, **state.links}
    world.known = Known(links=links, accepted=state.bodies, number=world.known.number + 1)
    assert names(world.publish(sold)) == ["productSet", "inventorySetQuantities"]
    assert world.shows(sold)


def test_an_answer_that_got_lost_is_found_by_reading(world):
    wanted = rendered(tee(), CONNECTION)
    define, create = shopify.plan(wanted, world.known, CONNECTION)
    world.known = merge(world.known, define, shopify.interpret(define, world.send(define.request)), wanted)
    world.send(create.request)
    lost = Response(0, error="timed out", sent=True)
    assert shopify.interpret(create, lost).verdict is Verdict.UNKNOWN
    uploads = world.uploads()

    world.known = replace(world.known, links={**world.known.links, **create.claims})
    state = world.read(tee())
    links = {**world.known.links, **create.claims, **state.links}
    links = {key: gid for key, gid in links.items() if key not in state.dropped_links}
    world.known = Known(links=links, accepted=state.bodies, number=2)
    assert names(world.publish(tee())) == ["publishablePublish"]
    assert world.shows(tee())
    assert world.uploads() == uploads
    assert len(world.shop.store.all("product")) == 1


def test_a_product_deleted_in_the_shop_is_made_anew(world):
    world.publish(tee())
    world.send(
        replace(
            shopify.read(rendered(tee(), CONNECTION), world.known, CONNECTION)[0],
            body=b'{"query":"mutation { productDelete(input: {id: \\"%s\\"}) { deletedProductId } }"}'
            % world.known.links["product"].encode(),
        )
    )
    assert world.read(tee()).bodies == {}
    [call] = shopify.plan(rendered(with_fields(tee(), title="New"), CONNECTION), world.known, CONNECTION)
    outcome = shopify.interpret(call, world.send(call.request))
    assert outcome.verdict is Verdict.GONE
    links = {k: v for k, v in world.known.links.items() if k not in outcome.dropped_links}
    world.known = Known(links=links, number=9)
    assert names(world.publish(tee())) == ["productSet", "publishablePublish"]
    assert world.shows(tee())


def test_taking_it_off(world):
    world.publish(tee())
    for call in shopify.plan_removal(world.known, CONNECTION):
        assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.ACCEPTED
    shown = world.read(tee()).bodies[""]["publication"]
    assert shown == {"status": "ARCHIVED", "publications": []}


def test_pictures_that_cannot_be_fetched(world):
    change(world.shop.store, "shopify", {"media_fail": ["aa.jpg"]})
    world.publish(tee())
    state = world.read(tee())
    assert [issue.code for issue in state.issues] == ["media_failed"]
    change(world.shop.store, "shopify", {"media_fail": []})
    world.known = replace(world.known, accepted=state.bodies, number=9)
    assert names(world.publish(tee())) == ["productRead", "productSet"]
    assert world.shows(tee())


def test_hosted_videos_go_out_and_files_that_are_not_held_are_told(world):
    hosted = Medium(key="url:https://www.youtube.com/watch?v=1", url="https://www.youtube.com/watch?v=1", alt="Worn")
    upload = Medium(key="url:dd", url="https://elsewhere.test/dd.mp4")
    model = Medium(key="url:ee", url="https://elsewhere.test/ee.glb")
    product = tee(media=(FRONT, hosted, upload, model))
    found = shopify.validate(product, rendered(product, CONNECTION), CONNECTION)
    assert [(issue.code, issue.severity) for issue in found] == [("media_kind", "warning")] * 2
    world.publish(product)
    assert [media["mediaContentType"] for media in world.shop.store.all("media")] == ["IMAGE", "EXTERNAL_VIDEO"]
    assert world.shows(product)


def test_many_variants_go_asynchronously(world):
    change(world.shop.store, "shopify", {"operation_polls": 3})
    product = tee(variants=tuple(variant(f"V{i}", f"Size {i}") for i in range(101)))
    asked = ["metafieldDefinitionCreate", "productSet", *["productOperation"] * 3, "publishablePublish"]
    assert names(world.publish(product)) == asked
    assert world.shows(product)
    assert world.uploads() == len(product.media)
    assert world.publish(product) == []
    assert names(world.publish(with_fields(product, title="Best tee"))) == ["productSet", *["productOperation"] * 3]
    assert world.uploads() == len(product.media)


def test_an_operation_that_the_shop_forgot_is_read_back(world):
    known = Known(links={"operation": "gid://shopify/ProductSetOperation/404", "definition:pim_id": "taken"})
    [call] = shopify.plan(rendered(tee(), CONNECTION), known, CONNECTION)
    outcome = shopify.interpret(call, world.send(call.request))
    assert (outcome.verdict, outcome.dropped_links) == (Verdict.STALE, ("operation",))


def test_more_variants_than_one_page_holds(world):
    many = tuple(variant(f"V{i}", f"Size {i}") for i in range(260))
    product = tee(variants=many, media=())
    world.publish(product)
    assert "variant:V259" not in world.known.links
    dear = tuple(replace(v, price=Price("EUR", Decimal("1"))) for v in many)
    product = replace(product, variants=dear)
    assert names(world.publish(product)) == ["productRead", "productVariantsBulkUpdate"]
    assert world.shows(product)


@pytest.mark.parametrize(
    ("product", "field", "sku"),
    [
        (with_fields(tee(), title="x" * 256), "title", ""),
        (with_fields(tee(), vendor="x" * 256), "vendor", ""),
        (tee(variants=(variant("A", "S", price=Price("EUR", Decimal("-1"))),), media=()), "price", "A"),
        (tee(variants=(variant("A", "S"), variant("B", "S")), media=()), "options", "B"),
        (tee(variants=(variant("A", "S", fields={"hs_code": "1"}),), media=()), "hs_code", "A"),
        (tee(media=(replace(FRONT, alt="x" * 513),)), "media", ""),
    ],
)
def test_what_the_shop_refuses_preflight_refuses_at_the_same_field(world, product, field, sku):
    world.publish(with_fields(tee(code="OTHER"), handle="other"))  # the definition is there
    world.known = Known(links={"definition:pim_id": "x"})
    wanted = rendered(product, CONNECTION)
    [call] = shopify.plan(wanted, world.known, CONNECTION)
    outcome = shopify.interpret(call, world.send(call.request))
    assert outcome.verdict is Verdict.REJECTED
    assert (field, sku) in {(issue.field, issue.sku) for issue in outcome.issues}
    assert (field, sku) in {(issue.field, issue.sku) for issue in shopify.validate(product, wanted, CONNECTION)}


def test_a_handle_that_is_taken_is_told(world):
    world.publish(tee())
    world.known = Known(links={"definition:pim_id": "x"})
    [call] = shopify.plan(rendered(tee(code="TWIN"), CONNECTION), world.known, CONNECTION)
    # It might be the product itself, made by a call whose answer was lost: the shop is read first.
    assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.STALE
    state = world.read(tee(code="TWIN"))
    world.known = Known(links={**world.known.links, **state.links})
    [call] = shopify.plan(rendered(tee(code="TWIN"), CONNECTION), world.known, CONNECTION)
    outcome = shopify.interpret(call, world.send(call.request))
    assert outcome.verdict is Verdict.REJECTED
    assert [(issue.code, issue.field) for issue in outcome.issues] == [("handle_not_unique", "handle")]


def test_wrong_and_exchanged_tokens(world):
    wrong = replace(CONNECTION, credentials={"access_token": "wrong"})
    [call, _] = shopify.plan(rendered(tee(), wrong), Known(), wrong)
    assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.AUTH
    app = replace(CONNECTION, credentials={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
    token, lifetime = shopify.read_token(world.send(shopify.token_request(app, None)))
    assert lifetime > 3600
    [call, _] = shopify.plan(rendered(tee(), app), Known(), replace(app, access_token=token))
    assert shopify.interpret(call, world.send(call.request)).verdict is Verdict.ACCEPTED


def test_an_empty_bucket_is_waited_for(world):
    change(world.shop.store, "shopify", {"bucket": True, "bucket_maximum": 30, "restore_rate": 10})
    call = shopify.plan(rendered(tee(), CONNECTION), Known(links={"definition:pim_id": "x"}), CONNECTION)[0]
    outcomes = [shopify.interpret(call, world.send(call.request)) for _ in range(4)]
    last = outcomes[-1]
    assert last.verdict is Verdict.THROTTLED
    assert 0 < last.retry_after <= 10


def clean(product):
    """The product as preflight would let it pass: no error left."""
    return not [
        issue
        for issue in shopify.validate(product, rendered(product, CONNECTION), CONNECTION)
        if issue.severity == "error"
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(products().filter(clean), products().filter(clean))
def test_whatever_passes_preflight_is_taken_and_reads_back_equal(before, after):
    if before.fields.get("gift_card", False) != after.fields.get("gift_card", False):
        after = with_fields(after, gift_card=before.fields.get("gift_card"))
    world = World()
    for product in (before, after):
        world.publish(product)
        assert world.read(product).bodies == rendered(product, CONNECTION).bodies
    uploads = world.uploads()
    assert world.publish(after) == []
    assert world.uploads() == uploads
    assert world.violations == []
