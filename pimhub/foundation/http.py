"""The one outbound client: timeouts, caps, SSRF guard, redaction.

Every call that leaves the house goes through `send`. Requests and responses are plain values,
so that whoever builds them (connectors) needs no socket, and a preview shows the same bytes.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import time
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import httpcore2
import httpx2

from pimhub.foundation.guard import GuardedBackend, Refused, UnknownHost, is_public, until

logger = logging.getLogger("pimhub.http")

MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3
PIECE = 1 << 20
REDIRECTS = {301, 302, 303, 307, 308}

# How `Response.error` begins, for those who decide whether trying again can help.
REFUSED = "refused: "
UNKNOWN_HOST = "unknown host: "
TOO_LARGE = "answer larger than "


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that lies in a file, between two pieces; it is never in memory as a whole."""

    path: Path
    size: int  # of the file
    before: bytes = b""
    after: bytes = b""

    def __len__(self) -> int:
        return len(self.before) + self.size + len(self.after)

    def pieces(self) -> Iterator[bytes]:
        yield self.before
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        yield self.after


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call, complete. `secret_headers` names headers whose values are never shown or logged."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    secret_headers: frozenset[str] = frozenset({"authorization", "x-shopify-access-token", "x-amz-access-token"})
    secret_body: bool = False
    file: FileBody | None = None  # in place of `body`

    def redacted(self) -> dict[str, object]:
        """The call as people may see it."""
        shown = {
            name: "[secret]" if name.lower() in self.secret_headers else value for name, value in self.headers.items()
        }
        body = "[secret]" if self.secret_body else self.body.decode("utf-8", "replace")
        return {"method": self.method, "url": self.url, "headers": shown, "body": body}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `status` 0 means that none came: `error` says why, `sent` whether the call may have had effect."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    error: str = ""
    sent: bool = True


class _Unusable(Exception):
    """An answer came, but it is too large or cannot be read."""


def send(
    request: Request,
    *,
    timeout: float = 30.0,
    max_bytes: int = MAX_BYTES,
    allowed_origins: Collection[str] = (),
    into: IO[bytes] | None = None,
) -> Response:
    """Send one call; never raises for trouble on the network (see `Response`).

    `timeout` (seconds) bounds the whole call but the look-up of the name, which the system bounds; `max_bytes`
    the unpacked answer. Only public addresses are called, on ports 80 and 443, but for exact `allowed_origins`
    such as "http://127.0.0.1:8001". Redirects are not followed. The body goes `into` a file, if one is given, and
    never lies in memory as a whole. `error` begins with REFUSED, UNKNOWN_HOST or
    TOO_LARGE where one of these is the reason.
    """
    started = time.monotonic()
    shown = ""
    try:
        url = _parse(request.url)
        shown = _origin_text(url) + url.path
        response = _call(request, url, timeout, max_bytes, allowed_origins, into)
    except Refused as error:
        response = Response(0, error=f"{REFUSED}{error}", sent=False)
    except UnknownHost as error:
        response = Response(0, error=f"{UNKNOWN_HOST}{error}", sent=False)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        response = Response(0, error=f"no connection: {error}", sent=False)
    except httpx2.TimeoutException:
        response = Response(0, error=f"no complete answer within {timeout:g} seconds")
    except httpx2.LocalProtocolError:  # its text may quote a header, and so a secret
        response = Response(0, error="the call is not valid HTTP")
    except httpx2.HTTPError as error:
        response = Response(0, error=f"the connection broke: {error}")
    except OSError as error:  # of the file that is sent
        response = Response(0, error=f"the file could not be read: {error.strerror}")
    except _Unusable as error:
        response = Response(0, error=str(error))
    logger.info(
        "outgoing call",
        extra={
            "method": request.method,
            "address": shown,
            "status": response.status,
            "milliseconds": int((time.monotonic() - started) * 1000),
            "problem": response.error,
        },
    )
    return response


