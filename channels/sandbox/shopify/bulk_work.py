"""The work of bulk operations: line by line, each line in a transaction of its own, in a thread beside the calls.

What is under way is in the store, so a sandbox that was killed goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.sandbox.http import Call
from channels.sandbox.journal import Record, keep
from channels.sandbox.settings import settings
from channels.sandbox.shopify import rules
from channels.sandbox.shopify.bulk import under_way
from channels.sandbox.shopify.graph import Context
from channels.sandbox.shopify.staged import staged_file
from channels.sandbox.shopify.wall import Illegal, read_request, run
from channels.sandbox.store import Document, Store

log = logging.getLogger(__name__)

_AT_A_TIME = 20  # lines of one operation, then of the next


@dataclass(slots=True)
class BulkWork:
    """`tell` is called with the effects of each line, as for any call."""

    store: Store
    tell: Callable[[Sequence[str]], None] = lambda effects: None
    _wake: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def ring(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-bulk", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self) -> None:
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._over.is_set():
            found = under_way(self.store)
            if not found:
                self._wake.wait()
                self._wake.clear()
            for operation in found:
                try:
                    self._advance(operation["id"])
                except Exception:
                    log.exception("sandbox failure in %s", operation["id"])
                    self._end(operation["id"], "FAILED", "INTERNAL_SERVER_ERROR")

    def _advance(self, id: str) -> None:
        lines: list[str] = []
        for _ in range(_AT_A_TIME):
            if self._over.is_set():
                return None
            begun = time.monotonic()
            while time.monotonic() - begun < (knobs := settings(self.store, "shopify"))["bulk_seconds"]:
                if self._over.wait(0.05):
                    return None
            operation = self.store.get("bulk", id)
            if operation is None:  # the sandbox was emptied
                return None
            if operation["status"] == "CANCELING":
                return self._end(id, "CANCELED", None)
            lines = lines or ((staged_file(self.store, operation["_path"]) or {}).get("body") or "").splitlines()
            broken = knobs["bulk_fail_after"]
            if broken is not None and operation["_done"] >= broken:
                return self._end(id, "FAILED", "INTERNAL_SERVER_ERROR")
            if operation["_done"] >= len(lines):
                return self._end(id, "COMPLETED", None)
            self._line(operation, lines[operation["_done"]])
        return None

    def _line(self, operation: Document, line: str) -> None:
        record, started, number = Record("shopify"), time.monotonic(), operation["_done"]
        with self.store.transaction():
            operation = self.store.get("bulk", operation["id"]) or operation
            row = self._executed(operation, line, record)
            self.store.put(
                "bulk_row", f"{operation['id']}/{number}", row | {"__lineNumber": number}, parent=operation["id"]
            )
            operation["_done"] = number + 1
            operation["objectCount"] = operation["rootObjectCount"] = str(number + 1)
            if operation["status"] == "CREATED":
                operation["status"] = "RUNNING"
            self.store.put("bulk", operation["id"], operation)
            call = Call("LINE", f"{operation['id']} {number}", (), {}, line.encode())
            keep(self.store, call, record, status=200, seconds=time.monotonic() - started)
        self.tell(record.effects)

    def _executed(self, operation: Document, line: str, record: Record) -> dict[str, Any]:
        """The line's answer as a single call would have had it, without its cost."""
        record.operation = "bulk line"
        try:
            variables = json.loads(line)
        except ValueError as error:
            record.violate("INVALID_JSON", f"line {operation['_done']}: {error}")
            return {"errors": [{"message": f"Invalid JSON: {error}"}]}
        try:
            request = read_request(operation["query"], variables, None)
            record.operation = " ".join(root.name for root in request.roots)
            for root in request.roots:
                rules.check(root)
        except Illegal as illegal:
            for told in illegal.errors:
                record.violate(told["extensions"]["code"], told["message"])
            return {"errors": illegal.errors}
        data, errors = run(request, Context(self.store, record, dt.datetime.now(dt.UTC), operation["_origin"]))
        return {"data": data} | ({"errors": errors} if errors else {})

    def _end(self, id: str, status: str, error: str | None) -> None:
        with self.store.transaction():
            operation = self.store.get("bulk", id) or {}
            size = sum(len(json.dumps(row)) for row in self.store.children("bulk_row", id))
            stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            operation |= {"status": status, "errorCode": error, "fileSize": str(size)}
            if status == "COMPLETED":
                operation["completedAt"] = stamp
            self.store.put("bulk", id, operation)
        self.tell([f"bulk.finished {id}"])
