"""A backup becomes an instance again: checked first, into an empty home, and calling nobody until people say so."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from pimhub.backup import FORMAT, KEYS, MANIFEST, ROOMS, CannotBackUp, copied, postgres

DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
REASON = "Restored from a backup. Resume the channel here if this instance takes over."


class CannotRestore(Exception):
    """The text says why, and what to do. Nothing was changed."""


def restore(folder: Path) -> dict[str, Any]:
    """Fill the empty home and database from a backup. Raises CannotRestore.

    1 the backup fits this version · 2 home and database are empty · 3 every file has its hash · 4 files and keys ·
    5 the database, in which nothing calls out any more.
    """
    started = time.monotonic()
    home: Path = settings.PIMHUB_HOME
    manifest = _manifest(folder)
    _check_empty(home)
    _check_files(folder, manifest["files"])
    name = DATABASES[connection.vendor]
    for path in manifest["files"]:
        if path != name:
            copied(folder / path, home / path)
    if connection.vendor == "sqlite":
        _place_sqlite(folder / name)
    else:
        _place_postgres(folder / name)
    return {
        "folder": str(folder),
        "version": manifest["version"],
        "environment": manifest["environment"],
        "created": manifest["created"],
        "files": len(manifest["files"]),
        "bytes": sum(file["bytes"] for file in manifest["files"].values()),
        "keys_elsewhere": manifest["keys_elsewhere"],
        "seconds": round(time.monotonic() - started, 3),
    }


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = orjson.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise CannotRestore(f"{folder} holds no {MANIFEST}: it is no backup, or one that was not finished.") from error
    except ValueError as error:
        raise CannotRestore(f"{folder / MANIFEST} cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CannotRestore(f"{folder} is a backup of another format. Restore it with the version that made it.")
    if found["database"] != connection.vendor:
        words = f"It was made of {found['database']}, and this instance uses {connection.vendor}. Set DATABASE_URL."
        raise CannotRestore(words)
    known = {".".join(key) for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if newer := sorted(set(found["migrations"]) - known):
        raise CannotRestore(f"Version {found['version']} made it, which is newer ({newer[0]}, …). Update first.")
    for path in found["files"]:
        parts = PurePosixPath(path).parts
        inside = ".." not in parts and not path.startswith("/")
        if not inside or (parts[0] not in ROOMS and path not in {*KEYS, DATABASES[connection.vendor]}):
            raise CannotRestore(f"The backup holds “{path}”, which has no place in an instance.")
    return found


def _check_empty(home: Path) -> None:
    held = [path for room in ROOMS for path in (home / room).rglob("*") if path.is_file()]
    if held:
        first = held[0].relative_to(home)
        raise CannotRestore(f"{home} is in use: it holds {first}. Restore into an empty PIMHUB_HOME.")
    if tables := _tables():
        raise CannotRestore(f"The database is in use: it holds the table {tables[0]}. Restore into an empty one.")


def _tables() -> list[str]:
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as held:
            return [name for (name,) in held.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return sorted(connection.introspection.table_names())


def _check_files(folder: Path, files: Mapping[str, Any]) -> None:
    for path, told in files.items():
        try:
            with (folder / path).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise CannotRestore(f"The backup lacks {path}, which its manifest names.") from error
        if found != told["sha256"]:
            raise CannotRestore(f"{path} was changed or damaged since the backup was made. Use another backup.")


def _place_sqlite(source: Path) -> None:
    target = Path(str(connection.settings_dict["NAME"]))
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        copied(source, draft)
        with closing(sqlite3.connect(draft)) as held:
            columns = {table: [row[1] for row in held.execute(f"PRAGMA table_info({table})")] for table in _QUIET}
            for statement, values in _quietly(columns):
                held.execute(statement.replace("%s", "?"), values)
            held.commit()
        connection.close()
        for rest in ("-wal", "-shm"):
            target.with_name(target.name + rest).unlink(missing_ok=True)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _place_postgres(source: Path) -> None:
    database = str(connection.settings_dict["NAME"])
    try:
        options = ("--single-transaction", "--no-owner", "--exit-on-error", f"--dbname={database}")
        postgres("pg_restore", *options, str(source))
    except CannotBackUp as error:
        raise CannotRestore(str(error)) from error
    with connection.cursor() as cursor:
        columns = {
            table: [column.name for column in connection.introspection.get_table_description(cursor, table)]
            for table in _QUIET
            if table in connection.introspection.table_names(cursor)
        }
        for statement, values in _quietly(columns):
            cursor.execute(statement, values)


# What would call out or cost money, and how it is stilled. `environment`: of no instance, until a person resumes it.
_QUIET: dict[str, dict[str, Any]] = {
    "channels_channel": {
        "paused": True,
        "pause_reason": REASON,
        "environment": "",
        "access_token_encrypted": "",
        "access_token_until": None,
    },
    # Files are moved away where they are taken from: another instance would miss them.
    "catalog_source": {
        "enabled": False,
        "problem": "Restored from a backup. Switch it on if this instance takes over.",
    },
    "governance_aiprovider": {"is_paused": True, "problem": "Restored from a backup."},
    "django_session": {},
}


def _quietly(columns: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, list[Any]]]:
    """Statements for the columns that there are: an older backup may lack some."""
    for table, known in columns.items():
        wanted = {name: value for name, value in _QUIET[table].items() if name in known}
        if wanted:
            fields = ", ".join(f"{name} = %s" for name in wanted)
            yield f"UPDATE {table} SET {fields}", list(wanted.values())  # noqa: S608
        elif known and not _QUIET[table]:
            yield f"DELETE FROM {table}", []  # noqa: S608