def fetch(
    url: str, *, timeout: float = 30.0, max_bytes: int = MAX_BYTES, allowed_origins: Collection[str] = ()
) -> Response:
    """GET `url`, following at most three redirects, each under the same guard; `timeout` is for all together."""
    deadline = time.monotonic() + timeout
    for _ in range(MAX_REDIRECTS + 1):
        left = max(deadline - time.monotonic(), 0.001)
        response = send(Request("GET", url), timeout=left, max_bytes=max_bytes, allowed_origins=allowed_origins)
        if response.status not in REDIRECTS or "location" not in response.headers:
            return response
        try:
            url = urljoin(url, response.headers["location"])
        except ValueError:
            return Response(0, error=f"{REFUSED}a redirect leads to an address that cannot be read", sent=False)
    return Response(0, error=f"{REFUSED}more than three redirects", sent=False)


def _call(
    request: Request,
    url: httpx2.URL,
    timeout: float,
    max_bytes: int,
    allowed_origins: Collection[str],
    into: IO[bytes] | None,
) -> Response:
    private = _is_listed(url, allowed_origins)
    if not private:
        _check_port(url)
    _check_headers(request.headers)
    client = _client(private)
    with (
        until(time.monotonic() + timeout),
        client.stream(
            request.method, url, headers=_headers_of(request), content=_content_of(request), timeout=timeout
        ) as answer,
    ):
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if into is None:
            return Response(answer.status_code, headers, b"".join(_pieces(answer, max_bytes)))
        for piece in _pieces(answer, max_bytes):
            into.write(piece)
        return Response(answer.status_code, headers)


def _headers_of(request: Request) -> dict[str, str]:
    """With the length of a file: not every storage takes a body in pieces of unknown number."""
    length = {"Content-Length": str(len(request.file))} if request.file else {}
    return {**request.headers, **length}


def _content_of(request: Request) -> bytes | Iterator[bytes] | None:
    return request.file.pieces() if request.file else request.body or None


def _pieces(answer: httpx2.Response, max_bytes: int) -> Iterator[bytes]:
    """The unpacked body. Unpacked here, as a few kB that unpack to gigabytes must stop at the cap."""
    encoding = answer.headers.get("content-encoding", "").lower()
    if encoding in ("br", "zstd", "deflate", "compress"):
        raise _Unusable(f"the answer is packed as {encoding}, which was not asked for")
    gzip = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
    left, empty = max_bytes, True
    try:
        for chunk in answer.iter_raw():
            empty = False
            # A piece at a time: a megabyte of chunks may unpack to a thousand times that.
            more = True
            while more:
                limit = min(left + 1, PIECE)
                piece = gzip.decompress(chunk, limit) if gzip else chunk
                chunk = gzip.unconsumed_tail if gzip else b""
                more = gzip is not None and (bool(chunk) or len(piece) == limit)
                left -= len(piece)
                if left < 0:
                    raise _Unusable(f"{TOO_LARGE}{max_bytes} bytes")
                yield piece
    except zlib.error as error:
        raise _Unusable("the answer cannot be unpacked") from error
    if gzip and not empty and (not gzip.eof or gzip.unused_data):
        raise _Unusable("the answer cannot be unpacked to its end")


def _parse(address: str) -> httpx2.URL:
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise Refused(f"the address cannot be read: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused(f"{url.scheme or 'an address without a scheme'} is not http or https with a host")
    if url.userinfo:
        raise Refused("an address must not hold a name or password; remove what stands before the @")
    return url


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}[url.scheme]


def check_address(address: str, *, allowed_origins: Collection[str] = ()) -> None:
    """Raises Refused for what would not be called whatever its host means: a wrong scheme, port, or private number."""
    url = _parse(address)
    if not _is_listed(url, allowed_origins):
        _check_port(url)
        if _is_number(url.host) and not is_public(url.host):
            raise Refused(
                f"{url.host} is not on the open internet; if it may be called, "
                f"list {_origin_text(url)} in PIMHUB_ALLOWED_ORIGINS"
            )


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_listed(url: httpx2.URL, allowed_origins: Collection[str]) -> bool:
    """Other protocols have origins too, which say nothing of calls by HTTP."""
    return _origin(url) in {_listed_origin(each) for each in allowed_origins if not each.startswith("sftp://")}


