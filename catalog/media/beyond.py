"""Videos and 3D models: which they are and whether they are whole, by their bytes and never by their name.

Nothing is decoded here. The containers are walked within limits, so that what is cut off, packed twice or leans on
files elsewhere is refused before anybody has it on a page.

Sources: ISO/IEC 14496-12 (boxes), Khronos glTF 2.0 section 4.4 (GLB), Pixar "Usdz File Format Specification".
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.media.inspect import MAX_BYTES, MediaRefused, inspect, open_picture

VIDEO_BYTES = 100 * 1024 * 1024
MODEL_BYTES = 50 * 1024 * 1024
MOST_BYTES = max(MAX_BYTES, VIDEO_BYTES, MODEL_BYTES)
# MIME and extension; that of pictures is in inspect.py.
MP4, MOV = ("video/mp4", ".mp4"), ("video/quicktime", ".mov")
GLB, USDZ = ("model/gltf-binary", ".glb"), ("model/vnd.usdz+zip", ".usdz")
KINDS = (MP4, MOV, GLB, USDZ)

QUICKTIME = b"qt  "
BRANDS = frozenset((b"avc1 dash iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 isom mp41 mp42 MSNV").split()) | {b"M4V "}
MOST_BOXES = 100_000
MOST_ENTRIES = 1000
MOST_JSON = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """Of any medium. Width and height in pixels, None of a model."""

    sha256: str
    mime: str
    extension: str
    width: int | None
    height: int | None
    bytes: int


def is_picture(extension: str) -> bool:
    return all(extension != own for _, own in KINDS)


def examine(data: bytes) -> MediaFacts:
    """What it is, a picture or beyond. Raises MediaRefused."""
    kind = recognised(data)
    if kind is None:
        image = inspect(data)
        return MediaFacts(image.sha256, image.mime, image.extension, image.width, image.height, image.bytes)
    _check_size(data, VIDEO_BYTES if kind in (MP4, MOV) else MODEL_BYTES)
    width, height = _video(data) if kind in (MP4, MOV) else (None, None)
    if kind == GLB:
        _glb(data)
    elif kind == USDZ:
        _usdz(data)
    return MediaFacts(hashlib.sha256(data).hexdigest(), *kind, width, height, len(data))


def glance(data: bytes) -> None:
    """Whether it begins like something that is taken. Raises MediaRefused."""
    if recognised(data) is None:
        open_picture(data).close()


def recognised(data: bytes) -> tuple[str, str] | None:
    """The kind that it claims to be; None: a picture, or nothing that is known."""
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return MOV if brand == QUICKTIME else MP4 if brand in BRANDS else None
    if data[:4] == b"glTF":
        return GLB
    return USDZ if _may_be_usdz(data) else None


def _check_size(data: bytes, most: int) -> None:
    if len(data) > most:
        raise MediaRefused(
            "too_large",
            f"The file has {len(data):,} bytes; at most {most:,} are taken. Export it with more compression.",
        )


def _damaged(what: str) -> MediaRefused:
    return MediaRefused("damaged", f"The {what} is damaged or cut off. Export it again.")


# ---- videos ------------------------------------------------------------------------------------------


def _video(data: bytes) -> tuple[int, int]:
    """Width and height of the first track that shows something."""
    budget = [MOST_BOXES]
    boxes = list(_boxes(data, 0, len(data), budget))
    kinds = {kind for kind, _, _ in boxes}
    if b"moov" not in kinds or not kinds & {b"mdat", b"moof"}:
        raise _damaged("video")
    for _, start, end in (box for box in boxes if box[0] == b"moov"):
        for kind, at, until in _boxes(data, start, end, budget):
            if kind == b"trak" and (size := _shown(data, at, until, budget)):
                return size
    raise MediaRefused("no_video", "The file holds no picture that moves, only sound or texts. Export it as a video.")


def _shown(data: bytes, start: int, end: int, budget: list[int]) -> tuple[int, int] | None:
    """The size of a track of pictures; None of any other."""
    size, shows = (0, 0), False
    for kind, at, until in _boxes(data, start, end, budget):
        if kind == b"tkhd" and until - at >= 84:
            # The last eight bytes, in 65,536ths.
            width, height = struct.unpack(">II", data[until - 8 : until])
            size = (width >> 16, height >> 16)
        elif kind == b"mdia":
            for inner, head, tail in _boxes(data, at, until, budget):
                shows |= inner == b"hdlr" and tail - head >= 12 and data[head + 8 : head + 12] == b"vide"
    return size if shows and all(size) else None


def _boxes(data: bytes, start: int, end: int, budget: list[int]) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start and end of its content) of the boxes that fill this stretch. Raises MediaRefused."""
    while start < end:
        budget[0] -= 1
        if budget[0] < 0 or end - start < 8:
            raise _damaged("video")
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise _damaged("video")
        yield data[start + 4 : start + 8], start + head, start + size
        start += size


# ---- 3D models ---------------------------------------------------------------------------------------


def _glb(data: bytes) -> None:
    if len(data) < 20:
        raise _damaged("model")
    version, length, size, kind = struct.unpack("<IIII", data[4:20])
    if version != 2:
        raise MediaRefused("old_version", f"The model is glTF {version}; glTF 2.0 is taken. Export it again.")
    if length != len(data) or kind != 0x4E4F534A or size > min(length - 20, MOST_JSON):
        raise _damaged("model")
    try:
        scene = json.loads(data[20 : 20 + size])
        parts = [part for name in ("buffers", "images") for part in scene.get(name, [])]
        elsewhere = [part["uri"] for part in parts if not str(part.get("uri", "data:")).startswith("data:")]
        sound = str(scene["asset"]["version"]).startswith("2.")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged("model") from error
    if not sound:
        raise _damaged("model")
    if elsewhere:
        raise MediaRefused(
            "not_whole",
            f"The model needs “{str(elsewhere[0])[:100]}” beside it. Export it with everything in one file.",
        )


def _may_be_usdz(data: bytes) -> bool:
    """A ZIP archive whose first file is a scene."""
    if data[:4] != b"PK\3\4" or len(data) < 30:
        return False
    name = data[30 : 30 + int.from_bytes(data[26:28], "little")]
    return name.lower().endswith((b".usd", b".usda", b".usdc"))


def _usdz(data: bytes) -> None:
    """Nothing in it is packed, so that it is no larger than it looks."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            plain = all(e.compress_type == zipfile.ZIP_STORED and not e.flag_bits & 1 for e in entries)
            inside = all(not e.filename.startswith("/") and ".." not in e.filename.split("/") for e in entries)
            fits = len(entries) <= MOST_ENTRIES and sum(e.file_size for e in entries) <= len(data)
            if not (plain and inside and fits) or archive.testzip() is not None:
                raise _damaged("model")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise _damaged("model") from error
