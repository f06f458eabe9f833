"""What the sandbox remembers: JSON documents by kind and id, in one SQLite file.

Every call runs in one transaction that is committed before the answer leaves, so that a
process killed at any moment still holds everything it has answered for.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_TABLE = """
CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, parent TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_parent ON document (kind, parent, seq);
CREATE INDEX IF NOT EXISTS document_seq ON document (kind, seq);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


class Store:
    """Documents in insertion order within a kind; `parent` groups them (the variants of a product)."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # WAL with NORMAL survives kill -9 of the process; only a power cut could lose the last call.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLE)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Nested use is a savepoint: an inner failure undoes the inner part only."""
        with self._lock:
            name = f"level{self._depth}"
            self._db.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {name}")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._db.execute("ROLLBACK" if self._depth == 0 else f"ROLLBACK TO {name}")
                raise
            self._depth -= 1
            self._db.execute("COMMIT" if self._depth == 0 else f"RELEASE {name}")

    def get(self, kind: str, id: str) -> Document | None:
        with self._lock:
            row = self._db.execute("SELECT body FROM document WHERE kind=? AND id=?", (kind, id)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, id: str, body: Document, *, parent: str = "") -> None:
        """Insert or replace; a replaced document keeps its place in the order and its parent."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO document (kind, id, seq, parent, body) "
                "VALUES (?, ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM document WHERE kind = ?), ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, id, kind, parent, json.dumps(body, ensure_ascii=False)),
            )

    def delete(self, kind: str, id: str) -> bool:
        with self.transaction():
            return self._db.execute("DELETE FROM document WHERE kind=? AND id=?", (kind, id)).rowcount > 0

    def all(self, kind: str) -> list[Document]:
        with self._lock:
            rows = self._db.execute("SELECT body FROM document WHERE kind=? ORDER BY seq", (kind,)).fetchall()
        return [json.loads(body) for (body,) in rows]

    def children(self, kind: str, parent: str) -> list[Document]:
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM document WHERE kind=? AND parent=? ORDER BY seq", (kind, parent)
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def naming(self, kind: str, text: str) -> list[Document]:
        """Documents in which a string of exactly this text stands, in the order of ids."""
        quoted = json.dumps(text, ensure_ascii=False)
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM document WHERE kind=? AND instr(body, ?) ORDER BY id", (kind, quoted)
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def after(self, kind: str, seq: int) -> list[tuple[int, Document]]:
        """Documents younger than `seq`, with their numbers: the tail of a log."""
        with self._lock:
            rows = self._db.execute(
                "SELECT seq, body FROM document WHERE kind=? AND seq>? ORDER BY seq", (kind, seq)
            ).fetchall()
        return [(number, json.loads(body)) for number, body in rows]

    def count(self, kind: str) -> int:
        with self._lock:
            (number,) = self._db.execute("SELECT COUNT(*) FROM document WHERE kind=?", (kind,)).fetchone()
        return int(number)

    def next(self, name: str, step: int = 1) -> int:
        """Add `step` to a counter that starts at 0 and return its new value."""
        with self.transaction():
            (value,) = self._db.execute(
                "INSERT INTO counter (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = value + ? RETURNING value",
                (name, step, step),
            ).fetchone()
        return int(value)

    def counters(self, prefix: str) -> dict[str, int]:
        """`{name without prefix: value}` of the counters whose name begins with `prefix`."""
        with self._lock:
            rows = self._db.execute("SELECT name, value FROM counter ORDER BY name").fetchall()
        return {name.removeprefix(prefix): value for name, value in rows if name.startswith(prefix)}

    def counter(self, name: str) -> int:
        with self._lock:
            row = self._db.execute("SELECT value FROM counter WHERE name=?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def clear(self) -> None:
        with self.transaction():
            self._db.execute("DELETE FROM document")
            self._db.execute("DELETE FROM counter")

    def close(self) -> None:
        with self._lock:
            self._db.close()
