"""A picture by its address: which failures end at once, and which are tried again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from catalog.media.fetch import FetchFailed, download
from catalog.media.inspect import MAX_BYTES
from pimhub.foundation import http
from pimhub.foundation.http import Response
from tests.catalog.media.pictures import photo, saved

PICTURE = saved(photo(), "JPEG")
LARGE = PICTURE + bytes(12 * 1024 * 1024)  # more than other calls may bring, less than a picture may have


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bodies = {"/a.jpg": PICTURE, "/large.jpg": LARGE, "/huge.jpg": bytes(MAX_BYTES + 1), "/page": b"<html>Hi"}
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.jpg")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = bodies.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def failure(url: str, send: Callable[..., Response] = http.fetch, allowed: Collection[str] = ()) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        download(url, send=send, allowed_origins=allowed)
    assert failed.value.message == str(failed.value)
    return failed.value


@pytest.mark.parametrize(("path", "data"), [("/a.jpg", PICTURE), ("/moved", PICTURE), ("/large.jpg", LARGE)])
def test_the_bytes_come_as_they_are(shop: str, path: str, data: bytes) -> None:
    assert download(shop + path, send=http.fetch, allowed_origins=[shop]) == data


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [("/none.jpg", "gone", "404"), ("/huge.jpg", "too_large", "20 MB"), ("/page", "not_a_picture", "a web page")],
)
def test_what_cannot_heal_ends_at_once(shop: str, path: str, code: str, words: str) -> None:
    failed = failure(shop + path, allowed=[shop])
    assert (failed.code, failed.permanent) == (code, True)
    assert words in failed.message


def test_a_private_address_ends_at_once(shop: str) -> None:
    failed = failure(f"{shop}/a.jpg")
    assert (failed.code, failed.permanent) == ("refused", True)
    assert "PIMHUB_ALLOWED_ORIGINS" in failed.message


def test_an_unknown_host_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    failed = failure("https://bilder.example/a.jpg")
    assert (failed.code, failed.permanent) == ("unknown_host", True)
    assert "bilder.example" in failed.message


def test_a_server_that_is_down_may_come_back() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{probe.getsockname()[1]}"
    failed = failure(f"{origin}/a.jpg", allowed=[origin])
    assert (failed.code, failed.permanent) == ("no_connection", False)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (204, "no_picture", True), (304, "no_picture", True), (400, "no_picture", True), (401, "forbidden", True),
        (403, "forbidden", True), (404, "gone", True), (408, "busy", False), (410, "gone", True),
        (425, "busy", False), (429, "busy", False), (500, "server", False), (503, "server", False),
        (520, "server", False),
    ],
)  # fmt: skip
def test_each_status_has_one_meaning(status: int, code: str, permanent: bool) -> None:
    failed = failure("https://shop.example/a.jpg?key=geheim", send=lambda url, **limits: Response(status))
    assert (failed.code, failed.permanent) == (code, permanent)
    assert "shop.example" in failed.message
    assert str(status) in failed.message
    assert "geheim" not in failed.message


def test_a_lost_answer_is_asked_for_again() -> None:
    lost = Response(0, error="no complete answer within 20 seconds")
    failed = failure("https://shop.example/a.jpg", send=lambda url, **limits: lost)
    assert (failed.code, failed.permanent) == ("no_answer", False)


@pytest.mark.parametrize("url", ["", "http://[::1", "ftp://shop.example/a.jpg"])
def test_an_address_that_is_none_ends_at_once(url: str) -> None:
    failed = failure(url)
    assert (failed.code, failed.permanent) == ("refused", True)
