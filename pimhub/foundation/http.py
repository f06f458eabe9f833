"""The one outbound client: timeouts, caps, SSRF guard, redaction.

Every call that leaves the house goes through `send`. Requests and responses are plain values,
so that whoever builds them (connectors) needs no socket, and a preview shows the same bytes.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import httpcore2
import httpx2

logger = logging.getLogger("pimhub.http")

MAX_BYTES = 10 * 1024 * 1024
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call, complete. `secret_headers` names headers whose values are never shown or logged."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    secret_headers: frozenset[str] = frozenset({"authorization", "x-shopify-access-token"})
    secret_body: bool = False

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


class Refused(Exception):
    """The guard does not let this address be called; nothing was sent."""


def send(
    request: Request,
    *,
    timeout: float = 30.0,
    max_bytes: int = MAX_BYTES,
    allowed_origins: Collection[str] = (),
) -> Response:
    """Send one call; never raises for trouble on the network (see `Response`).

    `timeout` (seconds) bounds the whole call. Only public addresses are called, on ports 80 and 443,
    but for exact `allowed_origins` such as "http://127.0.0.1:8001". Redirects are not followed.
    """
    started = time.monotonic()
    response = _send(request, started + timeout, max_bytes, frozenset(allowed_origins))
    logger.info(
        "outgoing call",
        extra={
            "method": request.method,
            "address": _shown(request.url),
            "status": response.status,
            "milliseconds": int((time.monotonic() - started) * 1000),
            "problem": response.error,
        },
    )
    return response


def _shown(url: str) -> str:
    """Scheme, host and path: what a log may hold of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "not an address"
    return f"{parts.scheme}://{parts.hostname}{parts.path}"


def fetch(
    url: str, *, timeout: float = 30.0, max_bytes: int = MAX_BYTES, allowed_origins: Collection[str] = ()
) -> Response:
    """GET `url`, following at most three redirects, each under the same guard."""
    for _ in range(4):
        request = Request("GET", url, {"User-Agent": "PIMHub"})
        response = send(request, timeout=timeout, max_bytes=max_bytes, allowed_origins=allowed_origins)
        if response.status not in REDIRECTS or "location" not in response.headers:
            return response
        url = urljoin(url, response.headers["location"])
    return Response(0, error="refused: more than three redirects", sent=False)


def _send(request: Request, deadline: float, max_bytes: int, allowed: frozenset[str]) -> Response:
    try:
        _check_address(request.url, allowed)
        client = _client(allowed)
        left = max(deadline - time.monotonic(), 0.001)
        with client.stream(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body or None,
            timeout=left,
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            body = _read(answer.iter_bytes(), deadline, max_bytes)
            return Response(answer.status_code, headers, body)
    except Refused as error:
        return Response(0, error=f"refused: {error}", sent=False)
    except (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        httpx2.UnsupportedProtocol,
    ) as error:
        return Response(0, error=f"no connection: {error}", sent=False)
    except httpx2.InvalidURL as error:
        return Response(0, error=f"refused: {error}", sent=False)
    except (httpx2.LocalProtocolError, ValueError):
        # The library's words may quote the header, and with it a secret.
        return Response(0, error="refused: the address or a header is not legal", sent=False)
    except httpx2.HTTPError as error:
        return Response(0, error=f"{type(error).__name__}: {error}", sent=True)
    except _TooMuch as error:
        return Response(0, error=str(error), sent=True)


class _TooMuch(Exception):
    """The answer is too large or too slow."""


def _read(chunks: Iterable[bytes], deadline: float, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise _TooMuch(f"answer larger than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise _TooMuch("the answer took too long")
    return bytes(body)


def _check_address(url: str, allowed: frozenset[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{parts.scheme or 'nothing'} is not http or https")
    if parts.username or parts.password:
        raise Refused("an address must not hold a name or password")
    try:
        port = parts.port
    except ValueError as error:
        raise Refused(str(error)) from error
    if f"{parts.scheme}://{parts.netloc}" not in allowed and port not in (None, 80, 443):
        raise Refused(f"port {port}")


@lru_cache(maxsize=16)
def _client(allowed: frozenset[str]) -> httpx2.Client:
    """One pool of connections per set of allowed origins, shared by the threads of a process."""
    transport = httpx2.HTTPTransport(trust_env=False)
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=httpx2.create_ssl_context(trust_env=False),
        max_connections=50,
        max_keepalive_connections=20,
        keepalive_expiry=5.0,
        network_backend=GuardedBackend(allowed),
    )
    client = httpx2.Client(transport=transport, follow_redirects=False, trust_env=False)
    # One client serves many channels: no cookie of one may reach another.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


class GuardedBackend(httpcore2.SyncBackend):
    """Resolves a host once, checks every address, and connects to just the one that was checked.

    The name stays in Host and in TLS, so certificates are verified as usual; a second look-up, which
    could answer differently (DNS rebinding), never happens.
    """

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__()
        self.private = {(p.hostname, p.port or {"http": 80, "https": 443}[p.scheme]) for p in map(urlsplit, allowed)}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved") from error
        addresses = [str(item[4][0]) for item in found]
        if (host, port) not in self.private:
            for address in addresses:
                if not is_public(address):
                    raise Refused(f"{host} is a private address")
        return super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, seen through every kind of wrapping."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
