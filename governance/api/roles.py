"""Roles through the API: their rights and their limits, by the rules of the page."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from django.contrib.auth.models import Group
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import reach
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, NUMBER, PAGING, TEXT, TEXTS, Op, Schema, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.models import User
from catalog.permissions import ROLES
from governance import roles

MANAGE = "governance.manage_people"
LIMITS: Schema = {
    "type": "object",
    "description": "{kind: codes}: category, locale, group, scope, part, channel; other kinds are not limited",
    "additionalProperties": TEXTS,
}
ROLE = thing("*", name=TEXT, label=TEXT, fixed=FLAG, permissions=TEXTS, limits=LIMITS, people=NUMBER)


class Roles(ApiView):
    resource = "people"
    rights = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), (MANAGE,))

    def group(self, name: str, *, own: bool = False) -> Group:
        found = Group.objects.filter(name=name).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no role “{name[:50]}”.")
        if own and name in ROLES:
            raise Problem(409, "fixed", f"The role {name} comes with PIMHub and stays as it is. Make one of your own.")
        return found

    def keep(self, request: Request, group: Group | None, name: str, given: Mapping[str, Any]) -> Group:
        permissions = given.get("permissions", roles.permissions_of(group) if group else [])
        before = roles.limits_of(group)
        limits = given.get("limits", before)
        _check_permissions(permissions)
        _check_limits(limits, before)
        granter = cast(User, request.user)
        try:
            return roles.keep(group, name=name, permissions=set(permissions), limits=limits, granter=granter)
        except roles.CannotKeep as error:
            raise _refused(error) from error


class RoleList(Roles):
    """All roles with their rights, and how far these reach. `POST` makes one of one's own."""

    operations = {
        "GET": Op(query=PAGING, answers={200: page_of(ROLE)}),
        "POST": Op(body=thing("name", name=TEXT, permissions=TEXTS, limits=LIMITS), answers={201: ROLE}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, params.PAGING)
        rows = Group.objects.prefetch_related("limits", "permissions__content_type", "user_set")
        return Response(page(request, rows, Order("name"), lambda found: [shown(g) for g in found]))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = _given(request, "name", "permissions", "limits")
        name = given.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name):
            raise Problem(422, "bad_name", "name has 2 to 41 lower-case letters, digits and hyphens.")
        return Response(shown(self.keep(request, None, name, given)), status=201)


class RoleDetail(Roles):
    """One role. `PATCH` gives it other rights or limits, whole lists each; those of PIMHub's own stay (409)."""

    operations = {
        "GET": Op(answers={200: ROLE}),
        "PATCH": Op(body=thing("", permissions=TEXTS, limits=LIMITS), answers={200: ROLE}),
        "DELETE": Op(answers={204: None}),
    }

    def get(self, request: Request, name: str) -> Response:
        params.only(request, ())
        return Response(shown(self.group(name)))

    def patch(self, request: Request, name: str) -> Response:
        params.only(request, ())
        given = _given(request, "permissions", "limits")
        self.keep(request, self.group(name, own=True), name, given)
        return Response(shown(self.group(name)))

    def delete(self, request: Request, name: str) -> Response:
        """Refused (409) while people have it."""
        params.only(request, ())
        try:
            roles.delete(self.group(name, own=True))
        except roles.CannotKeep as error:
            raise Problem(409, error.code, str(error)) from error
        return Response(status=204)


def shown(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "label": ROLES[group.name][0] if group.name in ROLES else group.name,
        "fixed": group.name in ROLES,
        "permissions": sorted(f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()),
        "limits": {kind: sorted(codes) for kind, codes in sorted(roles.limits_of(group).items())},
        "people": len(group.user_set.all()),
    }


def _given(request: Request, *known: str) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise Problem(422, "bad_form", "Send an object.")
    if strange := sorted(set(request.data) - set(known)):
        raise Problem(422, "unknown_field", f"There is no “{strange[0][:50]}” here.")
    return request.data


def _check_permissions(given: Any) -> None:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise Problem(422, "bad_permissions", "permissions is a list of texts such as catalog.view_product.")
    _known("permissions", given, [name for name, _ in roles.known_permissions()])


def _check_limits(given: Any, before: Mapping[str, Collection[str]]) -> None:
    """Each code must be there; one that the role had and that is gone may stay."""
    lists = isinstance(given, dict) and all(isinstance(codes, list) for codes in given.values())
    if not lists or not all(isinstance(code, str) for codes in given.values() for code in codes):
        raise Problem(422, "bad_limits", "limits is an object of lists of codes: {kind: [code, …]}.")
    _known("limits", given, list(reach.kinds))
    for kind, codes in given.items():
        _known(f"limits.{kind}", codes, [*(code for code, _ in reach.kinds[kind].choices()), *before.get(kind, ())])


def _known(field: str, given: Collection[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(sorted(known)[:20]) or 'none'}."
            error: dict[str, Any] = {"key": field, "code": "unknown", "message": f"There is no “{name[:50]}”. {hint}"}
            raise Problem(422, "unknown", error["message"], errors=[error])


def _refused(error: roles.CannotKeep) -> Problem:
    status = 403 if error.code == "beyond_own" else 409
    told: dict[str, Any] = {"key": error.field, "code": error.code, "message": str(error)}
    return Problem(status, error.code, str(error), errors=[told])
