"""Requests as they leave, and answers as they are read. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from channels.connectors.amazon import settings
from channels.connectors.amazon.settings import DEFINITIONS, FEEDS, LISTINGS, REPORTS
from channels.connectors.base import Connection
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

CATALOG = "2022-04-01"
# Amazon asks every application to name itself: developer-docs.amazon.com/sp-api, "Include a User-Agent header".
AGENT = "PIMHub/1.0 (Language=Python)"
ISSUES = "en_US"  # the language of Amazon's messages
SHOWN = "summaries,attributes,issues,relationships"


def put(sku: str, body: Mapping[str, JSON], connection: Connection) -> Request:
    return _write("PUT", sku, connection, body)


def previewed(request: Request) -> Request:
    """The same put, only checked."""
    return replace(request, url=f"{request.url}&mode=VALIDATION_PREVIEW")


def restrictions(asin: str, condition: str, connection: Connection) -> Request:
    """Whether the seller may list on a product page (listingsRestrictions 2021-08-01)."""
    given = settings.read(connection)
    query = {"asin": asin, "sellerId": given.seller, "marketplaceIds": given.marketplace, "reasonLocale": ISSUES}
    query |= {"conditionType": condition} if condition else {}
    return _request("GET", f"/listings/{LISTINGS}/restrictions", connection, query)


def pages(gtin: str, kind: str, connection: Connection) -> Request:
    """The product pages that Amazon has for a GTIN (catalogItems 2022-04-01)."""
    query = {"identifiers": gtin, "identifiersType": kind.upper(), "marketplaceIds": _place(connection)}
    return _request("GET", f"/catalog/{CATALOG}/items", connection, query)


def changes(since: str, token: str, connection: Connection) -> Request:
    """Items that Amazon changed since a moment, the oldest change first."""
    query = {
        "marketplaceIds": _place(connection),
        "includedData": "summaries",
        "lastUpdatedAfter": since,
        "sortBy": "lastUpdatedDate",
        "sortOrder": "ASC",
        "pageSize": "20",
    }
    return _request("GET", _items(connection), connection, query | ({"pageToken": token} if token else {}))


def patch(sku: str, body: Mapping[str, JSON], connection: Connection) -> Request:
    return _write("PATCH", sku, connection, body)


def delete(sku: str, connection: Connection) -> Request:
    return _request("DELETE", _item(sku, connection), connection, {"marketplaceIds": _place(connection)})


def get(sku: str, connection: Connection) -> Request:
    query = {"marketplaceIds": _place(connection), "includedData": SHOWN, "issueLocale": ISSUES}
    return _request("GET", _item(sku, connection), connection, query)


def search(skus: list[str], connection: Connection) -> Request:
    """Several items by their SKUs, which hold no comma."""
    query = {
        "marketplaceIds": _place(connection),
        "identifiersType": "SKU",
        "identifiers": ",".join(skus),
        "includedData": SHOWN,
        "issueLocale": ISSUES,
        "pageSize": str(len(skus)),
    }
    return _request("GET", _items(connection), connection, query)


def definition(name: str, connection: Connection, *, locale: str) -> Request:
    """Where the definition of a product type lies: all attributes, with what a full listing requires."""
    given = settings.read(connection)
    query = {
        "marketplaceIds": given.marketplace,
        "sellerId": given.seller,
        "requirements": "LISTING",
        "requirementsEnforced": "ENFORCED",
        "locale": locale,
    }
    return _request("GET", f"/definitions/{DEFINITIONS}/productTypes/{quote(name, safe='')}", connection, query)


def feeds(
    verb: str,
    path: str,
    connection: Connection,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, JSON] | None = None,
) -> Request:
    """A call of the Feeds API 2021-06-30."""
    data = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    return _request(verb, f"/feeds/{FEEDS}/{path}", connection, query or {}, data)


def reports(verb: str, path: str, connection: Connection, *, body: Mapping[str, JSON] | None = None) -> Request:
    """A call of the Reports API 2021-06-30."""
    data = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    return _request(verb, f"/reports/{REPORTS}/{path}", connection, {}, data)


def _write(verb: str, sku: str, connection: Connection, body: Mapping[str, JSON]) -> Request:
    query = {"marketplaceIds": _place(connection), "includedData": "issues,identifiers", "issueLocale": ISSUES}
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return _request(verb, _item(sku, connection), connection, query, data)


def _items(connection: Connection) -> str:
    return f"/listings/{LISTINGS}/items/{quote(settings.read(connection).seller, safe='')}"


def _item(sku: str, connection: Connection) -> str:
    return f"{_items(connection)}/{quote(sku, safe='')}"


def _place(connection: Connection) -> str:
    return settings.read(connection).marketplace


def _request(verb: str, path: str, connection: Connection, query: Mapping[str, str], body: bytes = b"") -> Request:
    token = connection.access_token or connection.credentials.get("access_token", "")
    headers = {"Accept": "application/json", "User-Agent": AGENT, "x-amz-access-token": token}
    if body:
        headers["Content-Type"] = "application/json"
    asked = f"?{urlencode(query, safe=',')}" if query else ""
    return Request(verb, f"{connection.base_url.rstrip('/')}{path}{asked}", headers, body)


def decode(response: Response) -> dict[str, JSON] | None:
    """The JSON object of an answer, with fractions as exact text; None when it is something else."""
    try:
        body = json.loads(response.body, parse_float=str)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
