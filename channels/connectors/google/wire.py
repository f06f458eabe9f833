"""Requests as they leave, and answers as they are read. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from channels.connectors.base import Connection, Facet
from channels.connectors.google import canonical, names, settings
from channels.connectors.google.settings import VERSION
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

PAGE = 1000  # products; more mean as many


def insert(bodies: Mapping[str, JSON], version: int, connection: Connection) -> Request:
    """The call that replaces the whole input of one offer, made of its three bodies."""
    source = str(bodies[Facet.CONTENT]["dataSource"])
    account = "/".join(source.split("/")[:2])
    # Supplemental data sources take no version (the discovery document, ProductInput.versionNumber).
    number = None if settings.read(connection).supplements else version
    body = canonical.to_wire("ProductInput", product_input(bodies, number))
    return _request(
        "POST",
        f"{account}/productInputs:insert?dataSource={quote(source, safe='/')}",
        connection,
        json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(),
    )


def product_input(bodies: Mapping[str, JSON], version: int | None) -> dict[str, JSON]:
    content = bodies[Facet.CONTENT]
    return {
        **{name: content[name] for name in ("offerId", "contentLanguage", "feedLabel")},
        **({} if version is None else {"versionNumber": str(version)}),
        "productAttributes": {
            **content["productAttributes"],
            **bodies.get(Facet.OFFER, {}),
            **bodies.get(Facet.STOCK, {}),
        },
    }


def patch(
    content: Mapping[str, JSON], attributes: Mapping[str, JSON], mask: Sequence[str], connection: Connection
) -> Request:
    """The call that sets the masked attributes of one offer; a masked one without a value is taken away."""
    body = canonical.to_wire("ProductInput", {"productAttributes": dict(attributes)})
    named = ",".join(f"productAttributes.{name}" for name in mask)
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return _request("PATCH", f"{names.address(content)}&updateMask={named}", connection, data)


def delete(address: str, connection: Connection) -> Request:
    return _request("DELETE", address, connection)


def get(content: Mapping[str, JSON], connection: Connection) -> Request:
    """The processed product of an offer."""
    name = names.name_of(names.address(content)).replace("/productInputs/", "/products/")
    return _request("GET", name, connection)


def every(token: str, connection: Connection) -> Request:
    """A page of all processed products of the account (products.list)."""
    query = urlencode({"pageSize": PAGE} | ({"pageToken": token} if token else {}))
    return _request("GET", f"accounts/{settings.read(connection).account}/products?{query}", connection)


def _request(verb: str, path: str, connection: Connection, body: bytes = b"") -> Request:
    token = connection.access_token or connection.credentials.get("access_token", "")
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    if body:
        headers["Content-Type"] = "application/json"
    return Request(
        method=verb,
        url=f"{connection.base_url.rstrip('/')}/products/{VERSION}/{path}",
        headers=headers,
        body=body,
    )


def decode(response: Response) -> dict[str, JSON] | None:
    """The JSON object of an answer, with fractions as exact text; None when it is something else."""
    try:
        body = json.loads(response.body, parse_float=str)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
