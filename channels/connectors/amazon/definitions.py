"""Product type definitions: what Amazon takes for one kind of product, as it describes it itself.

Source: Product Type Definitions API 2020-09-01. The answer names an address that is good for some minutes, and the
MD5 of what lies there.
"""

from __future__ import annotations

import base64
import hashlib
import json

from channels.connectors.amazon import errors, wire
from channels.connectors.amazon.render import product_type
from channels.connectors.base import Connection, MappedProduct
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON


def definitions(product: MappedProduct) -> tuple[str, ...]:
    name = product_type(product)
    return (name,) if name else ()


def definition_request(name: str, connection: Connection) -> Request:
    return wire.definition(name, connection, locale=wire.ISSUES)


def definition_link(response: Response) -> tuple[Request, str]:
    """The download, and its MD5 in base64. Raises ValueError with Amazon's words."""
    body = wire.decode(response)
    said = " ".join(f.message for f in errors.refusals(body)) or response.error
    if response.status != 200 or body is None:
        raise ValueError(said or f"status {response.status}")
    try:
        held = body["schema"]
        return Request("GET", str(held["link"]["resource"])), str(held["checksum"])
    except (KeyError, TypeError) as error:
        raise ValueError("the answer names no schema") from error


def read_definition(response: Response, checksum: str) -> JSON:
    """Raises ValueError when the bytes are not those of the checksum, or no definition."""
    if response.status != 200:
        raise ValueError(response.error or f"the download ended with status {response.status}")
    if checksum_of(response.body) != checksum:
        raise ValueError("the download is not what its checksum says")
    try:
        found = json.loads(response.body)
    except ValueError as error:
        raise ValueError("the download is no JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
        raise ValueError("the download describes no attributes")
    return found


def checksum_of(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
