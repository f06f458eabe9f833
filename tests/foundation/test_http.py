"""The outbound client on a real socket: what it refuses, what it never raises, what it says was sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pimhub.foundation import http
from pimhub.foundation.http import Request, is_public


class Peer(BaseHTTPRequestHandler):
    """Answers by path."""

    hits = 0

    def do_GET(self) -> None:
        type(self).hits += 1
        match self.path:
            case "/plain":
                self._answer(200, b"hello")
            case "/big":
                self._answer(200, b"x" * 3_000_000)
            case "/redirect-home":
                self.send_response(302)
                self.send_header("Location", "/plain")
                self.end_headers()
            case "/redirect-inside":
                self.send_response(302)
                self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
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

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def peer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    Peer.hits = 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def get(url: str, allowed: tuple[str, ...] = (), **given: float) -> http.Response:
    return http.send(Request("GET", url), allowed_origins=allowed, **given)  # type: ignore[arg-type]


def test_an_allowed_origin_answers(peer: str) -> None:
    response = get(f"{peer}/plain", (peer,))
    assert (response.status, response.body) == (200, b"hello")


def test_loopback_is_refused_unless_it_is_listed(peer: str) -> None:
    response = get(f"{peer}/plain")
    assert (response.status, response.sent) == (0, False)
    assert response.error.startswith("refused")
    assert Peer.hits == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "[fe80::1]", "[fc00::1]", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.255.255.254",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_gets_through(host: str) -> None:
    response = get(f"http://{host}/plain", timeout=3)
    assert (response.status, response.sent) == (0, False)
    assert "refused" in response.error or "cannot be resolved" in response.error


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "http://user:pw@example.com/", "gopher://x/",
                                 "http://example.com:22/", "http:///nothing", "http://example.com:99999/"])  # fmt: skip
def test_other_schemes_ports_and_passwords_are_refused(url: str) -> None:
    response = get(url)
    assert (response.status, response.sent) == (0, False)
    assert response.error.startswith("refused")


def test_a_name_is_looked_up_once_and_that_answer_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is checked, private a moment later."""
    asked: list[str] = []

    def rebinding(host: str, port: int, **kwargs: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "203.0.113.7" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(http.socket, "getaddrinfo", rebinding)
    assert get("http://rebind.example/").error.startswith("refused")
    assert asked == ["rebind.example"]


def test_redirects_are_not_followed_by_send(peer: str) -> None:
    assert get(f"{peer}/redirect-home", (peer,)).status == 302


def test_fetch_checks_every_hop(peer: str) -> None:
    assert http.fetch(f"{peer}/redirect-home", allowed_origins=(peer,)).body == b"hello"
    assert http.fetch(f"{peer}/redirect-inside", allowed_origins=(peer,)).error.startswith("refused")


def test_the_deadline_holds_for_the_whole_answer(peer: str) -> None:
    started = time.monotonic()
    response = get(f"{peer}/drip", (peer,), timeout=0.5)
    assert time.monotonic() - started < 2
    assert (response.status, response.sent) == (0, True)


def test_a_large_answer_is_cut_off(peer: str) -> None:
    response = get(f"{peer}/big", (peer,), max_bytes=100_000)
    assert (response.status, response.sent) == (0, True)
    assert "larger" in response.error


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


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_a_secret_in_an_illegal_header_is_not_told(peer: str) -> None:
    request = Request("GET", f"{peer}/plain", {"Authorization": "Bearer geheim\nmore"})
    response = http.send(request, allowed_origins=(peer,))
    assert (response.status, response.sent) == (0, False)
    assert "geheim" not in response.error


@pytest.mark.parametrize("url", ["http://[::1/", "http://ex ample.com/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    response = get(url, timeout=3)
    assert (response.status, response.sent) == (0, False)
