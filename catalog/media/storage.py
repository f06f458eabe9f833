"""Files by the SHA-256 of their bytes: stored once, never changed."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path


def relative_path(sha256: str, extension: str) -> Path:
    """`ab/cd/<sha256><extension>`. Raises ValueError for anything but a hash and a plain extension."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not re.fullmatch(r"\.[a-z0-9]{2,5}", extension):
        raise ValueError(f"not the name of a stored file: {sha256!r}{extension!r}")
    return Path(sha256[:2], sha256[2:4], sha256 + extension)


def put(root: Path, data: bytes, *, sha256: str, extension: str) -> Path:
    """Store the bytes unless they are here; the path below `root`. Two writers do no harm."""
    relative = relative_path(sha256, extension)
    path = root / relative
    if path.exists():
        return relative
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return relative
