"""Who must have a second factor, and who has one."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import QuerySet

from catalog.models import RoleSignIn, User
from pimhub.foundation import audit

# Recovery codes stand in for these; alone they are no factor.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
APPROVE = "governance.approve_product"


def demands(user_id: Any) -> QuerySet[RoleSignIn]:
    """The roles of a person that ask for a second factor."""
    return RoleSignIn.objects.filter(role__user=user_id, second_factor=True)


def of(user_id: Any) -> QuerySet[Any]:
    """The second factors of a person."""
    found: QuerySet[Any] = Authenticator.objects.filter(user_id=user_id, type__in=KINDS)
    return found


def has(user: User) -> bool:
    known = getattr(user, "has_second_factor", None)
    return bool(known) if known is not None else of(user.pk).exists()


def must(user: User) -> bool:
    """Whether one of the person's roles, or the right to approve where that is set, asks for a second factor."""
    known = getattr(user, "told_second_factor", None)
    if bool(known) if known is not None else demands(user.pk).exists():
        return True
    return bool(settings.PIMHUB_APPROVERS_NEED_SECOND_FACTOR) and user.has_perm(APPROVE)


def lacks(user: User) -> bool:
    """Whether the person must have a second factor and has none."""
    return not has(user) and must(user)


def demand(role: Group, *, wanted: bool) -> None:
    """From now on, whoever has the role needs a second factor, or not for its sake."""
    row, _ = RoleSignIn.objects.get_or_create(role=role)
    if row.second_factor != wanted:
        row.second_factor = wanted
        row.save()
        audit.record("role.second_factor", f"role:{role.name}", needed=wanted)


def forget(user: User) -> int:
    """Take all factors and recovery codes of a person away; how many there were."""
    count, _ = Authenticator.objects.filter(user=user).delete()
    return int(count)
