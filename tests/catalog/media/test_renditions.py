"""Small pictures: upright, in colours a screen shows, no larger than asked."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from catalog.media.inspect import MediaRefused
from catalog.media.renditions import WIDTHS, render, thumbnail, thumbnail_path
from catalog.media.storage import put
from tests.catalog.media.pictures import moving, photo, png_header, saved

HASH = hashlib.sha256(b"").hexdigest()


def small(data: bytes, width: int = 96) -> Image.Image:
    image = Image.open(io.BytesIO(render(data, width)))
    assert image.format == "WEBP"
    return image


def is_red(image: Image.Image, x: int, y: int) -> bool:
    red, _, blue = image.convert("RGB").getpixel((x, y))  # type: ignore[misc]
    return red > 150 and blue < 100


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("size", "shape"), [((3000, 2000), (1, 2 / 3)), ((2000, 3000), (2 / 3, 1))])
def test_it_fits_in_a_square(width: int, size: tuple[int, int], shape: tuple[float, float]) -> None:
    assert small(saved(photo(*size), "JPEG"), width).size == (round(width * shape[0]), round(width * shape[1]))


def test_a_small_picture_is_not_blown_up() -> None:
    assert small(saved(photo(30, 20), "PNG"), 400).size == (30, 20)


def test_a_turned_picture_stands_upright() -> None:
    """EXIF 6: shown a quarter turn clockwise, so that its left half comes to lie above."""
    exif = Image.Exif()
    exif[274] = 6
    image = small(saved(photo(600, 400), "JPEG", exif=exif))
    assert image.size == (64, 96)
    assert is_red(image, 32, 10)
    assert not is_red(image, 32, 85)
    assert 274 not in image.getexif()


def test_cmyk_comes_out_in_rgb() -> None:
    image = small(saved(photo(200, 100, "CMYK"), "JPEG"))
    assert image.mode == "RGB"
    assert is_red(image, 20, 20)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparency_stays(kind: str) -> None:
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 100, 100))
    shown = small(saved(image, kind))
    assert shown.mode == "RGBA"
    assert (shown.getpixel((80, 20))[3], shown.getpixel((10, 20))[3]) == (0, 255)  # type: ignore[index]


def test_sixteen_bit_grey_is_scaled_and_not_cut() -> None:
    grey = Image.linear_gradient("L").convert("I").point(lambda value: value * 257).convert("I;16")
    shown = small(saved(grey, "PNG")).convert("L")
    assert [round(shown.getpixel((48, y)) / 32) for y in (0, 48, 95)] == [0, 4, 8]  # type: ignore[operator]


def test_of_an_animation_the_first_frame_is_shown() -> None:
    first, second = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    shown = small(saved(first, "GIF", save_all=True, append_images=[second]))
    assert getattr(shown, "n_frames", 1) == 1
    assert is_red(shown, 5, 5)
    assert small(moving("WEBP", 3)).size == (20, 10)


def test_metadata_does_not_travel() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    assert b"where I live" not in render(saved(photo(), "JPEG", exif=exif), 96)


@pytest.mark.parametrize("width", [0, -1, 97, 100_000])
def test_other_sizes_are_not_made(width: int) -> None:
    with pytest.raises(ValueError, match="96, 400, 1200"):
        render(saved(photo(), "PNG"), width)
    with pytest.raises(ValueError, match="96, 400, 1200"):
        thumbnail_path(HASH, width)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"text", "not_a_picture"), (png_header(30, 30), "damaged"), (png_header(9000, 9000), "too_many_pixels")],
)
def test_what_is_no_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        render(data, 96)
    assert refused.value.code == code


def test_a_thumbnail_is_made_once(tmp_path: Path) -> None:
    data = saved(photo(), "PNG")
    sha256 = hashlib.sha256(data).hexdigest()
    put(tmp_path, data, sha256=sha256, extension=".png")
    relative = thumbnail(tmp_path, sha256=sha256, extension=".png", width=96)
    assert relative == Path("thumbnails", "96", sha256[:2], sha256[2:4], f"{sha256}.webp")
    made = (tmp_path / relative).stat().st_mtime_ns
    assert (tmp_path / relative).read_bytes() == render(data, 96)
    thumbnail(tmp_path, sha256=sha256, extension=".png", width=96)
    assert (tmp_path / relative).stat().st_mtime_ns == made


def test_without_the_original_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        thumbnail(tmp_path, sha256=HASH, extension=".png", width=96)
