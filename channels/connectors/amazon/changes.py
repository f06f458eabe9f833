"""What changed on Amazon's side, by anyone: searchListingsItems sorted by the moment of the last change.

Amazon pushes changes to queues of its own cloud only; who has none asks from time to time.
"""

from __future__ import annotations

from channels.connectors.abilities import Changes
from channels.connectors.amazon import errors, settings, wire
from channels.connectors.base import Connection
from pimhub.foundation.http import Response


def read_changes(response: Response, connection: Connection) -> Changes:
    """Raises ValueError with Amazon's words."""
    body = wire.decode(response)
    if response.status != 200 or body is None or not isinstance(body.get("items"), list):
        said = " ".join(f.message for f in errors.refusals(body)) or response.error
        raise ValueError(said or f"status {response.status}")
    place = settings.read(connection).marketplace
    moments = [
        str(summary["lastUpdatedDate"])
        for item in body["items"]
        for summary in item.get("summaries") or ()
        if summary.get("marketplaceId") == place and summary.get("lastUpdatedDate")
    ]
    return Changes(
        ids=tuple(str(item["sku"]) for item in body["items"]),
        until=max(moments, default=""),
        token=str((body.get("pagination") or {}).get("nextToken") or ""),
    )
