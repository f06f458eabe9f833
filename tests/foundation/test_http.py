"""The outbound client on a real socket: what it refuses, what it never raises, what it says was sent."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from pimhub.foundation import http
from pimhub.foundation.http import FileBody, Request

BOMB = gzip.compress(bytes(50_000_000))


class Peer(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"
    hits = 0
    peers: ClassVar[set[tuple[str, int]]] = set()

    def do_GET(self) -> None:
        type(self).hits += 1
        self.peers.add(self.client_address)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = self.path in ("/drip", "/drip-headers", "/cut", "/hang", "/redirect-home")
        match self.path.partition("?")[0]:
            case "/plain":
                self._answer(200, b"hello")
            case "/big":
                self._answer(200, b"x" * 20_000_000)
            case "/gzip":
                self._answer(200, gzip.compress(b"hello"), "gzip")
            case "/gzip-cut":
                self._answer(200, gzip.compress(b"hello" * 99)[:-9], "gzip")
            case "/gzip-bomb":
                self._answer(200, BOMB, "gzip")
            case "/brotli":
                self._answer(200, b"\x0b\x02\x80hello\x03", "br")
            case "/headers":
                self._answer(200, str(self.headers).encode())
            case "/cookie":
                self.send_response(200)
                self.send_header("Set-Cookie", "session=one; Path=/")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/loop":
                self.send_response(302)
                self.send_header("Location", "/loop")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/redirect-nowhere":
                self.send_response(302)
                self.send_header("Location", "http://[::1")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/drip-headers":
                for _ in range(40):
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n" if _ == 0 else b"X-%d: y\r\n" % _)
                    self.wfile.flush()
                    time.sleep(0.1)
            case "/redirect-home":
                self.send_response(302)
                self.send_header("Location", "/plain")
                self.end_headers()
            case "/redirect-inside":
                self.send_response(302)
                self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/drip":
                self.send_response(200)
                self.end_headers()
                for _ in range(40):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            case "/cut":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"short")
            case "/hang":
                time.sleep(3)

    do_POST = do_GET

    def _answer(self, status: int, body: bytes, encoding: str = "") -> None:
        self.send_response(status)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def peer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    Peer.hits = 0
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def get(url: str, allowed: tuple[str, ...] = (), **given: float) -> http.Response:
    return http.send(Request("GET", url), allowed_origins=allowed, **given)  # type: ignore[arg-type]


def test_an_allowed_origin_answers(peer: str) -> None:
    response = get(f"{peer}/plain", (peer,))
    assert (response.status, response.body) == (200, b"hello")


def test_a_file_is_sent_with_its_length(peer: str, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"x" * 3_000_000)
    body = FileBody(path, 3_000_000, b"before", b"after")
    answer = http.send(Request("GET", f"{peer}/headers", file=body), allowed_origins=[peer])
    assert "Content-Length: 3000011" in answer.body.decode()
    path.unlink()
    gone = http.send(Request("GET", f"{peer}/headers", file=body), allowed_origins=[peer])
    assert (gone.status, gone.error) == (0, "the file could not be read: No such file or directory")


def test_loopback_is_refused_unless_it_is_listed(peer: str) -> None:
    response = get(f"{peer}/plain")
    assert (response.status, response.sent) == (0, False)
    assert response.error.startswith("refused")
    assert Peer.hits == 0


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "http://user:pw@example.com/", "gopher://x/",
                                 "http://example.com:22/", "http:///nothing", "http://example.com:99999/",
                                 "http://[::1/", "http://127.0.0.1:1x/", "//example.com/", ""])  # fmt: skip
def test_other_schemes_ports_and_passwords_are_refused(url: str) -> None:
    response = get(url)
    assert (response.status, response.sent) == (0, False)
    assert response.error.startswith("refused")


def test_redirects_are_not_followed_by_send(peer: str) -> None:
    assert get(f"{peer}/redirect-home", (peer,)).status == 302


def test_fetch_checks_every_hop(peer: str) -> None:
    assert http.fetch(f"{peer}/redirect-home", allowed_origins=(peer,)).body == b"hello"
    assert http.fetch(f"{peer}/redirect-inside", allowed_origins=(peer,)).error.startswith("refused")


@pytest.mark.parametrize("path", ["/loop", "/redirect-nowhere"])
def test_fetch_ends_where_redirects_lead_nowhere(peer: str, path: str) -> None:
    response = http.fetch(f"{peer}{path}", allowed_origins=(peer,))
    assert (response.status, response.error.startswith(http.REFUSED)) == (0, True)
    assert Peer.hits <= 1 + http.MAX_REDIRECTS


@pytest.mark.parametrize("path", ["/drip", "/drip-headers"])
def test_the_deadline_holds_for_the_whole_answer(peer: str, path: str) -> None:
    started = time.monotonic()
    response = get(f"{peer}{path}", (peer,), timeout=0.5)
    assert time.monotonic() - started < 1
    assert (response.status, response.sent) == (0, True)


def test_a_large_answer_is_cut_off(peer: str) -> None:
    response = get(f"{peer}/big", (peer,))
    assert (response.status, response.body, response.sent) == (0, b"", True)
    assert response.error == "answer larger than 10485760 bytes"


def test_packed_answers_are_unpacked(peer: str) -> None:
    response = get(f"{peer}/gzip", (peer,))
    assert (response.status, response.body) == (200, b"hello")


@pytest.mark.parametrize(("path", "words"), [("/gzip-cut", "to its end"), ("/brotli", "packed as br")])
def test_an_answer_that_cannot_be_unpacked_is_none(peer: str, path: str, words: str) -> None:
    response = get(f"{peer}{path}", (peer,))
    assert (response.status, response.body, response.sent) == (0, b"", True)
    assert words in response.error


def test_a_bomb_is_unpacked_no_further_than_the_cap(peer: str) -> None:
    """50 MB in 50 kB."""
    tracemalloc.start()
    response = get(f"{peer}/gzip-bomb", (peer,), max_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert response.error == "answer larger than 1000000 bytes"
    assert peak < 20_000_000


def test_connections_are_kept(peer: str) -> None:
    Peer.peers.clear()
    for _ in range(5):
        assert get(f"{peer}/plain", (peer,)).status == 200
    assert len(Peer.peers) == 1


def test_cookies_do_not_travel_from_call_to_call(peer: str) -> None:
    get(f"{peer}/cookie", (peer,))
    assert b"session" not in get(f"{peer}/headers", (peer,)).body


def test_proxies_of_the_environment_are_not_asked(peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    http._client.cache_clear()
    assert get(f"{peer}/plain", (peer,)).status == 200


def test_names_of_headers_are_lower_case(peer: str) -> None:
    assert get(f"{peer}/plain", (peer,)).headers["content-length"] == "5"


@pytest.mark.parametrize("value", ["geheim\n", " geheim", "geheim\r\nX-Evil: 1", "gehe\u00efm", "gehe\0im"])
def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(peer: str, value: str) -> None:
    response = http.send(Request("GET", f"{peer}/plain", {"Authorization": value}), allowed_origins=(peer,))
    assert (response.status, response.sent, Peer.hits) == (0, False, 0)
    assert response.error.startswith("refused: Authorization")
    assert "gehe" not in response.error


def test_one_line_is_logged_without_query_headers_or_body(peer: str, caplog: pytest.LogCaptureFixture) -> None:
    request = Request("POST", f"{peer}/plain?token=geheim", {"Authorization": "geheim"}, b"geheim")
    with caplog.at_level(logging.INFO, "pimhub.http"):
        http.send(request, allowed_origins=(peer,))
    [line] = caplog.records
    assert (line.method, line.address, line.status) == ("POST", f"{peer}/plain", 200)  # type: ignore[attr-defined]
    assert line.milliseconds >= 0  # type: ignore[attr-defined]
    assert "geheim" not in str(vars(line))


@pytest.mark.parametrize("path", ["/cut", "/hang"])
def test_a_lost_answer_may_have_had_effect(peer: str, path: str) -> None:
    response = get(f"{peer}{path}", (peer,), timeout=1)
    assert (response.status, response.sent) == (0, True)


def test_a_refused_connection_had_none() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{probe.getsockname()[1]}"
    response = get(origin, (origin,))
    assert (response.status, response.sent) == (0, False)


def test_secrets_are_not_shown() -> None:
    request = Request("POST", "https://x.example", {"Authorization": "Bearer abc", "X-Shopify-Access-Token": "def"})
    assert request.redacted()["headers"] == {"Authorization": "[secret]", "X-Shopify-Access-Token": "[secret]"}


def test_a_secret_in_an_illegal_header_is_not_told(peer: str) -> None:
    request = Request("GET", f"{peer}/plain", {"Authorization": "Bearer geheim\nmore"})
    response = http.send(request, allowed_origins=(peer,))
    assert (response.status, response.sent) == (0, False)
    assert "geheim" not in response.error
