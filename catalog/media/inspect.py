"""Is it really a picture, and which? Decided by the bytes, never by the name.

Pictures are decoded in this process, within limits of pixels, frames and bytes that are checked before. A child
process with limited memory would also hold a fault in a decoder; it is to come.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_PIXELS_OF_ALL_FRAMES = 4 * MAX_PIXELS
MAX_FRAMES = 200
# What Pillow calls it → MIME and extension. SVG is not accepted: it is a program, not a picture.
FORMATS = {
    "JPEG": ("image/jpeg", ".jpg"),
    "PNG": ("image/png", ".png"),
    "WEBP": ("image/webp", ".webp"),
    "GIF": ("image/gif", ".gif"),
    "AVIF": ("image/avif", ".avif"),
}
# Telephones hang a second picture behind a JPEG and Pillow then calls it MPO. Everyone else sees the JPEG.
JPEG_WITH_MORE = "MPO"

# Pillow raises its error above twice this number, before it decodes, wherever a size is read: also in the
# middle of a GIF. Its warning below that is of no use to anyone.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
OTHERS = {
    b"%PDF": "a PDF",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"BM": "a BMP picture",
    b"PK\3\4": "a ZIP archive",
    b"\0\0\1\0": "an icon file",
}


class MediaRefused(Exception):
    """The bytes are no acceptable picture; the text says why and what would be.

    `code` is one of empty, too_large, too_many_pixels, too_many_frames, not_a_picture, damaged.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ImageFacts:
    sha256: str
    mime: str
    extension: str  # with the dot
    width: int  # pixels, as stored: an EXIF orientation is not applied
    height: int
    frames: int
    bytes: int
    has_alpha: bool


def inspect(data: bytes) -> ImageFacts:
    """What the picture is, after decoding it whole within limits. Raises MediaRefused.

    Metadata stays as it is: rights and AI-origin marks (IPTC, XMP) must survive.
    """
    with open_picture(data) as image:
        width, height, kind = image.width, image.height, image.format or ""
        has_alpha = image.has_transparency_data
    mime, extension = FORMATS["JPEG" if kind == JPEG_WITH_MORE else kind]
    return ImageFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        mime=mime,
        extension=extension,
        width=width,
        height=height,
        frames=_decode(data),
        bytes=len(data),
        has_alpha=has_alpha,
    )


def open_picture(data: bytes) -> ImageFile.ImageFile:
    """The picture with its header read and nothing decoded. Raises MediaRefused."""
    if not data:
        raise MediaRefused("empty", "The file is empty. Choose the picture again.")
    if len(data) > MAX_BYTES:
        raise MediaRefused(
            "too_large",
            f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are taken. "
            "Save it smaller or with more compression.",
        )
    try:
        return Image.open(io.BytesIO(data), formats=list(FORMATS))
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except Exception as error:
        raise broken(error) from error


def broken(error: Exception) -> MediaRefused:
    """Decoders meet hostile bytes and fail in any way (struct, zlib, RuntimeError …): all mean the same here."""
    if isinstance(error, Image.DecompressionBombError):
        return MediaRefused(
            "too_many_pixels",
            f"The picture has more than {MAX_PIXELS // 10**6} million pixels (about 7,000 × 7,000). Scale it down.",
        )
    return MediaRefused("damaged", "The picture is damaged or cut off. Export it again.")


def _decode(data: bytes) -> int:
    """Decode every frame; their number. Raises MediaRefused."""
    try:
        open_picture(data).verify()  # the checksums of a PNG, which decoding passes over
        with open_picture(data) as image:
            frames = pixels = 0
            while frames == 0 or _next_frame(image, frames):
                frames += 1
                pixels += image.width * image.height
                _check_animation(frames, pixels)
                image.load()
    except MediaRefused:
        raise
    except Exception as error:
        raise broken(error) from error
    return frames


def _next_frame(image: ImageFile.ImageFile, number: int) -> bool:
    if image.format == JPEG_WITH_MORE:
        return False
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _check_animation(frames: int, pixels: int) -> None:
    if frames > MAX_FRAMES:
        raise MediaRefused(
            "too_many_frames",
            f"The animation has more than {MAX_FRAMES} frames. Shorten it, or choose a picture that stands still.",
        )
    if pixels > MAX_PIXELS_OF_ALL_FRAMES:
        raise MediaRefused(
            "too_many_pixels",
            f"The frames of the animation have more than {MAX_PIXELS_OF_ALL_FRAMES // 10**6} million pixels "
            "together. Scale it down or shorten it.",
        )


def _unidentified(data: bytes) -> MediaRefused:
    webp_or_avif = (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:12] == b"ftypavif"
    if data.startswith(SIGNATURES) or webp_or_avif:
        return MediaRefused("damaged", "The picture is damaged or cut off at its very beginning. Export it again.")
    return MediaRefused(
        "not_a_picture",
        f"This is {_seems(data)}, whatever its name says. Save a picture as JPEG, PNG, WebP, GIF or AVIF, "
        "a video as MP4 or MOV, a 3D model as GLB or USDZ.",
    )


def _seems(data: bytes) -> str:
    head = data[:1000].lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if b"<html" in head or b"<!doctype html" in head:
        return "a web page"
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "a HEIC picture"
    return next((name for start, name in OTHERS.items() if data.startswith(start)), "no picture")
