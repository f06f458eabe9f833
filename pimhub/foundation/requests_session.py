"""A session of the library `requests`, for packages that call out with it: each call goes through our own client."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from pimhub.foundation import http

Trouble = requests.RequestException  # whatever such a session raises

# The client sets these itself.
_NOT_PASSED_ON = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent"}


def guarded_session(*, timeout: float, allowed_origins: Collection[str] = ()) -> requests.Session:
    """A session whose every call is `http.send`'s: guarded, capped, without redirects, cookies of others or proxies.

    `timeout` (seconds) bounds each call as a whole. Only https is spoken, but for exact `allowed_origins`. Trouble
    raises what `requests` raises for it, all of them RequestException.
    """
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    door = _Door(timeout, tuple(allowed_origins))
    session.mount("https://", door)
    session.mount("http://", door)
    return session


class _Door(BaseAdapter):
    def __init__(self, timeout: float, allowed_origins: tuple[str, ...]) -> None:
        super().__init__()
        self.timeout, self.allowed_origins = timeout, allowed_origins

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        url = request.url or ""
        parts = urlsplit(url)
        if parts.scheme != "https" and f"{parts.scheme}://{parts.netloc}" not in self.allowed_origins:
            raise requests.exceptions.ConnectionError(f"{parts.scheme}://{parts.netloc} is not https", request=request)
        body = request.body or b""
        if not isinstance(body, str | bytes):
            raise requests.exceptions.ConnectionError("streams are not sent", request=request)
        call = http.Request(
            request.method or "GET",
            url,
            {str(k): str(v) for k, v in request.headers.items() if str(k).lower() not in _NOT_PASSED_ON},
            body.encode() if isinstance(body, str) else body,
            secret_body=True,
        )
        answer = http.send(call, timeout=self.timeout, allowed_origins=self.allowed_origins)
        if not answer.status:
            trouble = requests.exceptions.ReadTimeout if answer.sent else requests.exceptions.ConnectionError
            raise trouble(answer.error, request=request)
        return _response(request, answer)

    def close(self) -> None:
        """Nothing is held open here."""


def _response(request: requests.PreparedRequest, answer: http.Response) -> requests.Response:
    made = requests.Response()
    made.status_code = answer.status
    made.headers = CaseInsensitiveDict(answer.headers)
    made._content = answer.body
    made._content_consumed = True
    made.encoding = get_encoding_from_headers(made.headers)
    made.url, made.request = request.url or "", request
    return made
