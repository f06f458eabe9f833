"""What a picture is, is told by its bytes; what is none is refused with a way out."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

import pytest
from PIL import Image

from catalog.media import inspect as room
from catalog.media.inspect import MediaRefused, inspect
from tests.catalog.media.pictures import moving, photo, png_header, saved

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "images"
REFUSED = {
    "broken.png": "damaged",
    "decompression_bomb.gif": "too_many_pixels",
    "not_an_image_bad-image.jpg": "not_a_picture",
    "sylius_jeans_04.svg": "not_a_picture",
    "tiff_16bit_RGB.tiff": "not_a_picture",
    "truncated_jpeg.jpg": "damaged",
}


def code(data: bytes) -> str:
    with pytest.raises(MediaRefused) as refused:
        inspect(data)
    assert refused.value.message == str(refused.value)
    assert str(refused.value).endswith(".")
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "mime", "extension"),
    [
        ("JPEG", "image/jpeg", ".jpg"),
        ("PNG", "image/png", ".png"),
        ("WEBP", "image/webp", ".webp"),
        ("GIF", "image/gif", ".gif"),
        ("AVIF", "image/avif", ".avif"),
    ],
)
def test_the_five_kinds_are_known(kind: str, mime: str, extension: str) -> None:
    data = saved(photo(), kind)
    facts = inspect(data)
    assert (facts.mime, facts.extension, facts.width, facts.height) == (mime, extension, 60, 40)
    assert (facts.frames, facts.has_alpha, facts.bytes) == (1, False, len(data))
    assert facts.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_transparency_is_seen(kind: str) -> None:
    image = photo(mode="RGBA")
    image.putalpha(100)
    assert inspect(saved(image, kind)).has_alpha


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_frames_are_counted(kind: str) -> None:
    assert inspect(moving(kind, 3)).frames == 3


def test_a_telephone_picture_with_a_second_one_behind_is_a_jpeg() -> None:
    facts = inspect(saved(photo(), "MPO", save_all=True, append_images=[photo()]))
    assert (facts.mime, facts.extension, facts.frames) == ("image/jpeg", ".jpg", 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4rest", "ZIP"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (saved(photo(), "TIFF"), "TIFF"),
        (saved(photo(), "BMP"), "BMP"),
        (b"only text, named picture.jpg", "no picture"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, words: str) -> None:
    with pytest.raises(MediaRefused, match=words) as refused:
        inspect(data)
    assert refused.value.code == "not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_picture_that_is_cut_off_is_refused(kind: str, share: float) -> None:
    data = saved(photo(300, 200).effect_spread(40), kind)
    assert code(data[: int(len(data) * share)]) in {"damaged", "not_a_picture"}


def test_a_cut_in_a_later_frame_is_noticed() -> None:
    data = moving("GIF", 5, 100, 100)
    assert code(data[: len(data) * 9 // 10]) == "damaged"


def test_a_wrong_checksum_is_noticed() -> None:
    data = bytearray(saved(photo(), "PNG"))
    data[-14] ^= 1
    assert code(bytes(data)) == "damaged"


@pytest.mark.parametrize("size", [(60_000, 60_000), (7072, 7072), (2**31 - 1, 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert code(png_header(*size)) == "too_many_pixels"


def test_fifty_megapixels_are_not_too_many() -> None:
    assert code(png_header(10_000, 5_000)) == "damaged"  # passes the limit, and then has no pixels


def test_a_gif_that_grows_on_its_way_is_refused() -> None:
    """The screen is small, the second frame claims 65535 × 65535."""
    red, blue = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    data = bytearray(saved(red, "GIF", save_all=True, append_images=[blue]))
    assert inspect(bytes(data)).frames == 2
    second = data.rindex(b"\x2c\0\0\0\0\x14\0\x0a\0")
    data[second + 5 : second + 9] = struct.pack("<HH", 65535, 65535)
    assert code(bytes(data)) == "too_many_pixels"


def test_frames_have_a_limit() -> None:
    assert inspect(moving("GIF", 200, 8, 8)).frames == 200
    assert code(moving("GIF", 201, 8, 8)) == "too_many_frames"


def test_many_frames_may_not_be_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_PIXELS_OF_ALL_FRAMES", 3 * 200)
    assert inspect(moving("GIF", 3, 20, 10)).frames == 3
    assert code(moving("GIF", 4, 20, 10)) == "too_many_pixels"


def test_bytes_have_a_limit_that_is_told() -> None:
    data = saved(photo(), "JPEG")
    assert inspect(data + b"\0" * (room.MAX_BYTES - len(data))).bytes == 20 * 1024 * 1024
    with pytest.raises(MediaRefused, match="20,971,521 bytes; at most 20,971,520") as refused:
        inspect(data + b"\0" * (room.MAX_BYTES - len(data) + 1))
    assert refused.value.code == "too_large"


def test_nothing_is_no_picture() -> None:
    assert code(b"") == "empty"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "MPO"])
def test_no_damage_ends_in_anything_but_a_refusal(kind: str) -> None:
    chance = random.Random(kind)
    whole = saved(photo(), kind)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            assert inspect(bytes(data)).extension in {".jpg", ".png", ".webp", ".gif", ".avif"}
        except MediaRefused as refused:
            assert refused.code in {"damaged", "not_a_picture", "too_many_pixels", "too_many_frames"}  # noqa: PT017


@pytest.mark.skipif(not REAL.exists(), reason=f"no real pictures at {REAL}")
@pytest.mark.parametrize("path", sorted(REAL.glob("*/*")), ids=lambda path: path.name)
def test_real_pictures(path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED:
        assert code(data) == REFUSED[path.name]
        return
    facts = inspect(data)
    assert facts.bytes == path.stat().st_size
    assert min(facts.width, facts.height, facts.frames) >= 1


@pytest.mark.skipif(not REAL.exists(), reason=f"no real pictures at {REAL}")
@pytest.mark.parametrize(
    ("name", "mime"), [("avif_named.jpg", "image/avif"), ("jpg_named_white-t-shirt.png", "image/jpeg")]
)
def test_a_real_picture_under_a_wrong_name_is_what_it_is(name: str, mime: str) -> None:
    assert inspect((REAL / "odd" / name).read_bytes()).mime == mime
