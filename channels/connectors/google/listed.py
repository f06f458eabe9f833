"""All offers of the account that the channel's shoppers see: of its feed label and language, whoever inserted them."""

from __future__ import annotations

from channels.connectors.abilities import Item, Listed
from channels.connectors.base import Connection
from channels.connectors.google import errors, names, settings, wire
from pimhub.foundation.http import Response


def read_list(response: Response, connection: Connection) -> Listed:
    """Raises ValueError with Google's words."""
    body = wire.decode(response)
    refused = errors.refusal(body)
    if response.status != 200 or body is None or refused is not None:
        raise ValueError(refused.message if refused else response.error or f"status {response.status}")
    given = settings.read(connection)
    ours = (given.content_language, given.feed_label)
    products = body.get("products") or []
    return Listed(
        tuple(
            # By the address of its input, as ours are kept: the same offer of another data source is not ours.
            Item(names.address(p), str(p["offerId"]), str((p.get("productAttributes") or {}).get("title") or ""))
            for p in products
            if (p.get("contentLanguage"), p.get("feedLabel")) == ours
        ),
        str(body.get("nextPageToken") or ""),
    )
