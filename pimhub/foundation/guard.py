"""The guard at the door: which addresses may be called, and how long a connection may be waited for.

It works where connections are made, below the HTTP library, so no spelling of a host can slip past it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore2


class Refused(Exception):
    """The guard does not let this address be called; nothing was sent."""


class UnknownHost(Exception):
    """The name has no address; nothing was sent."""


_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Every wait on a guarded connection within this block ends at `deadline` (time.monotonic)."""
    mark = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(mark)


def open_socket(host: str, port: int, *, private: bool, timeout: float) -> socket.socket:
    """A connection to one of the addresses of `host`, under the same rule as calls by HTTP.

    Raises Refused or UnknownHost, else OSError.
    """
    try:
        addresses = _resolve(host, port)
    except httpcore2.ConnectError as error:
        raise OSError(str(error)) from error
    if not private and not all(map(is_public, addresses)):
        raise Refused(
            f"{host} is not on the open internet; if it may be called, list its origin in PIMHUB_ALLOWED_ORIGINS"
        )
    trouble: OSError = OSError(f"{host} has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout / len(addresses))
        except OSError as error:
            trouble = error
    raise trouble


class GuardedBackend(httpcore2.SyncBackend):
    """Resolves a host once, checks every address, and connects to none but those that were checked.

    The name stays in Host and in TLS, so certificates are verified as usual; a second look-up, which
    could answer differently (DNS rebinding), never happens.
    """

    def __init__(self, *, private: bool) -> None:
        super().__init__()
        self.private = private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = _resolve(host, port)
        if not self.private and not all(map(is_public, addresses)):
            raise Refused(
                f"{host} is not on the open internet; if it may be called, list its origin in PIMHUB_ALLOWED_ORIGINS"
            )
        trouble: Exception = httpcore2.ConnectError(f"{host} has no address")
        for index, address in enumerate(addresses):
            share = _left(httpcore2.ConnectTimeout) / (len(addresses) - index)
            try:
                return BoundedStream(super().connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                trouble = error
        raise trouble


class BoundedStream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the deadline of the call that uses it.

    The library's own timeouts start anew with each read, so that a peer which drips bytes could hold a
    worker for ever.
    """

    SLICE = 64 * 1024  # a write of any size counts as one wait

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), self.SLICE):
            self.stream.write(buffer[start : start + self.SLICE], _left(httpcore2.WriteTimeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(httpcore2.ConnectTimeout)
        return BoundedStream(self.stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(late: type[Exception]) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise late("the time is over")
    return left


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:  # the name service, not the name
            raise httpcore2.ConnectError(f"the name service gave no answer for {host}") from error
        raise UnknownHost(f"{host} cannot be resolved; check its spelling") from error
    return list(dict.fromkeys(str(item[4][0]) for item in found))


NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that is given out. Around it lie wrappings of IPv4 (::/96, ::ffff:0:0:0/96) and site-local space.
PUBLIC_V6 = ipaddress.ip_network("2000::/3")
# Public by Python's tables, but not the open internet: protocol assignments (Oracle's metadata), 6to4 and
# its relays, Azure's wire server, documentation.
CLOSED = [
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2002::/16", "3fff::/20")
]


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, seen through every kind of wrapping."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped
        if inner is not None:
            return is_public(str(inner))
        if ip not in PUBLIC_V6:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in CLOSED)
