"""All data of an instance in one folder, taken while it runs: database, pictures, files, keys, each with its hash.

The database is read first, as of one moment. Pictures are named by their bytes and written before rows speak of them,
so those copied afterwards hold all that the rows name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from catalog.media.storage import relative_path
from catalog.models import MediaAsset
from pimhub.foundation import audit

FORMAT = 1
MANIFEST = "manifest.json"
ROOMS = ("media", "imports", "feeds")  # of the home; queue, logs and static files are made anew
KEYS = {"secret.key": "PIMHUB_SECRET_KEY", "fernet.key": "PIMHUB_FERNET_KEYS", "jwt.key": "PIMHUB_JWT_KEYS"}
PIECE = 1024 * 1024


class CannotBackUp(Exception):
    """The text says why, and what to do."""


def back_up(folder: Path) -> dict[str, Any]:
    """Write a backup to `folder`, whole or not at all. Raises CannotBackUp; OSError when it cannot be written."""
    started = time.monotonic()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotBackUp(f"{folder} is not empty. Name a new folder for each backup.")
    home: Path = settings.PIMHUB_HOME
    if folder.resolve().is_relative_to(home.resolve()):
        raise CannotBackUp(f"{folder} is inside of the data folder {home}. Name a folder elsewhere.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    draft.mkdir(mode=0o700)
    try:
        name = _database(draft)
        migrations = sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())
        files = {name: _described(draft / name)}
        for path in _rooms(home):
            files[str(path.relative_to(home))] = copied(path, draft / path.relative_to(home))
        held = [key for key in KEYS if _is_used(home, key)]
        for key in held:
            files[key] = copied(home / key, draft / key)
        manifest = {
            "format": FORMAT,
            "version": settings.VERSION,
            "environment": settings.PIMHUB_ENVIRONMENT,
            "created": dt.datetime.now(dt.UTC).isoformat(),
            "database": connection.vendor,
            "migrations": migrations,
            "keys_elsewhere": [variable for key, variable in KEYS.items() if key not in held],
            "files": files,
        }
        (draft / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    total = sum(file["bytes"] for file in files.values())
    audit.record("backup", files=len(files), bytes=total)
    return {
        "folder": str(folder),
        "database": connection.vendor,
        "files": len(files),
        "bytes": total,
        "missing": _missing(files),
        "keys_elsewhere": manifest["keys_elsewhere"],
        "seconds": round(time.monotonic() - started, 3),
    }


def copied(source: Path, target: Path) -> dict[str, Any]:
    """Copy a file; {sha256, bytes} of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sha256, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
        while piece := reader.read(PIECE):
            sha256.update(piece)
            size += len(piece)
            writer.write(piece)
        writer.flush()
        os.fsync(writer.fileno())
    return {"sha256": sha256.hexdigest(), "bytes": size}


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _rooms(home: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((home / room).rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):  # dots: being written
                yield path


def _is_used(home: Path, key: str) -> bool:
    """Whether the key lies in the home, and none in the environment takes its place."""
    given = os.environ.get(KEYS[key]) or os.environ.get(f"{KEYS[key]}_FILE")
    return not given and (home / key).is_file()


def _missing(files: dict[str, Any]) -> list[str]:
    """Pictures that rows name and the home does not hold."""
    rows = MediaAsset.objects.exclude(sha256="").values_list("sha256", "extension").distinct()
    paths = (str(Path("media", relative_path(sha256, extension))) for sha256, extension in rows.iterator())
    return [path for path in paths if path not in files]


# ---- databases ---------------------------------------------------------------------------------------


def _database(folder: Path) -> str:
    """Write the database to a file in the folder, as of one moment; its name."""
    if connection.vendor == "sqlite":
        path = folder / "database.sqlite3"
        # Of its own connection: readers and writers of the instance go on meanwhile.
        with closing(_reading(str(connection.settings_dict["NAME"]))) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise CannotBackUp(f"The database is damaged: {verdict}. Restore an earlier backup.")
        path.chmod(0o600)
        return path.name
    if connection.vendor == "postgresql":
        path = folder / "database.dump"
        postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
        path.chmod(0o600)
        return path.name
    raise CannotBackUp(f"PIMHub backs up SQLite and PostgreSQL; this is {connection.vendor}.")


def _reading(name: str) -> sqlite3.Connection:
    if not name.startswith("file:"):
        return sqlite3.connect(f"{Path(name).resolve().as_uri()}?mode=ro", uri=True, timeout=60)
    return sqlite3.connect(name, uri=True, timeout=60)


def postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the configured database. Raises CannotBackUp with its words."""
    found = shutil.which(program)
    if found is None:
        raise CannotBackUp(f"{program} is not installed here. Install postgresql-client and try again.")
    held = connection.settings_dict
    given = {"PGHOST": held["HOST"], "PGPORT": held["PORT"], "PGUSER": held["USER"], "PGPASSWORD": held["PASSWORD"]}
    env = os.environ | {name: str(value) for name, value in given.items() if value} | {"PGDATABASE": str(held["NAME"])}
    done = subprocess.run([found, *arguments], env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotBackUp(f"{program} failed: {done.stderr.strip()[-1000:]}")
