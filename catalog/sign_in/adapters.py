"""How django-allauth fits into PIMHub: what it may not do, where it asks us, and what it must not keep in clear."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog.models import User
from catalog.sign_in import sessions, single_sign_on
from pimhub.foundation import secrets
from pimhub.foundation.requests_session import guarded_session

TIMEOUT = 10.0  # seconds that a provider of single sign-on may take for one call


def display(user: User) -> str:
    return user.display_name


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "Name or password is not right.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again.",
        "rate_limited": "Too many attempts. Wait a minute, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return sessions.address_of(request) or "0.0.0.0"  # noqa: S104  # no address to listen on: it only counts

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what happened themselves, but for errors that come as words."""
        if kwargs.get("message"):
            super().add_message(*args, **kwargs)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        messages.error(request, "This account is closed. Ask your administrator.")
        return redirect("login")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """None of theirs: `catalog/views/again.py` asks on the page itself."""
        return []

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return False  # our addresses ask before they call


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "unreadable_passkey": "That passkey was not accepted. Try again.",
        "incorrect_code": "That code is not right, or was used already. Wait for the next one.",
    }

    def encrypt(self, text: str) -> str:
        return secrets.encrypt({"secret": text}, settings.PIMHUB_FERNET_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text, settings.PIMHUB_FERNET_KEYS)["secret"]

    def get_totp_label(self, user: Any) -> str:
        return str(user.username)

    def get_totp_issuer(self) -> str:
        return f"PIMHub {self._get_site_name()}"

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        return dict(super().get_public_key_credential_user_entity(user), name=user.username)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(self, request: Any, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:
        """Only what the operator configured; rows of the database add nothing."""
        entries = cast(Any, settings.SOCIALACCOUNT_PROVIDERS)["openid_connect"]["APPS"]
        found = [SocialApp(provider="openid_connect", **entry) for entry in entries]
        if provider not in (None, "openid_connect"):
            found = [app for app in found if app.provider_id == provider]
        return [app for app in found if client_id in (None, app.client_id)]

    def get_requests_session(self) -> Any:
        return guarded_session(timeout=TIMEOUT, allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS)

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False  # who is new is made by `single_sign_on.admit`, or not at all

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        if (answer := single_sign_on.admit(request, sociallogin)) is not None:
            raise ImmediateHttpResponse(answer)

    def on_authentication_error(
        self, request: Any, provider: Any, error: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        raise ImmediateHttpResponse(single_sign_on.failed(request, provider, error, kwargs.get("exception")))
