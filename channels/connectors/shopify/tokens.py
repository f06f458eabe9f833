"""Access tokens: a fixed one, or one for a day against the app's client id and secret.

Source: shopify.dev, client credentials grant: POST {shop}/admin/oauth/access_token.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from channels.connectors.base import Connection
from channels.connectors.shopify import wire
from pimhub.foundation.http import Request, Response

DAY = 86_399.0  # seconds, what Shopify grants


def token_request(connection: Connection, now: dt.datetime) -> Request | None:
    """The call that fetches a token; None when a fixed one is held, or nothing to ask with."""
    held = connection.credentials
    if held.get("access_token") or not (held.get("client_id") and held.get("client_secret")):
        return None
    form = {
        "grant_type": "client_credentials",
        "client_id": held["client_id"],
        "client_secret": held["client_secret"],
    }
    return Request(
        method="POST",
        url=f"{connection.base_url.rstrip('/')}/admin/oauth/access_token",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
        secret_body=True,
    )


def read_token(response: Response) -> tuple[str, float]:
    """The token and its lifetime in seconds. Raises ValueError with Shopify's words."""
    body = wire.decode(response) or {}
    token = body.get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        said = body.get("error_description") or body.get("error") or response.error
        raise ValueError(str(said or f"no access token in Shopify's answer (status {response.status})"))
    return token, float(body.get("expires_in") or DAY)
