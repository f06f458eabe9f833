"""Files by their hash: once, whole, and nowhere else."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.media.storage import path_of, put, relative_path

DATA = b"a picture" * 100_000
HASH = hashlib.sha256(DATA).hexdigest()


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_file_lies_under_its_hash(tmp_path: Path) -> None:
    assert put(tmp_path, DATA, sha256=HASH, extension=".jpg") == Path(HASH[:2], HASH[2:4], f"{HASH}.jpg")
    assert path_of(tmp_path, HASH, ".jpg").read_bytes() == DATA
    assert files(tmp_path) == [path_of(tmp_path, HASH, ".jpg")]


def test_a_second_time_writes_nothing(tmp_path: Path) -> None:
    put(tmp_path, DATA, sha256=HASH, extension=".jpg")
    before = path_of(tmp_path, HASH, ".jpg").stat()
    put(tmp_path, DATA, sha256=HASH, extension=".jpg")
    after = path_of(tmp_path, HASH, ".jpg").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: put(tmp_path, DATA, sha256=HASH, extension=".jpg"), range(40)))
    assert len(paths) == 1
    assert files(tmp_path) == [tmp_path / paths.pop()]
    assert path_of(tmp_path, HASH, ".jpg").read_bytes() == DATA


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, DATA, sha256=HASH, extension=".jpg")
    assert files(tmp_path) == []


def test_a_file_may_not_lie_about_itself(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not have the hash"):
        put(tmp_path, DATA + b"!", sha256=HASH, extension=".jpg")
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", HASH[:-1], HASH + "0", HASH.upper(), HASH[:-1] + "\n", "ä" * 64]
)
def test_only_a_hash_is_a_name(tmp_path: Path, name: str) -> None:
    for call in (lambda: relative_path(name, ".jpg"), lambda: path_of(tmp_path, name, ".jpg")):
        with pytest.raises(ValueError, match="not the name"):
            call()
    with pytest.raises(ValueError, match="not the name"):
        put(tmp_path, DATA, sha256=name, extension=".jpg")
    assert files(tmp_path) == []


@pytest.mark.parametrize("extension", ["", "jpg", "./x", ".jpg/../x", ".JPG", ".j\n"])
def test_only_a_plain_extension_is_taken(extension: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        relative_path(HASH, extension)
