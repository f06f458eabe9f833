"""What people type to get in."""

from __future__ import annotations

import struct
from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.core.cache import cache

# What reading a credential of any shape may raise.
NONSENSE = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password, under the names that browsers and password managers know."""

    username = forms.CharField(
        max_length=150,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["login"]
        self.order_fields(["username", "password"])

    def clean(self) -> Any:
        self.cleaned_data["login"] = self.cleaned_data.get("username", "")
        return super().clean()


def use_once(user_id: int, code: str) -> bool:
    """Take a code of an authenticator app as used for as long as it is good; False when it was used before."""
    windows = 2 * settings.MFA_TOTP_TOLERANCE + 1
    return bool(cache.add(f"totp-used:{user_id}:{code.strip()}", 1, timeout=30 * windows + 30))


class Once:
    """Codes count once. allauth remembers them for one window only, and we accept three."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not use_once(self.user.pk, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondFactorForm(Once, AuthenticateForm):  # type: ignore[misc]
    pass


class SecondFactorAgainForm(Once, ReauthenticateForm):  # type: ignore[misc]
    pass


class Readable:
    """What a browser says of a passkey may be anything, and must not end in an error of ours."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except NONSENSE as error:
            raise get_adapter().validation_error("unreadable_passkey") from error


class PasskeyLoginForm(Readable, LoginWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyFactorForm(Readable, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAgainForm(Readable, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A key that a device keeps and opens by PIN, finger or face: it signs in alone."""

    name = forms.CharField(required=False, max_length=60, help_text="Of the device or key, so that you know it later.")
    passwordless = forms.BooleanField(required=False, widget=forms.HiddenInput, initial=True)

    def clean_passwordless(self) -> bool:
        return True

    def clean(self) -> Any:
        try:
            return super().clean()
        except NONSENSE as error:
            raise get_adapter().validation_error("unreadable_passkey") from error


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app proves that it was set up."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        use_once(self.user.pk, code)
        return code
