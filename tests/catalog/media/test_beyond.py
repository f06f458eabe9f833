"""Videos and 3D models are told by their bytes; what is cut off, packed or not whole is refused."""

from __future__ import annotations

import hashlib
import random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.media import beyond
from catalog.media.beyond import examine, glance
from catalog.media.inspect import MediaRefused
from catalog.models import MediaAsset
from tests.catalog.media.films import box, film, glb, usdz
from tests.catalog.media.pictures import photo, saved
from tests.world import World

SOUND = {
    "mp4": (film(), "video/mp4", ".mp4", (640, 360)),
    "mov": (film(b"qt  ", width=1920, height=1080), "video/quicktime", ".mov", (1920, 1080)),
    "glb": (glb(), "model/gltf-binary", ".glb", (None, None)),
    "usdz": (usdz(), "model/vnd.usdz+zip", ".usdz", (None, None)),
    "jpeg": (saved(photo(), "JPEG"), "image/jpeg", ".jpg", (60, 40)),
}


@pytest.mark.parametrize("name", SOUND)
def test_the_kinds_are_known(name: str) -> None:
    data, mime, extension, size = SOUND[name]
    glance(data)
    facts = examine(data)
    assert (facts.mime, facts.extension, (facts.width, facts.height)) == (mime, extension, size)
    assert (facts.sha256, facts.bytes) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (film()[:-1], "damaged"),
        (film() + b"x", "damaged"),
        (film()[: len(film()) - 264], "damaged"),  # nothing but the head
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(9)), "damaged"),
        (box(b"ftyp", b"isom") + b"\0\0\0\1moov" + b"\xff" * 8, "damaged"),
        (film(handler=b"soun"), "no_video"),
        (box(b"ftyp", b"M4A ", bytes(4)), "not_a_picture"),
        (glb()[:-1], "damaged"),
        (glb().replace(b'"asset"', b'"osset"'), "damaged"),
        (b"glTF" + b"\1" + glb()[5:], "old_version"),
        (glb(buffers=[{"uri": "tee.bin"}]), "not_whole"),
        (glb(images=[{"uri": "https://elsewhere.example/a.png"}]), "not_whole"),
        (glb(images=3), "damaged"),
        (b"glTF" + bytes(4), "damaged"),
        (usdz(packed=True), "damaged"),
        (usdz("../scene.usdc"), "damaged"),
        (usdz()[:-30], "damaged"),
        (usdz().replace(b"PXR-USDC", b"PXR-USDD"), "damaged"),
        (usdz("notes.txt"), "not_a_picture"),
    ],
)
def test_the_others_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        examine(data)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


def test_a_file_of_boxes_in_boxes_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "MOST_BOXES", 100)
    with pytest.raises(MediaRefused, match="damaged"):
        examine(box(b"ftyp", b"isom") + box(b"free") * 200 + film()[20:])


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "VIDEO_BYTES", 100)
    with pytest.raises(MediaRefused) as refused:
        examine(film())
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("name", ["mp4", "glb", "usdz"])
def test_no_bytes_break_it(name: str) -> None:
    """Any damage is refused or harmless; nothing but MediaRefused leaves."""
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(SOUND[name][0])
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(12, len(data))] = chance.randrange(256)
        try:
            examine(bytes(data[: chance.randint(12, len(data))]))
        except MediaRefused:
            continue


def test_a_video_is_uploaded_shown_and_given_out(client: Client, world: World) -> None:
    client.force_login(world.people["mara"])
    world.product()
    seen = client.get("/products/tee/").context["pictures"]["seen"]
    files = [SimpleUploadedFile("a.mp4", film()), SimpleUploadedFile("b.glb", glb())]
    page = client.post("/products/tee/pictures/", {"locale": "en_US", "seen": seen, "files": files}, follow=True)
    text = page.content.decode()
    assert "Video, 640 × 360" in text
    assert "3D model, " in text
    asset = MediaAsset.objects.get(mime="video/mp4")
    name = f"{asset.sha256[:2]}/{asset.sha256[2:4]}/{asset.sha256}.mp4"
    assert f'href="/media/{name}"' in text
    answer = client.get(f"/media/{name}")
    assert answer.headers["Content-Type"] == "video/mp4"
    assert b"".join(answer.streaming_content) == film()  # type: ignore[attr-defined]
    assert client.get(f"/media/thumbnails/96/{name}").status_code == 404
