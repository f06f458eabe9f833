"""Names of offers: `en~US~sku`, or its base64url form where the id holds what a URL cannot.

Source: discovery document of products/v1, the parameter `name` of productInputs.delete.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import quote

from pimhub.foundation.jsonvalue import JSON

LONGEST_OFFER_ID = 50
LONGEST_GROUP_ID = 50

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def segment(content: Mapping[str, JSON]) -> str:
    """The last part of the name of the offer with this content body."""
    parts = [str(content[name]) for name in ("contentLanguage", "feedLabel", "offerId")]
    name = "~".join(parts)
    if all(_PLAIN.fullmatch(part) for part in parts):
        return name
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def address(content: Mapping[str, JSON]) -> str:
    """The input of an offer, with the data source it lies in: what a delete is sent to."""
    source = str(content["dataSource"])
    account = "/".join(source.split("/")[:2])
    return f"{account}/productInputs/{segment(content)}?dataSource={quote(source, safe='/')}"


def name_of(address: str) -> str:
    return address.partition("?")[0]
