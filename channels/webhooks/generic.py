"""Messages by Standard Webhooks, for channels whose kind has no way of its own.

The channel's credentials hold `webhook_secret` (whsec_…) and, while it is rotated, `webhook_secret_previous`. The body
is {"type", "data": {"skus": […]}} or {"type", "data": {"sku"}}.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import orjson

from channels.connectors.abilities import Heard, NotGenuine, Told
from channels.connectors.base import Connection
from pimhub.foundation import signatures

SECRETS = ("webhook_secret", "webhook_secret_previous")


class StandardWebhooks:
    message_help = "They are signed by Standard Webhooks with webhook_secret (whsec_…) of the credentials."

    def verify_webhook(
        self, connection: Connection, headers: Mapping[str, str], raw: bytes, *, token: str, now: dt.datetime
    ) -> Heard:
        try:
            keys = [signatures.key_of(connection.credentials[n]) for n in SECRETS if connection.credentials.get(n)]
            if not keys:
                raise NotGenuine("the channel holds no webhook_secret to check with")
            id = signatures.verify(keys, headers, raw, now=now)
        except (ValueError, signatures.BadSignature) as error:
            raise NotGenuine(str(error)) from error
        at = dt.datetime.fromtimestamp(int(headers[signatures.TIMESTAMP]), dt.UTC)
        return Heard(id[:255], _topic(raw), at)

    def read_webhook(self, topic: str, raw: bytes) -> Told:
        body = orjson.loads(raw)
        data = body.get("data") if isinstance(body, dict) else None
        if not isinstance(data, dict):
            raise ValueError("the message has no data")
        skus = data.get("skus", [data["sku"]] if "sku" in data else [])
        if not isinstance(skus, list) or not all(isinstance(sku, str) for sku in skus):
            raise ValueError("skus is no list of texts")
        return Told(skus=tuple(skus))


def _topic(raw: bytes) -> str:
    try:
        body = orjson.loads(raw)
    except ValueError:
        return ""
    return str(body.get("type", ""))[:100] if isinstance(body, dict) else ""
