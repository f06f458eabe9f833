"""Is it really a picture, and which? Decided by the bytes, never by the name."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_FRAMES = 200
# What Pillow calls it → MIME and extension. SVG is not accepted: it is a program, not a picture.
FORMATS = {
    "JPEG": ("image/jpeg", ".jpg"),
    "PNG": ("image/png", ".png"),
    "WEBP": ("image/webp", ".webp"),
    "GIF": ("image/gif", ".gif"),
    "AVIF": ("image/avif", ".avif"),
}


class MediaRefused(Exception):
    """The bytes are no acceptable picture; the text says why and what would be."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ImageFacts:
    sha256: str
    mime: str
    extension: str  # with the dot
    width: int  # pixels
    height: int
    frames: int
    bytes: int


def inspect(data: bytes) -> ImageFacts:
    """What the picture is, after decoding it whole within limits. Raises MediaRefused.

    Metadata stays as it is: rights and AI-origin marks (IPTC, XMP) must survive.
    """
    if not data:
        raise MediaRefused("empty", "The file is empty. Choose the picture again.")
    if len(data) > MAX_BYTES:
        raise MediaRefused(
            "too_large", f"The file has {len(data) // 2**20} MB; at most {MAX_BYTES // 2**20} are taken."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:
                kind, width, height = image.format or "", image.width, image.height
                frames = getattr(image, "n_frames", 1) if width * height <= MAX_PIXELS else 1
                _check_size(width, height, frames)
                image.load()
    except MediaRefused:
        raise
    except UnidentifiedImageError as error:
        raise MediaRefused(
            "not_a_picture", "This is no JPEG, PNG, WebP, GIF or AVIF picture, whatever its name says. Save it as one."
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise MediaRefused("damaged", "The picture is damaged or cut off. Export it again.") from error
    mime, extension = FORMATS[kind]
    return ImageFacts(hashlib.sha256(data).hexdigest(), mime, extension, width, height, frames, len(data))


def _check_size(width: int, height: int, frames: int) -> None:
    if width * height > MAX_PIXELS:
        raise MediaRefused(
            "too_many_pixels",
            f"The picture has {width} × {height} pixels; at most {MAX_PIXELS // 10**6} million are taken. "
            "Scale it down.",
        )
    if frames > MAX_FRAMES:
        raise MediaRefused("too_many_frames", f"The animation has {frames} frames; at most {MAX_FRAMES} are taken.")
