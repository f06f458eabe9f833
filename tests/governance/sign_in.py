"""What the tests of signing in share: codes of an authenticator app, and people who are set up with one."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from typing import Any

from django.test import Client

SECOND = 30
MARGIN = 4  # seconds that an answer may take on a busy machine


def code_of(secret: str, *, at: float | None = None) -> str:
    """The code an authenticator app shows (RFC 6238, SHA-1, six digits)."""
    counter = int((time.time() if at is None else at) // SECOND)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def sign_in(name: str, password: str = "", *, client: Client | None = None, **more: Any) -> tuple[Client, Any]:
    client = client or Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/130.0"})
    sent = {"username": name, "password": password or f"{name}-secret"} | more
    return client, client.post("/login/", sent)


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """Set up an authenticator app as a person does; its secret, and the recovery codes that are shown."""
    secret = re.findall(r'id="totp-secret"[^>]*>([A-Z2-7]+)<', client.get("/account/app/").content.decode())[0]
    # The code of the window before: the present one is then still unused. Not at a window's end, or it is too old.
    if (left := SECOND - time.time() % SECOND) < MARGIN:
        time.sleep(left)
    answer = client.post("/account/app/", {"code": code_of(secret, at=time.time() - SECOND)})
    assert answer.status_code == 302, answer.content.decode()
    shown = client.get(answer.headers["Location"]).content.decode()
    found = re.search(r'id="recovery-codes">([^<]*)<', shown)
    return secret, found.group(1).split() if found else []


def grow_old(client: Client) -> None:
    """The sign-in lies long back."""
    session = client.session
    session["signed_in_at"] -= 3600
    session.save()
