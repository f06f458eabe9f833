"""What was asked of the sandbox: the log of calls, and the violations among them.

A violation is something that a correct client never sends (an unknown field, a missing
directive). Wrong product data and answers of the chaos wall are none.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from channels.sandbox.http import Call
from channels.sandbox.store import Store

_LONGEST_REQUEST = 20_000


@dataclass(slots=True)
class Record:
    """What one call turned out to be, filled in while it is served."""

    channel: str
    operation: str = ""
    ids: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    violations: list[tuple[str, str]] = field(default_factory=list)  # (code, reason)
    chaos: str = ""

    def violate(self, code: str, reason: str) -> None:
        self.violations.append((code, reason))

    def effect(self, what: str, id: str) -> None:
        self.effects.append(f"{what} {id}")
        self.touch(id)

    def touch(self, id: str) -> None:
        if id not in self.ids:
            self.ids.append(id)


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def keep(store: Store, call: Call, record: Record, *, status: int, seconds: float) -> None:
    """Write the call and its violations. Part of the transaction of the call itself."""
    operation = record.operation or f"{call.method} {call.path}"
    store.next(f"calls.{record.channel}.{operation}")
    number = store.next("call")
    entry: dict[str, Any] = {
        "number": number,
        "time": now(),
        "channel": record.channel,
        "operation": operation,
        "status": status,
        "ids": record.ids,
        "effects": record.effects,
        "chaos": record.chaos,
        "milliseconds": round(seconds * 1000, 1),
    }
    store.put("call", str(number), entry)
    for code, reason in record.violations:
        violation = store.next("violation")
        body = {
            "number": violation,
            "time": entry["time"],
            "channel": record.channel,
            "operation": operation,
            "code": code,
            "reason": reason,
            "request": _request(call),
        }
        store.put("violation", str(violation), body)


def _request(call: Call) -> dict[str, Any]:
    """The request as it came, without its credentials; a long body is cut and says so."""
    text = call.body[:_LONGEST_REQUEST].decode("utf-8", "replace")
    if len(call.body) > _LONGEST_REQUEST:
        text += f"… ({len(call.body)} bytes in all)"
    return {"method": call.method, "path": call.path, "query": dict(call.query), "body": text}
