"""Packages that call out with `requests` go through the same guarded client as everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pimhub.foundation.requests_session import Trouble, guarded_session


class Peer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        moved = self.path == "/moved"
        body = b'{"said": "' + self.headers.get("Authorization", "").encode() + b'"}'
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/")
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_answers_as_requests_does(origin: str) -> None:
    with guarded_session(timeout=5, allowed_origins=[origin]) as session:
        answer = session.get(origin, headers={"Authorization": "Bearer x"})
        assert answer.json() == {"said": "Bearer x"}
        assert answer.headers["content-type"].startswith("application/json")
        refused = session.post(origin, data={"a": "b c"})
        assert (refused.status_code, refused.text) == (400, "a=b+c")
        with pytest.raises(Trouble):
            refused.raise_for_status()


def test_it_follows_nobody(origin: str) -> None:
    with guarded_session(timeout=5, allowed_origins=[origin]) as session, pytest.raises(Trouble):
        session.get(f"{origin}/moved")


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/", "https://127.0.0.1:1/", "https://localhost/", "file:///etc/passwd", "https://[::1]/"]
)
def test_what_is_not_allowed_is_not_called(url: str) -> None:
    with guarded_session(timeout=5) as session, pytest.raises(Trouble):
        session.get(url)
