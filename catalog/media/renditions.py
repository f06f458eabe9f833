"""Small pictures for the screen, made from stored ones. What channels get is always the original."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from catalog.media.beyond import is_picture
from catalog.media.inspect import MediaRefused, broken, open_picture
from catalog.media.storage import path_of, relative_path, write

# Sizes a page may ask for; any others would let a visitor fill the disk.
WIDTHS = (96, 400, 1200)
QUALITY = 80


def thumbnail_path(sha256: str, width: int) -> Path:
    """`thumbnails/<width>/ab/cd/<sha256>.webp`. Raises ValueError for another width or no hash."""
    _check_width(width)
    return Path("thumbnails", str(width)) / relative_path(sha256, ".webp")


def thumbnail(root: Path, *, sha256: str, extension: str, width: int) -> Path:
    """The path below `root` of the small picture, made now if it is not there.

    Raises FileNotFoundError without the original, ValueError for another width, MediaRefused if it is damaged.
    """
    relative = thumbnail_path(sha256, width)
    if not is_picture(extension):
        raise MediaRefused("not_a_picture", "Of a video or 3D model there is no small picture.")
    if not (root / relative).exists():
        write(root / relative, render(path_of(root, sha256, extension).read_bytes(), width))
    return relative


def render(data: bytes, width: int) -> bytes:
    """A WebP of the first frame, upright, within a square of `width` pixels; never larger than the original.

    Transparency stays; metadata does not. Raises ValueError for a width not in WIDTHS, and MediaRefused.
    """
    _check_width(width)
    with open_picture(data) as image:
        try:
            profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
            image.draft("RGB", (2 * width, 2 * width))  # a JPEG is decoded no larger than needed
            small = _plain(image)
            small.thumbnail((width, width), reducing_gap=2.0)
            held = io.BytesIO()
            ImageOps.exif_transpose(small).save(held, "WEBP", quality=QUALITY, icc_profile=profile, exif=b"", xmp=b"")
        except Exception as error:
            raise broken(error) from error
    return held.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """In RGB, or RGBA where something is transparent, with the EXIF block that tells which way is up."""
    if not image.mode.startswith("I"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    # 16-bit grey, which Pillow's own conversion would cut at 255 instead of scaling it.
    grey = image.point(lambda value: value / 256).convert("L").convert("RGB")
    grey.info["exif"] = image.info.get("exif", b"")
    return grey


def _check_width(width: int) -> None:
    if width not in WIDTHS:
        raise ValueError(f"{width} is no width of a rendition; take one of {', '.join(map(str, WIDTHS))}")
