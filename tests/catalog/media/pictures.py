"""Pictures made on the spot, sound and otherwise."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def photo(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue, so that turning it shows."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image.convert(mode)


def moving(kind: str, frames: int, width: int = 20, height: int = 10) -> bytes:
    """An animation; no frame equals the one before, so that no writer drops one."""
    shown = [Image.effect_noise((width, height), 90).convert("RGB") for _ in range(frames)]
    return saved(shown[0], kind, save_all=True, append_images=shown[1:])


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and brings no pixels for it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0" * 99)) + _chunk(b"IEND")


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
