"""Pictures are sent once, and a product is where it should be on sale."""

from __future__ import annotations

from dataclasses import replace

from channels.connectors.base import Facet, Known
from tests.channels.connectors.shopify.builders import (
    BACK,
    CONNECTION,
    FRONT,
    SIDE,
    names,
    publish,
    shopify,
    tee,
    variables,
    with_fields,
    writes,
)

LOCATION = "gid://shopify/Location/1"
ONLINE, POS = "gid://shopify/Publication/1", "gid://shopify/Publication/2"


def published():
    known, _ = publish(tee())
    return known


def test_an_unchanged_picture_is_never_uploaded_again():
    product = tee(media=(BACK, replace(FRONT, alt="From the front"), SIDE))
    known, calls = publish(product, published())
    [call] = writes(calls)
    files = variables(call)["input"]["files"]
    assert files == [
        {"originalSource": BACK.url, "alt": "Back", "contentType": "IMAGE"},
        {"id": f"gid://shopify/MediaImage/{FRONT.url}", "alt": "From the front"},
        {"id": f"gid://shopify/MediaImage/{SIDE.url}", "alt": "Side"},
    ]
    assert variables(call)["input"]["variants"][0]["file"] == files[2]
    assert set(call.carries) == {("", Facet.CONTENT), ("", Facet.MEDIA)}
    assert not call.idempotent
    assert known.links["media:sha256:cc"] == f"gid://shopify/MediaImage/{BACK.url}"


def test_a_variant_that_loses_its_picture_is_told_so():
    _, calls = publish(tee(media=(FRONT, replace(SIDE, sku="TEE-M"))), published())
    [call] = writes(calls)
    small, medium = variables(call)["input"]["variants"]
    assert small["file"] is None
    assert medium["file"] == {"id": f"gid://shopify/MediaImage/{SIDE.url}", "alt": "Side"}


def test_a_picture_that_left_the_shop_is_uploaded_again():
    known = published()
    body = {"files": [{"key": "sha256:bb", "alt": "Side"}], "variants": {"TEE-S": "sha256:bb"}}
    accepted = {**known.accepted, "": {**known.accepted[""], "media": body}}
    _, calls = publish(tee(), replace(known, accepted=accepted))
    [call] = writes(calls)
    assert variables(call)["input"]["files"][0]["originalSource"] == FRONT.url
    assert "id" in variables(call)["input"]["files"][1]


def test_status_takes_a_product_update():
    _, [call] = publish(with_fields(tee(), status="DRAFT"), published())
    assert call.name == "productUpdate"
    assert variables(call) == {"product": {"id": "gid://shopify/Product/1", "status": "DRAFT"}}


def test_another_sales_channel_is_published_to_and_the_old_one_left():
    elsewhere = replace(CONNECTION, settings={**CONNECTION.settings, "publications": [POS]})
    known, calls = publish(tee(), published(), elsewhere)
    assert names(calls) == ["publishablePublish", "publishableUnpublish"]
    assert variables(calls[0])["input"] == [{"publicationId": POS}]
    assert variables(calls[1])["input"] == [{"publicationId": ONLINE}]
    assert f"published:{POS}" in known.links
    assert f"published:{ONLINE}" not in known.links


def test_somebody_unpublished_it():
    known = published()
    shown = {"status": "ACTIVE", "publications": []}
    accepted = {**known.accepted, "": {**known.accepted[""], "publication": shown}}
    assert names(publish(tee(), replace(known, accepted=accepted))[1]) == ["publishablePublish"]


def test_taking_a_product_off_unpublishes_then_archives():
    known = published()
    calls = shopify.plan_removal(known, CONNECTION)
    assert names(calls) == ["publishableUnpublish", "productUpdate"]
    assert variables(calls[1])["product"]["status"] == "ARCHIVED"
    assert all(call.destructive for call in calls)
    assert shopify.plan_removal(Known(), CONNECTION) == []
