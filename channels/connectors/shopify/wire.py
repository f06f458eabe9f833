"""Requests as they leave, and answers as they are read. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Mapping

from channels.connectors.base import Connection
from channels.connectors.shopify.documents import document
from channels.connectors.shopify.settings import API_VERSION, ID_KEY, NAMESPACE, PRODUCT
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


def graphql(name: str, variables: Mapping[str, JSON], connection: Connection) -> Request:
    """The call of one document, complete to the last byte."""
    body = {"query": document(name), "variables": variables, "operationName": name}
    return Request(
        method="POST",
        url=f"{connection.base_url.rstrip('/')}/admin/api/{API_VERSION}/graphql.json",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": connection.access_token or connection.credentials.get("access_token", ""),
        },
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(),
    )


def sent(request: Request) -> dict[str, JSON]:
    """The decoded body of a request made by `graphql`."""
    body: dict[str, JSON] = json.loads(request.body)
    return body


def decode(response: Response) -> dict[str, JSON] | None:
    """The JSON object of an answer, with fractions as exact strings; None when it is something else."""
    try:
        body = json.loads(response.body, parse_float=str)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def identifier(links: Mapping[str, str], code: str) -> dict[str, JSON]:
    """How Shopify finds the product: by its id once known, before that by our custom id."""
    if PRODUCT in links:
        return {"id": links[PRODUCT]}
    return {"customId": {"namespace": NAMESPACE, "key": ID_KEY, "value": code}}
