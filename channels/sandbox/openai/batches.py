"""Files and batches: lines that are answered when somebody asks for the second time, in another order than they came.

The model's name chooses what goes wrong: sandbox-batch-missing leaves an answer out, sandbox-batch-expired ends early.
One that is cancelled ends with what was answered by then: the first half.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from channels.sandbox.http import Call, Reply, json_reply

MISSING, EXPIRED = "sandbox-batch-missing", "sandbox-batch-expired"
Answering = Callable[[str, bytes], Reply]


class Batches:
    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._batches: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def handle(self, call: Call, answering: Answering) -> Reply | None:
        """None for an address that there is not."""
        _, _, kind, *rest = call.path.split("/")
        if call.method == "POST" and not rest:
            return self._upload(call.body) if kind == "files" else self._make(call)
        if call.method == "POST" and kind == "batches" and rest[1:] == ["cancel"] and rest[0] in self._batches:
            return self._cancel(rest[0])
        if call.method == "GET" and kind == "files" and rest[1:] == ["content"] and rest[0] in self._files:
            return Reply(200, self._files[rest[0]].encode(), content_type="application/jsonl")
        if call.method == "GET" and kind == "batches" and len(rest) == 1 and rest[0] in self._batches:
            return self._look(rest[0], answering)
        return None

    def _upload(self, body: bytes) -> Reply:
        """The lines of a multipart body: each is JSON, and nothing around them is."""
        lines = [line for line in body.decode("utf-8", "replace").splitlines() if line.startswith("{")]
        file = self._keep("\n".join(lines))
        return json_reply(200, _file(file, len(body)))

    def _keep(self, content: str) -> str:
        with self._lock:
            name = f"file-{len(self._files) + 1}"
            self._files[name] = content
        return name

    def _make(self, call: Call) -> Reply:
        given = call.form()
        if given.get("input_file_id") not in self._files:
            return json_reply(
                400, {"error": {"message": "No such file.", "type": "invalid_request_error", "code": None}}
            )
        with self._lock:
            name = f"batch_{len(self._batches) + 1}"
            self._batches[name] = {
                "id": name,
                "object": "batch",
                "endpoint": given.get("endpoint"),
                "input_file_id": given["input_file_id"],
                "completion_window": "24h",
                "status": "validating",
                "created_at": 0,
                "output_file_id": None,
                "error_file_id": None,
            }
        return json_reply(200, self._batches[name])

    def _cancel(self, name: str) -> Reply:
        batch = self._batches[name]
        if batch["status"] not in ("validating", "in_progress"):
            message = f"Cannot cancel a batch with status '{batch['status']}'."
            return json_reply(400, {"error": {"message": message, "type": "invalid_request_error", "code": None}})
        batch["status"] = "cancelling"
        return json_reply(200, batch)

    def _look(self, name: str, answering: Answering) -> Reply:
        batch = self._batches[name]
        if batch["status"] == "validating":
            batch["status"] = "in_progress"
        elif batch["status"] in ("in_progress", "cancelling"):
            self._finish(batch, answering)
        return json_reply(200, batch)

    def _finish(self, batch: dict[str, Any], answering: Answering) -> None:
        good: list[str] = []
        bad: list[str] = []
        rows = [json.loads(line) for line in self._files[batch["input_file_id"]].splitlines()]
        models = {str(row["body"].get("model")) for row in rows}
        cut = EXPIRED in models or batch["status"] == "cancelling"
        kept = rows[: len(rows) // 2] if cut else rows[1:] if MISSING in models else rows
        for row in reversed(kept):
            reply = answering(str(row["url"]), json.dumps(row["body"]).encode())
            try:
                body = json.loads(reply.body)
            except ValueError:
                body = {"error": {"message": "server error", "code": "server_error"}}
            line = {
                "id": f"batch_req_{row['custom_id']}",
                "custom_id": row["custom_id"],
                "response": {"status_code": reply.status or 500, "request_id": f"req_{row['custom_id']}", "body": body},
                "error": None,
            }
            (good if reply.status == 200 else bad).append(json.dumps(line))
        batch["output_file_id"] = self._keep("\n".join(good)) if good else None
        batch["error_file_id"] = self._keep("\n".join(bad)) if bad else None
        ends = "expired" if EXPIRED in models else "completed"
        batch["status"] = "cancelled" if batch["status"] == "cancelling" else ends


def _file(name: str, size: int) -> dict[str, Any]:
    return {
        "id": name,
        "object": "file",
        "bytes": size,
        "created_at": 0,
        "filename": "requests.jsonl",
        "purpose": "batch",
        "status": "processed",
    }
