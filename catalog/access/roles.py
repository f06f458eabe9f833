"""The roles there are, with what bounds them and what they may; and those that a person has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group

from catalog import stamp
from catalog.models import RoleLimit, User
from pimhub.foundation import actor


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    limits: Mapping[str, frozenset[str]]
    rights: frozenset[str]


def _read() -> dict[int, Role]:
    """All roles by id."""
    limits: dict[int, dict[str, set[str]]] = {}
    for role, kind, code in RoleLimit.objects.values_list("role_id", "kind", "code"):
        limits.setdefault(role, {}).setdefault(kind, set()).add(code)
    rights: dict[int, set[str]] = {}
    rows = Group.permissions.through.objects.values_list(
        "group_id", "permission__content_type__app_label", "permission__codename"
    )
    for role, app, codename in rows:
        rights.setdefault(role, set()).add(f"{app}.{codename}")
    return {
        pk: Role(
            name,
            {kind: frozenset(codes) for kind, codes in limits.get(pk, {}).items()},
            frozenset(rights.get(pk, ())),
        )
        for pk, name in Group.objects.values_list("pk", "name")
    }


_kept = stamp.Kept(_read)


def of(user: User) -> list[Role]:
    """The roles of a person, by id. Looked up once per act of theirs."""
    act = actor.current.get()
    kept = act.kept if act is not None and act.user == user else {}
    if "roles" not in kept:
        rows = User.groups.through.objects.filter(user_id=user.pk)
        ids = sorted(rows.values_list("group_id", flat=True))  # first: a role that comes meanwhile is then known
        roles = _kept()
        kept["roles"] = [roles[pk] for pk in ids if pk in roles]
    found: list[Role] = kept["roles"]
    return found
