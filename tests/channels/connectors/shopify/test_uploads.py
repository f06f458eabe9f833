"""Videos and 3D models: uploaded to where the shop says, once, and shown when the shop is done with them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from channels.connectors.base import Known, MediaFile, Medium
from channels.connectors.outcome import Verdict
from channels.sandbox.settings import change
from pimhub.foundation.http import FileBody, Response
from tests.catalog.media.films import film, glb, usdz
from tests.channels.connectors.shopify.builders import (
    BACK,
    FRONT,
    names,
    rendered,
    shopify,
    tee,
    variables,
    with_fields,
)
from tests.channels.connectors.shopify.sandbox_world import CONNECTION, World

FIRST = ["metafieldDefinitionCreate", "stagedUploadsCreate", "stagedUploadsCreate"]


@pytest.fixture
def world(tmp_path):
    world = World()
    world.folder = tmp_path
    yield world
    assert world.violations == []


def held(world, data, extension, mime, **more):
    """A medium whose bytes are here."""
    sha256 = hashlib.sha256(data).hexdigest()
    world.files[sha256] = world.folder / sha256
    world.files[sha256].write_bytes(data)
    file = MediaFile(sha256, extension, mime, len(data))
    return Medium(f"sha256:{sha256}", f"https://pim.test/{sha256}{extension}", mime=mime, file=file, **more)


def with_both(world):
    video = held(world, film(data=5000), ".mp4", "video/mp4", alt="Worn")
    return tee(media=(FRONT, video, held(world, glb(), ".glb", "model/gltf-binary", alt="Turn me", sku="TEE-S")))


def kinds(world):
    return [media["mediaContentType"] for media in world.shop.store.all("media")]


def test_a_new_product_takes_its_video_and_model_along(world):
    product = with_both(world)
    assert shopify.validate(product, rendered(product, CONNECTION), CONNECTION) == []
    assert names(world.publish(product)) == [*FIRST, "productSet", "publishablePublish"]
    assert kinds(world) == ["IMAGE", "VIDEO", "MODEL_3D"]
    assert world.shows(product)
    assert world.publish(product) == []
    assert [key for key in world.known.links if key.startswith("uploaded:")] == []


def test_it_is_live_only_when_the_shop_is_done(world):
    change(world.shop.store, "shopify", {"media_delay": 60})
    product = with_both(world)
    world.publish(product)
    assert world.read(product).pending


def test_they_come_to_a_product_that_is_there_and_stay(world):
    world.publish(tee(media=(FRONT,)))
    product = with_both(world)
    uploads = ["stagedUploadsCreate"] * 2
    assert names(world.publish(product)) == [*uploads, "productRead", "productSet"]
    assert world.shows(product)
    changed = with_fields(replace(product, media=(*reversed(product.media), BACK)), title="Best tee")
    assert names(world.publish(changed)) == ["productRead", "productSet"]
    assert world.shows(changed)
    assert kinds(world).count("VIDEO") == 1
    assert names(world.publish(tee(media=(FRONT,)))) == ["productRead", "productSet"]
    assert world.shows(tee(media=(FRONT,)))


def test_what_is_recorded_names_the_bytes_and_no_permission(world):
    product = with_both(world)
    known = Known(links={"definition:pim_id": "x"})
    call = shopify.plan(rendered(product, CONNECTION), known, CONNECTION)[0]
    file = product.media[1].file
    assert variables(call)["input"][0] == {
        "resource": "VIDEO",
        "filename": f"{file.sha256}.mp4",
        "mimeType": "video/mp4",
        "httpMethod": "POST",
        "fileSize": str(file.size),
    }
    outcome = world.carry_out(call)
    assert "signature" not in str(outcome.response)
    upload = shopify.upload(call, world.send(call.request), FileBody(world.files[file.sha256], file.size))
    assert upload.redacted()["body"] == "[secret]"
    assert film(data=5000) in b"".join(upload.file.pieces())


def test_a_storage_that_refuses_harms_nothing_and_is_asked_again(world):
    call = shopify.plan(rendered(with_both(world), CONNECTION), Known(links={"definition:pim_id": "x"}), CONNECTION)[0]
    for answer in (Response(0, error="reset"), Response(403, body=b"<Error/>"), Response(503)):
        outcome = shopify.interpret_upload(call, answer)
        assert (outcome.verdict, outcome.links, outcome.issues[0].field) == (Verdict.TRANSIENT, {}, "media")
    assert shopify.interpret_upload(call, Response(201)) is None
    lost = shopify.interpret(call, Response(0, error="reset"))
    assert lost.verdict is Verdict.TRANSIENT
    assert shopify.upload(call, Response(0), FileBody(world.folder, 0)) is None


def test_what_the_shop_cannot_use_is_told_by_its_kind(world):
    broken = held(world, b"no film at all", ".mp4", "video/mp4", alt="Worn")
    product = tee(media=(FRONT, broken))
    world.publish(product)
    [issue] = world.read(product).issues
    assert (issue.code, issue.field) == ("media_failed", "media")
    assert "the video “Worn”" in issue.message


def test_a_file_that_the_shop_lost_is_uploaded_again(world):
    change(world.shop.store, "shopify", {"media_fail": ["VIDEO"]})
    product = tee(media=(FRONT, held(world, film(), ".mp4", "video/mp4")))
    world.publish(product)
    state = world.read(product)
    assert len(state.bodies[""]["media"]["files"]) == 1
    change(world.shop.store, "shopify", {"media_fail": []})
    world.known = replace(world.known, accepted=state.bodies, number=9)
    assert names(world.publish(product)) == ["stagedUploadsCreate", "productRead", "productSet"]
    assert world.shows(product)


def test_a_lost_answer_makes_no_second_video(world):
    """The product was made, and nobody heard: it is read, and what it shows is known again."""
    product = tee(media=(FRONT, held(world, usdz(), ".usdz", "model/vnd.usdz+zip", alt="Turn me")))
    wanted = rendered(product, CONNECTION)
    definition, upload = shopify.plan(wanted, Known(), CONNECTION)
    links = {**world.carry_out(definition).links, **world.carry_out(upload).links}
    [create] = shopify.plan(wanted, Known(links=links), CONNECTION)
    world.send(create.request)
    world.known = Known(links={**links, **create.claims}, number=5)
    state = world.read(product)
    world.known = Known(links={**world.known.links, **state.links}, accepted=state.bodies, number=6)
    assert "stagedUploadsCreate" not in names(world.publish(product))
    assert kinds(world) == ["IMAGE", "MODEL_3D"]
    assert world.shows(product)
