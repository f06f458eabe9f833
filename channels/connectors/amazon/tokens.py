"""Access tokens: a fixed one, or one for an hour by Login with Amazon.

Source: developer-docs.amazon.com/sp-api, "Connect to the SP-API": POST api.amazon.com/auth/o2/token.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode, urlsplit

from channels.connectors.amazon import wire
from channels.connectors.base import Connection
from pimhub.foundation.http import Request, Response

LOGIN = "https://api.amazon.com/auth/o2/token"
HOUR = 3600.0


def token_request(connection: Connection, now: dt.datetime) -> Request | None:
    """The call that fetches a token; None when a fixed one is held, or nothing to ask with."""
    held = connection.credentials
    needed = ("client_id", "client_secret", "refresh_token")
    if held.get("access_token") or not all(held.get(name) for name in needed):
        return None
    form = {"grant_type": "refresh_token", **{name: held[name] for name in needed}}
    return Request(
        method="POST",
        url=_address(connection),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
        secret_body=True,
    )


def _address(connection: Connection) -> str:
    """Amazon's own login for Amazon's own hosts; a stand-in gives its tokens itself."""
    if given := str(connection.settings.get("token_url") or ""):
        return given
    host = urlsplit(connection.base_url).hostname or ""
    return LOGIN if host.endswith(".amazon.com") else f"{connection.base_url.rstrip('/')}/auth/o2/token"


def read_token(response: Response) -> tuple[str, float]:
    """The token and its lifetime in seconds. Raises ValueError with Amazon's words."""
    body = wire.decode(response) or {}
    token = body.get("access_token")
    if response.status != 200 or not isinstance(token, str) or not token:
        said = body.get("error_description") or body.get("error") or response.error
        raise ValueError(str(said or f"no access token in Amazon's answer (status {response.status})"))
    return token, float(body.get("expires_in") or HOUR)
