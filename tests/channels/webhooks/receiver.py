"""Somebody else's server that is told of events: real HTTP, and a check of signatures that shares no code with ours."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC


def fits(secret: str, headers: dict[str, str], body: bytes, *, now: float | None = None) -> bool:
    """As the specification of Standard Webhooks says a receiver does it."""
    if abs((time.time() if now is None else now) - int(headers["webhook-timestamp"])) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    for versioned in headers["webhook-signature"].split(" "):
        version, _, signature = versioned.partition(",")
        mac = HMAC(key, SHA256())
        mac.update(headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body)
        try:
            mac.verify(base64.b64decode(signature))
        except InvalidSignature:
            continue
        return version == "v1"
    return False


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def number(self) -> int:
        return int(self.json["data"]["number"])


@dataclass
class Receiver:
    """Answers with `status`, or with what `script` says next: (status, headers)."""

    url: str
    status: int = 204
    script: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    tried: list[Got] = field(default_factory=list)
    taken: list[Got] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [got.number for got in self.taken]

    def take(self, got: Got) -> tuple[int, dict[str, str]]:
        self.tried.append(got)
        status, headers = self.script.pop(0) if self.script else (self.status, {})
        if 200 <= status < 300:
            self.taken.append(got)
        return status, headers


@contextmanager
def listening() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, body)
            status, headers = receiver.take(got)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=2)
