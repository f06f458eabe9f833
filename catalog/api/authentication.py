"""Who calls: a token, a signed token, or a signed-in person's browser."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from catalog.access import signed, tokens
from catalog.models import ApiToken, User


class Credentials:
    """What `request.auth` is: the token that was shown, and the scopes it was shown with."""

    def __init__(self, token: ApiToken, scopes: list[str]) -> None:
        self.token = token
        self.scopes = scopes


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer pim_…`, or a signed token from `/api/v1/oauth/token/`."""

    def authenticate(self, request: Request) -> tuple[User, Credentials] | None:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        address = request.META.get("REMOTE_ADDR", "")
        text = text.strip()
        try:
            if text.startswith("pim_"):
                token = tokens.find(text, address=address)
                scopes = list(token.scopes)
            else:
                token, scopes = signed.read(text, address=address)
        except tokens.Refused as refusal:
            raise exceptions.AuthenticationFailed(str(refusal)) from refusal
        return token.user, Credentials(token, scopes)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="PIMHub"'


class BrowserAuthentication(SessionAuthentication):
    """A signed-in person, with Django's protection against forged requests."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                "This request does not prove that it comes from our own pages. Send a token instead."
            ) from error