def _listed_origin(text: str) -> tuple[str, str, int]:
    try:
        return _origin(_parse(text))
    except Refused as error:
        raise Refused(
            f"PIMHUB_ALLOWED_ORIGINS holds “{text}”, which is no origin such as http://10.0.0.5:8080"
        ) from error


def _origin_text(url: httpx2.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _check_port(url: httpx2.URL) -> None:
    if url.port not in (None, 80, 443):
        raise Refused(
            f"port {url.port} is neither 80 nor 443; if this may be called, "
            f"list {_origin_text(url)} in PIMHUB_ALLOWED_ORIGINS"
        )


def _check_headers(headers: Mapping[str, str]) -> None:
    """Before the HTTP library does, as its messages quote the value, which may be a secret."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise Refused(f"{name} holds a line break, outer space or non-ASCII character; enter its value again")


@cache
def _client(private: bool) -> httpx2.Client:
    """Two pools, shared by the threads of a process: one for the open internet, one for allowed origins."""
    context = httpx2.create_ssl_context(trust_env=False)
    transport = httpx2.HTTPTransport(verify=context, trust_env=False)
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=context,
        max_connections=50,
        max_keepalive_connections=20,
        keepalive_expiry=5.0,
        network_backend=GuardedBackend(private=private),
    )
    return httpx2.Client(
        transport=transport,
        headers={"Accept-Encoding": "gzip", "User-Agent": "PIMHub"},
        # No cookies: what a host sets for one channel must not travel with the calls of another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


# A forked worker that shared its parent's sockets would read its parent's answers.
os.register_at_fork(after_in_child=_client.cache_clear)


class GuardedTransport(httpx2.BaseTransport):
    """Lets a vendor's SDK call out as everything else does: its client takes this transport, and each of its calls
    goes through `send`."""

    def __init__(self, *, timeout: float, allowed_origins: Collection[str] = ()) -> None:
        self.timeout, self.allowed_origins = timeout, tuple(allowed_origins)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.ConnectError when nothing was sent, ReadTimeout or ReadError when no whole answer came."""
        kept = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        call = Request(request.method, str(request.url), kept, request.read())
        answer = send(call, timeout=self.timeout, allowed_origins=self.allowed_origins)
        if answer.status:
            headers = {k: v for k, v in answer.headers.items() if k not in ("content-encoding", "transfer-encoding")}
            return httpx2.Response(answer.status, headers=headers, content=answer.body, request=request)
        if not answer.sent:
            raise httpx2.ConnectError(answer.error, request=request)
        if answer.error.startswith("no complete answer"):
            raise httpx2.ReadTimeout(answer.error, request=request)
        raise httpx2.ReadError(answer.error, request=request)


# The client sets these itself.
_NOT_PASSED_ON = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


class Captured(Exception):
    """The request that a vendor's SDK built; it went nowhere."""

    def __init__(self, body: bytes) -> None:
        super().__init__("captured")
        self.body = body


class _Capturing(httpx2.BaseTransport):
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        raise Captured(request.read())


def client_for_sdk(*, timeout: float, allowed_origins: Collection[str] = ()) -> httpx2.Client:
    """The HTTP client for a vendor's SDK; `was_sent` judges the errors that it raises."""
    transport = GuardedTransport(timeout=timeout, allowed_origins=allowed_origins)
    return httpx2.Client(transport=transport, timeout=timeout, trust_env=False)


def capturing_client() -> httpx2.Client:
    """A client that sends nothing: each call raises Captured with the body as it would be sent."""
    return httpx2.Client(transport=_Capturing(), trust_env=False)


def was_sent(error: BaseException | None) -> bool:
    """Whether a call that failed with this may have had effect."""
    return not isinstance(error, httpx2.ConnectError)
