"""A picture by its address: the bytes, or why there are none and whether trying again can help."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from urllib.parse import urlsplit

from catalog.media.beyond import glance
from catalog.media.inspect import MAX_BYTES, MediaRefused
from pimhub.foundation.http import REFUSED, TOO_LARGE, UNKNOWN_HOST, Response

TIMEOUT = 20.0  # seconds, with all redirects
PASSING = {408, 425, 429}  # 4xx that heal by themselves; so does all of 5xx


class Fetch(Protocol):
    """`pimhub.foundation.http.fetch`, or what stands in for it."""

    def __call__(self, url: str, *, timeout: float, max_bytes: int, allowed_origins: Collection[str]) -> Response: ...


class FetchFailed(Exception):
    """No picture came. `permanent`: trying again is of no use until someone changes something.

    `code` is refused, unknown_host, no_connection, no_answer, too_large, server, busy, gone, forbidden,
    no_picture, or one of MediaRefused.
    """

    def __init__(self, code: str, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent


def download(url: str, *, send: Fetch, allowed_origins: Collection[str]) -> bytes:
    """The bytes of the picture at `url`; `examine` still has to look into them. Raises FetchFailed."""
    response = send(url, timeout=TIMEOUT, max_bytes=MAX_BYTES, allowed_origins=allowed_origins)
    if response.status == 0:
        raise _no_answer(host_of(url), response)
    if response.status != 200:
        raise _no_success(host_of(url), response.status)
    try:
        glance(response.body)
    except MediaRefused as refusal:
        raise FetchFailed(
            refusal.code, f"What {host_of(url)} sent is not usable. {refusal.message}", permanent=True
        ) from refusal
    return response.body


def _no_answer(host: str, response: Response) -> FetchFailed:
    error = response.error
    if error.startswith(REFUSED):
        return FetchFailed("refused", f"{host} may not be called: {error.removeprefix(REFUSED)}.", permanent=True)
    if error.startswith(UNKNOWN_HOST):
        return FetchFailed(
            "unknown_host", f"There is no server named {host}. Correct the address of the picture.", permanent=True
        )
    if error.startswith(TOO_LARGE):
        return FetchFailed(
            "too_large",
            f"The file at {host} has more than {MAX_BYTES // 2**20} MB. Put a smaller one there, or upload it.",
            permanent=True,
        )
    code = "no_answer" if response.sent else "no_connection"
    return FetchFailed(code, f"{host} gave no picture ({error}). It is tried again.", permanent=False)


def _no_success(host: str, status: int) -> FetchFailed:
    if status >= 500:
        return FetchFailed("server", f"{host} has trouble of its own ({status}). It is tried again.", permanent=False)
    if status in PASSING:
        return FetchFailed("busy", f"{host} asks to wait ({status}). It is tried again.", permanent=False)
    if status in (404, 410):
        return FetchFailed(
            "gone", f"{host} has no picture at this address ({status}). Correct it or upload it.", permanent=True
        )
    if status in (401, 403, 407):
        return FetchFailed(
            "forbidden", f"{host} does not give this picture to PIMHub ({status}). Upload it instead.", permanent=True
        )
    return FetchFailed(
        "no_picture", f"{host} answered {status} and sent no picture. Correct the address or upload it.", permanent=True
    )


def host_of(url: str) -> str:
    """The server a picture lies on; the address itself where it names none."""
    try:
        return (urlsplit(url).hostname or url)[:255]
    except ValueError:
        return url[:255]
