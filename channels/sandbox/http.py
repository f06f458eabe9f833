"""One HTTP call as a value, and its answer. The channels see these, never a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is still percent-encoded and has no query; header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The body's parameters, form-encoded or JSON; {} when it is neither."""
        if "json" in self.headers.get("content-type", ""):
            try:
                value = json.loads(self.body)
            except ValueError:
                return {}
            return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))


@dataclass(frozen=True, slots=True)
class Reply:
    """`drop` closes the connection without a byte, as a server that died would; `cut` promises more than it sends."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False


def json_reply(status: int, value: Any, **headers: str) -> Reply:
    """Header names are given with underscores: `Retry_After="2"`."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, headers={name.replace("_", "-"): text for name, text in headers.items()})
