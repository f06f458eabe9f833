"""A person's data: all of it as one document, and the person made nobody where the law asks for it."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.db import transaction

from catalog.models import ApiToken, ChangeSet, SavedView, User
from catalog.sign_in import second_factor
from governance.models import AuditEntry, ReviewStep, Revision
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON


class CannotForget(Exception):
    """The person cannot be made nobody; the text says why."""


def who_may(right: str) -> list[User]:
    """Who may sign in and has the right, by name; for lists to choose from."""
    people = User.objects.filter(is_active=True).prefetch_related("groups").order_by("username")[:500]
    return [person for person in people if person.has_perm(right)]


def export_person(user: User) -> dict[str, JSON]:
    """What is kept of a person: the account, and everything that hangs on it, by count and by row."""
    acts = ChangeSet.objects.filter(user=user).order_by("created_at")
    steps = ReviewStep.objects.filter(user=user).select_related("product").order_by("pk")
    entries = AuditEntry.objects.filter(user_id=user.pk).order_by("pk")
    audit.record("export", f"user:{user.pk}", what="person")
    return {
        "account": {
            "id": user.pk,
            "username": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "active": user.is_active,
            "joined": user.date_joined.isoformat(),
            "last_login": user.last_login.isoformat() if user.last_login else None,
            "roles": sorted(user.groups.values_list("name", flat=True)),
        },
        "tokens": [
            {"name": t.name, "prefix": t.prefix, "networks": t.networks, "last_used": _at(t.last_used_at)}
            for t in ApiToken.objects.filter(user=user)
        ],
        "second_factors": [
            {
                "type": f.type,
                "name": f.data.get("name", ""),
                "since": _at(f.created_at),
                "last_used": _at(f.last_used_at),
            }
            for f in Authenticator.objects.filter(user=user).order_by("pk")
        ],
        "single_sign_on": [
            {"provider": s.provider, "subject": s.uid, "since": _at(s.date_joined), "told": s.extra_data}
            for s in SocialAccount.objects.filter(user=user).order_by("pk")
        ],
        "sessions": [
            {"browser": s.user_agent, "address": s.ip, "since": _at(s.created_at), "last_seen": _at(s.last_seen_at)}
            for s in UserSession.objects.filter(user=user).order_by("pk")
        ],
        "views": list(SavedView.objects.filter(user=user).values_list("name", flat=True)),
        "changes": [
            {"id": str(a.pk), "at": a.created_at.isoformat(), "through": a.source, "reason": a.reason} for a in acts
        ],
        "decisions": [
            {"at": _at(s.created_at), "product": s.product.code, "verb": s.verb, "comment": s.comment} for s in steps
        ],
        "approvals": Revision.objects.filter(approved_by=user).count(),
        "audit": [{"at": _at(e.at), "kind": e.kind, "about": e.about} for e in entries],
    }


def _at(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def forget_person(user: User) -> str:
    """Make the person nobody: name, address, password, factors, links, sessions and tokens go, the account stays as
    a number.

    What was changed, said and decided stays, and stays theirs: by number. The audit holds numbers only, so its
    chain stays whole. Returns the new name. Raises CannotForget for the last administrator.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if (
            user.is_superuser
            and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists()
        ):
            raise CannotForget(f"{user.username} is the last administrator. Name another first.")
        name = f"person-{user.pk}"
        ApiToken.objects.filter(user=user).delete()
        second_factor.forget(user)
        SocialAccount.objects.filter(user=user).delete()
        SavedView.objects.filter(user=user, shared=False).delete()
        ChangeSet.objects.filter(user=user).update(actor=name)
        user.groups.clear()
        user.username, user.first_name, user.last_name, user.email = name, "", "", ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        end_sessions(user)
        audit.record("user.forgotten", f"user:{user.pk}")
    return name


def reset_second_factor(user: User, *, by: User | None = None) -> None:
    """For somebody who lost the phone: the password alone is enough then, so they are signed out everywhere."""
    with transaction.atomic():
        count = second_factor.forget(user)
        if by is None or by.pk != user.pk:
            end_sessions(user)
        audit.record("second_factor.reset", f"user:{user.pk}", count=count)


def end_sessions(user: AbstractBaseUser) -> None:
    """Sign the person out everywhere."""
    UserSession.objects.filter(user_id=user.pk).delete()
    for session in Session.objects.iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
