"""Where a request comes from, when proxies stand in front."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence


def client_address(remote: str, forwarded: str, *, trusted: Sequence[str]) -> str:
    """The address of the client: the last one that no proxy of ours added.

    `remote` is the peer of the connection, `forwarded` the header `X-Forwarded-For`, which anybody may send:
    it counts only as far as it was written by proxies on the `trusted` networks (CIDR).
    """
    networks = [ipaddress.ip_network(n) for n in trusted]
    chain = [part.strip() for part in forwarded.split(",") if part.strip()] if networks else []
    address = remote
    while chain and _inside(address, networks):
        address = chain.pop()
    return address


def _inside(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(place in network for network in networks)
