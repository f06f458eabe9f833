"""What Amazon tells of listings: notifications that lie in a queue and are asked for.

Source: Selling Partner API, notifications/v1: {NotificationType, EventTime, Payload, NotificationMetadata
{NotificationId}}. Amazon writes to SQS only. We ask a plain HTTP bridge to that queue, whose address is the setting
`queue`: `GET <queue>?max=10` → {"messages": [{"receipt", "body"}]}, then `POST <queue>/done` {"receipts": […]}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from channels.connectors.abilities import Heard, Queued, Told
from channels.connectors.base import Connection
from pimhub.foundation import moments
from pimhub.foundation.http import Request, Response

MOST = 10
FEED_DONE = "FEED_PROCESSING_FINISHED"
SECRET_HEADERS = frozenset({"authorization"})


def queue_request(connection: Connection) -> Request | None:
    if not (address := _address(connection)):
        return None
    return Request("GET", f"{address}?max={MOST}", _headers(connection), secret_headers=SECRET_HEADERS)


def queue_done(connection: Connection, receipts: Sequence[str]) -> Request:
    headers = _headers(connection) | {"Content-Type": "application/json"}
    body = orjson.dumps({"receipts": list(receipts)})
    return Request("POST", f"{_address(connection)}/done", headers, body, secret_headers=SECRET_HEADERS)


def read_queue(response: Response) -> list[Queued]:
    """Raises ValueError."""
    if response.status != 200:
        raise ValueError(response.error or f"the queue answered {response.status}")
    found = []
    for each in orjson.loads(response.body)["messages"]:
        raw = str(each["body"]).encode()
        body = _notification(raw)
        id = str(_part(_part(body, "NotificationMetadata") or {}, "NotificationId") or "")
        if not id:
            raise ValueError("a notification has no NotificationId")
        at = moments.exact(_part(body, "EventTime"))
        found.append(
            Queued(Heard(id[:255], str(_part(body, "NotificationType") or "")[:100], at), raw, str(each["receipt"]))
        )
    return found


def read(raw: bytes) -> Told:
    """Raises ValueError."""
    body = _notification(raw)
    payload = _part(body, "Payload")
    if str(_part(body, "NotificationType")) == FEED_DONE:
        return Told(finished=True)
    sku = _part(payload, "Sku") if isinstance(payload, dict) else None
    return Told(skus=(str(sku),) if sku else ())


def _part(body: dict[str, Any], name: str) -> Any:
    """Some notifications begin their names with a capital letter, others do not."""
    return body.get(name, body.get(name[0].lower() + name[1:]))


def _notification(raw: bytes) -> dict[str, Any]:
    body = orjson.loads(raw)
    if not isinstance(body, dict) or not isinstance(_part(body, "NotificationMetadata") or {}, dict):
        raise ValueError("a notification is no object")
    return body


def _address(connection: Connection) -> str:
    given = str(connection.settings.get("queue") or "")
    return f"{connection.base_url}/_queue" if given == "sandbox" else given.rstrip("/")


def _headers(connection: Connection) -> dict[str, str]:
    token = connection.credentials.get("queue_token", "")
    return {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
