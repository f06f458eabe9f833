"""Videos and 3D models made on the spot, sound and otherwise."""

from __future__ import annotations

import io
import json
import struct
import zipfile


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def film(
    brand: bytes = b"isom", *, handler: bytes = b"vide", width: int = 640, height: int = 360, data: int = 64
) -> bytes:
    """A container as cameras write it, with one track and `data` bytes for it."""
    tkhd = box(b"tkhd", bytes(76), struct.pack(">II", width << 16, height << 16))
    hdlr = box(b"hdlr", bytes(8), handler, bytes(12))
    trak = box(b"trak", tkhd, box(b"mdia", box(b"mdhd", bytes(24)), hdlr))
    head = box(b"ftyp", brand, bytes(4), brand)
    return head + box(b"moov", box(b"mvhd", bytes(100)), trak) + box(b"mdat", bytes(range(256)) * (data // 256 + 1))


def glb(**scene: object) -> bytes:
    said = json.dumps({"asset": {"version": "2.0"}, **scene}).encode()
    said += b" " * (-len(said) % 4)
    chunks = struct.pack("<I", len(said)) + b"JSON" + said
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def usdz(first: str = "scene.usdc", *, packed: bool = False) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr(first, b"PXR-USDC" + bytes(100))
        archive.writestr("0/color.png", bytes(100))
    return held.getvalue()
