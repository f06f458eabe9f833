"""What of signing in goes into the audit, beyond signing in and out itself."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals
from allauth.mfa.models import Authenticator

from catalog.models import User
from pimhub.foundation import audit


def added(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    audit.record("second_factor.added", f"user:{user.pk}", type=str(authenticator.type))


def removed(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    audit.record("second_factor.removed", f"user:{user.pk}", type=str(authenticator.type))


def renewed(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    audit.record("recovery_codes.renewed", f"user:{user.pk}")


def used(sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        authenticator.refresh_from_db()
        left = len(authenticator.wrap().get_unused_codes())
        audit.record("recovery_codes.used", f"user:{user.pk}", by=user.pk, left=left)


def failed(sender: Any, user: User, authenticator: Authenticator, reauthentication: bool = False, **_: Any) -> None:
    if not reauthentication:  # the other kind is told where it is asked for
        audit.record("second_factor.failed", f"user:{user.pk}", type=str(authenticator.type))


def how(request: Any, user: User) -> list[str]:
    """By what somebody got in, in this session: password, totp, webauthn, recovery_codes, sso:<provider>."""
    ways = []
    for record in get_authentication_records(request, user):
        method = str(record.get("type") or record.get("method"))
        ways.append(f"sso:{record.get('provider')}" if method == "socialaccount" else method)
    return ways


def plug_in() -> None:
    for signal, listener in (
        (signals.authenticator_added, added),
        (signals.authenticator_removed, removed),
        (signals.authenticator_reset, renewed),
        (signals.authenticator_used, used),
        (signals.authentication_failed, failed),
    ):
        signal.connect(listener, dispatch_uid=f"audit {listener.__name__}")
