"""Roles: what they may do and how far they reach, kept by people who may no less themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from catalog.access.reach import sight
from catalog.models import RoleLimit, User
from catalog.permissions import ROLES
from pimhub.foundation import audit

Limits = Mapping[str, Collection[str]]  # kind → codes; a kind that is not there is not limited


class CannotKeep(Exception):
    """The role cannot be so; `field` names what is wrong: name or permissions."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


def known_permissions() -> list[tuple[str, str]]:
    """What roles are made of: every permission that some role of PIMHub's has, in words."""
    names = {name for _, permissions in ROLES.values() for name in permissions}
    rows = Permission.objects.select_related("content_type")
    found = {f"{p.content_type.app_label}.{p.codename}": p.name for p in rows}
    return [(name, f"{found[name]} ({name})") for name in sorted(names) if name in found]


def lacking(granter: User, permissions: Iterable[str]) -> str:
    """The first of these that the granter does not have without limits, or ""."""
    every = sorted(set(permissions))
    return next((p for p in every if not (granter.has_perm(p) and sight(p, user=granter).everything)), "")


def permissions_of(group: Group) -> list[str]:
    return sorted(f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type"))


def limits_of(group: Group | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for limit in group.limits.all() if group else ():
        found.setdefault(limit.kind, []).append(limit.code)
    return {kind: sorted(codes) for kind, codes in found.items()}


def keep(group: Group | None, *, name: str, permissions: Collection[str], limits: Limits, granter: User) -> Group:
    """Make the role, or make it so, with one audit entry for changed limits. Raises CannotKeep.

    Nobody gives a right that they lack or have for a part only; taking limits away gives rights too.
    """
    held = permissions_of(group) if group else []
    before = limits_of(group)
    wanted = {kind: sorted(codes) for kind, codes in limits.items() if codes}
    others = Group.objects.filter(name=name)
    if (others.exclude(pk=group.pk) if group else others).exists():
        raise CannotKeep("name", "exists", "There is a role of this name already. Choose another.")
    if beyond := lacking(granter, permissions if wanted != before else set(permissions) - set(held)):
        message = f"You cannot give a right that you do not have, or have for a part only: {beyond}."
        raise CannotKeep("permissions", "beyond_own", message)
    with transaction.atomic():
        row = group or Group()
        row.name = name
        row.save()
        rows = Permission.objects.select_related("content_type")
        row.permissions.set([p for p in rows if f"{p.content_type.app_label}.{p.codename}" in permissions])
        if wanted != before:
            row.limits.all().delete()
            for kind, codes in wanted.items():
                RoleLimit.objects.bulk_create(RoleLimit(role=row, kind=kind, code=code) for code in codes)
            audit.record("role.limited", f"role:{name}", before=before, after=wanted)
    return row


def delete(group: Group) -> None:
    """Raises CannotKeep while people have it."""
    if count := group.user_set.count():
        message = f"{count} people have the role {group.name}. Give them another first."
        raise CannotKeep("name", "in_use", message)
    audit.record("role.deleted", f"role:{group.name}")
    group.delete()
