"""Files by the SHA-256 of their bytes: stored once, never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path


def relative_path(sha256: str, extension: str) -> Path:
    """`ab/cd/<sha256><extension>`. Raises ValueError for anything but a hash and a plain extension."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not re.fullmatch(r"\.[a-z0-9]{2,5}", extension):
        raise ValueError(f"not the name of a stored file: {sha256!r}{extension!r}")
    return Path(sha256[:2], sha256[2:4], sha256 + extension)


def path_of(root: Path, sha256: str, extension: str) -> Path:
    """Where the file is, or would be. Raises ValueError as `relative_path` does."""
    return root / relative_path(sha256, extension)


def put(root: Path, data: bytes, *, sha256: str, extension: str) -> Path:
    """Store the bytes unless they are here; the path below `root`. Two writers do no harm.

    Raises ValueError when the hash is not that of the bytes: the file would lie about itself for ever.
    """
    relative = relative_path(sha256, extension)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"the bytes do not have the hash {sha256}")
    if not (root / relative).exists():
        write(root / relative, data)
    return relative


def write(path: Path, data: bytes) -> None:
    """The whole file at once or not at all, also when two write it or the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A renamed file outlives a power failure only when its folder was written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
