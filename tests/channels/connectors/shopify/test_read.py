"""What is read back compares with what was rendered, body by body, and only where we have a say."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from channels.connectors.base import Known
from channels.connectors.shopify.documents import document
from channels.connectors.shopify.schema import check_variables
from pimhub.foundation.http import Response
from tests.channels.connectors.shopify.builders import (
    BACK,
    CONNECTION,
    FRONT,
    SIDE,
    answered,
    publish,
    remote,
    rendered,
    shopify,
    tee,
    with_fields,
    writes,
)
from tests.channels.connectors.shopify.shop_answers import (
    AA,
    BB,
    KNOWN,
    PRODUCT,
    WANTED,
    image,
    shown,
    variant_node,
    variants,
)

ALONE = replace(CONNECTION, settings={**CONNECTION.settings, "ownership": {"media": "owned"}})

# ---- the call ----------------------------------------------------------------------------------


def test_one_legal_call_reads_it_all():
    for known in (KNOWN, Known(links={"definition:pim_id": "x"})):
        [request] = shopify.read(WANTED, known, CONNECTION)
        given = json.loads(request.body)["variables"]
        assert check_variables(document("productRead"), given) == []
    assert given["identifier"] == {"customId": {"namespace": "$app", "key": "pim_id", "value": "TEE"}}


def test_where_our_id_cannot_exist_nothing_is_read():
    assert shopify.read(WANTED, Known(), CONNECTION) == []
    assert shopify.interpret_read(WANTED, Known(), [], CONNECTION).bodies == {}


# ---- equal -------------------------------------------------------------------------------------


def test_what_was_published_reads_back_as_it_was_rendered():
    state = shown()
    assert state.bodies == WANTED.bodies
    assert not state.pending
    assert state.issues == ()
    assert state.links == remote(KNOWN.links)


def test_forms_that_mean_the_same_read_the_same():
    body = with_fields(tee(), description_html="<p>A</p>\r\n<p>B</p> ")
    state = shown(rendered(body), descriptionHtml="<p>A</p>\n<p>B</p>")
    assert state.bodies == rendered(body).bodies


# ---- different ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "row", "facet"),
    [
        ({"title": "Edited"}, "", "content"),
        ({"vendor": ""}, "", "content"),
        ({"tags": ["new"]}, "", "tags"),
        ({"seo": {"title": None, "description": None}}, "", "content"),
        ({"status": "DRAFT"}, "", "publication"),
        ({"resourcePublicationsV2": {"nodes": []}}, "", "publication"),
        ({"media": {"nodes": [image(BB, "Side"), image(AA, "Front")]}}, "", "media"),
        ({"media": {"nodes": [image(AA, "Edited"), image(BB, "Side")]}}, "", "media"),
        ({"variants": variants(lambda nodes: nodes[0].update(price="1.00"))}, "TEE-M", "offer"),
        ({"variants": variants(lambda nodes: nodes[0].update(compareAtPrice="30.00"))}, "TEE-M", "offer"),
        ({"variants": variants(lambda nodes: nodes[1].update(barcode="1", sku="X"))}, "", "content"),
        ({"variants": variants(lambda nodes: nodes[1]["media"].update(nodes=[]))}, "", "media"),
    ],
)
def test_an_edit_in_the_shop_differs_in_its_own_body_only(changes, row, facet):
    state = shown(**changes)
    different = {(r, f) for r, bodies in WANTED.bodies.items() for f in bodies if state.bodies[r][f] != bodies[f]}
    assert different == {(row, facet)}


@pytest.mark.parametrize(
    "changes",
    [
        {"productType": "Other"},
        {"tags": ["new", "cotton", "put there by others"]},
        {"media": {"nodes": [image("gid://shopify/MediaImage/99", "theirs"), *PRODUCT["media"]["nodes"]]}},
        {"collections": {"nodes": [{"id": "gid://shopify/Collection/9", "handle": "theirs"}]}},
        {"category": {"id": "gid://shopify/TaxonomyCategory/aa-1"}},
        {"seo": {"title": "A soft tee", "description": "Written in the shop"}},
        {"variants": variants(lambda nodes: nodes[0].update(barcode="4006381333931"))},
        {"variants": variants(lambda nodes: nodes[0]["media"].update(nodes=[{"id": AA}]))},
    ],
)
def test_what_we_say_nothing_about_is_the_shops_own(changes):
    assert shown(**changes).bodies == WANTED.bodies


def test_a_variant_keeps_its_row_when_its_sku_is_edited():
    state = shown(variants=variants(lambda nodes: nodes[1].update(sku="EDITED")))
    assert set(state.bodies) == {"", "TEE-S", "TEE-M"}
    assert [v["sku"] for v in state.bodies[""]["content"]["variants"]] == ["EDITED", "TEE-M"]
    assert state.links["variant:TEE-S"] == "gid://shopify/ProductVariant/TEE-S"


def test_a_deleted_variant_has_no_row_and_a_foreign_one_shows():
    state = shown(variants={"nodes": [variant_node("TEE-S", "S", 1, [BB]), variant_node("SHOP-1", "XL", 2)]})
    assert set(state.bodies) == {"", "TEE-S"}
    assert state.bodies[""]["content"]["variants"][1] == {"sku": "SHOP-1", "options": ["XL"]}


def test_stock_at_a_location_that_is_gone_differs():
    state = shown(variants=variants(lambda n: n[0]["inventoryItem"]["inventoryLevels"].update(nodes=[])))
    assert state.bodies["TEE-M"]["stock"] == {}


def test_stock_beyond_the_page_is_not_taken_for_drift():
    levels = {"nodes": [], "pageInfo": {"hasNextPage": True}}
    state = shown(variants=variants(lambda n: n[0]["inventoryItem"].update(inventoryLevels=levels)))
    assert state.bodies == WANTED.bodies
    assert [(i.code, i.sku, i.severity) for i in state.issues] == [("stock_unread", "TEE-M", "warning")]


# ---- pictures ----------------------------------------------------------------------------------


def test_a_foreign_picture_shows_as_such():
    """Where the pictures are ours alone, one that others added is a difference."""
    gid = "gid://shopify/MediaImage/99"
    state = shown(connection=ALONE, media={"nodes": [*PRODUCT["media"]["nodes"], image(gid, None)]})
    assert state.bodies[""]["media"]["files"][2] == {"key": f"remote:{gid}", "alt": ""}
    assert f"media:remote:{gid}" not in state.links


def test_ids_lost_with_an_answer_are_found_again():
    links = {k: v for k, v in KNOWN.links.items() if k[:6] != "media:"}
    lost = replace(KNOWN, links={**links, "sending:sha256:aa": "0:Front", "sending:sha256:bb": "1:Side"})
    state = shown(known=lost)
    assert state.bodies == WANTED.bodies
    assert (state.links["media:sha256:aa"], state.links["media:sha256:bb"]) == (AA, BB)
    assert set(state.dropped_links) == {"sending:sha256:aa", "sending:sha256:bb"}
    known = Known(links={**lost.links, **state.links}, accepted=state.bodies)
    assert shopify.plan(WANTED, known, CONNECTION) == []


def test_pictures_that_were_never_sent_are_not_claimed():
    """Even with our text: only what was on its way when its answer was lost can be ours."""
    links = {k: v for k, v in KNOWN.links.items() if k != "media:sha256:bb"}
    nodes = [image(AA, "Front"), image("gid://shopify/MediaImage/7", "Side")]
    state = shown(known=replace(KNOWN, links=links), media={"nodes": nodes})
    assert "media:sha256:bb" not in state.links
    assert [file["key"] for file in state.bodies[""]["media"]["files"]] == ["sha256:aa"]


def test_of_what_was_sent_only_what_carries_its_text_is_claimed():
    links = {k: v for k, v in KNOWN.links.items() if k != "media:sha256:bb"}
    known = replace(KNOWN, links={**links, "sending:sha256:bb": "1:Side"})
    other, ours = "gid://shopify/MediaImage/7", "gid://shopify/MediaImage/8"
    state = shown(known=known, media={"nodes": [image(AA, "Front"), image(other, "Theirs"), image(ours, "Side")]})
    assert state.links["media:sha256:bb"] == ours
    assert state.bodies[""]["media"]["files"] == WANTED.bodies[""]["media"]["files"]


def test_a_swapped_picture_is_not_taken_for_ours():
    nodes = [image("gid://shopify/MediaImage/7", "Front"), image(BB, "Side")]
    state = shown(connection=ALONE, media={"nodes": nodes})
    assert state.bodies[""]["media"]["files"][0]["key"].startswith("remote:")


def test_pictures_in_the_works_are_pending():
    state = shown(media={"nodes": [image(AA, "Front", "PROCESSING"), image(BB, "Side")]})
    assert state.pending
    assert state.bodies == WANTED.bodies


def test_a_picture_shopify_cannot_use_is_an_issue():
    failed = image(AA, "Front", "FAILED", [("INVALID_IMAGE_RESOLUTION", "The resolution is too high.")])
    state = shown(media={"nodes": [failed, image(BB, "Side")]})
    [issue] = state.issues
    assert (issue.code, issue.field, issue.severity) == ("media_failed", "media", "error")
    assert "“Front”" in issue.message
    assert "resolution is too high" in issue.message
    assert state.bodies == WANTED.bodies  # sending it again would not help


def test_a_picture_shopify_could_not_fetch_is_fetched_again():
    failed = image(AA, "Front", "FAILED", [("IMAGE_DOWNLOAD_FAILURE", "Could not be downloaded.")])
    state = shown(media={"nodes": [failed, image(BB, "Side")]})
    known = replace(KNOWN, accepted={**KNOWN.accepted, **state.bodies})
    [call] = writes(publish(tee(), known)[1])
    assert FRONT.url.encode() in call.request.body
    assert b'"id":"' + BB.encode() in call.request.body


# ---- absent, or not answered -------------------------------------------------------------------


def test_a_missing_product_has_no_bodies():
    state = shopify.interpret_read(WANTED, KNOWN, [answered({"data": {"productByIdentifier": None}})], CONNECTION)
    assert (state.bodies, state.links, state.pending) == ({}, {"absent": str(KNOWN.number)}, False)


def test_a_custom_id_without_its_definition_is_nowhere():
    response = answered({"data": None, "errors": [{"message": "No definition", "extensions": {"code": "NOT_FOUND"}}]})
    state = shopify.interpret_read(WANTED, KNOWN, [response], CONNECTION)
    assert (state.bodies, state.pending) == ({}, False)


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (Response(0, error="timed out"), "read_transient"),
        (Response(502, body=b"<html>"), "read_transient"),
        (Response(401, body=b'{"errors":"Invalid API key"}'), "read_auth"),
        (
            answered({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}),
            "read_throttled",
        ),
        (
            answered({"data": None, "errors": [{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}]}),
            "read_auth",
        ),
    ],
)
def test_no_answer_is_never_taken_for_a_missing_product(response, code):
    state = shopify.interpret_read(WANTED, KNOWN, [response], CONNECTION)
    assert state.pending
    assert [issue.code for issue in state.issues] == [code]


def test_every_field_that_is_read_is_asked_for():
    """The made-up answer above has exactly the shape of the document."""
    from graphql import parse

    def shape(selection):
        return {
            field.name.value: shape(field.selection_set) if field.selection_set else None
            for field in selection.selections
        }

    def shaped(value):
        if isinstance(value, list):
            return shaped(value[0]) if value else None
        return {k: shaped(v) for k, v in value.items()} if isinstance(value, dict) else None

    [operation] = parse(document("productRead")).definitions
    asked = shape(operation.selection_set)["productByIdentifier"]
    node = copy.deepcopy(PRODUCT)
    node["category"] = {"id": "x"}
    node["collections"]["nodes"] = [{"id": "x", "handle": "y"}]
    node["metafields"]["nodes"] = [{"namespace": "a", "key": "b", "type": "c", "value": "d"}]
    node["media"]["nodes"] = [image(AA, "", errors=[("A", "b")])]
    node["variants"]["nodes"] = [variant_node("A", "S", 1, [AA]) | {"metafields": node["metafields"]}]
    measure = {"quantityValue": 1.0, "quantityUnit": "L", "referenceValue": 1, "referenceUnit": "L"}
    node["variants"]["nodes"][0]["unitPriceMeasurement"] = measure
    held = [{"quantity": 2, "productVariant": {"id": "x", "sku": "y"}}]
    node["variants"]["nodes"][0]["productVariantComponents"] = {"nodes": held}
    assert shaped(node) == asked


def test_adopting_does_not_confuse_what_was_added():
    product = tee(media=(FRONT, SIDE, BACK))
    wanted = rendered(product)
    nodes = [image(AA, "Front"), image(BB, "Side"), image("gid://shopify/MediaImage/7", "Back")]
    known = replace(KNOWN, links={**KNOWN.links, "sending:sha256:cc": "2:Back"})
    state = shown(wanted, known, media={"nodes": nodes})
    assert state.links["media:sha256:cc"] == "gid://shopify/MediaImage/7"
    assert state.bodies == wanted.bodies
