"""Roles through the API: rights and limits, and never more than one's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from catalog.models import Locale, RoleLimit
from governance.audit.chain import seal_all
from governance.models import AuditEntry
from tests.catalog.api.conftest import Api
from tests.world import World

ROLE = {"name": "texts", "permissions": ["catalog.view_product"], "limits": {"locale": ["de_DE"]}}


@pytest.fixture
def boss(world: World) -> Api:
    Locale.objects.get_or_create(code="de_DE")
    return Api(world).of("ada", "people:write")


def test_a_role_is_made_limited_and_taken_away(boss: Api, world: World) -> None:
    made = boss.post("roles/", ROLE)
    assert (made.status_code, made.json()["limits"]) == (201, {"locale": ["de_DE"]})
    changed = boss.patch("roles/texts/", {"limits": {"locale": ["de_DE", "en_US"], "part": ["prices"]}}).json()
    assert changed["limits"] == {"locale": ["de_DE", "en_US"], "part": ["prices"]}
    assert changed["permissions"] == ["catalog.view_product"]
    assert boss.get("roles/texts/").json() == changed
    assert changed in boss.get("roles/").json()["results"]
    world.people["mara"].groups.add(Group.objects.get(name="texts"))
    assert (boss.delete("roles/texts/").status_code, boss.get("roles/texts/").json()["people"]) == (409, 1)
    world.people["mara"].groups.remove(Group.objects.get(name="texts"))
    assert boss.delete("roles/texts/").status_code == 204
    seal_all()
    kinds = list(AuditEntry.objects.filter(kind__startswith="role.").values_list("kind", flat=True))
    assert (kinds.count("role.limited"), kinds.count("role.deleted")) == (2, 1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (ROLE | {"name": "Texts!"}, 422, "bad_name"),
        (ROLE | {"name": "reviewer"}, 409, "exists"),
        (ROLE | {"permissions": ["catalog.view_produkt"]}, 422, "unknown"),
        (ROLE | {"permissions": "all"}, 422, "bad_permissions"),
        (ROLE | {"limits": {"locale": ["xx"]}}, 422, "unknown"),
        (ROLE | {"limits": {"planet": ["earth"]}}, 422, "unknown"),
        (ROLE | {"limits": {"locale": "de_DE"}}, 422, "bad_limits"),
        (ROLE | {"limit": {}}, 422, "unknown_field"),
    ],
)
def test_what_cannot_be_is_named(boss: Api, body: dict[str, Any], status: int, code: str) -> None:
    before = Group.objects.count()
    answer = boss.post("roles/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Group.objects.count() == before


def test_roles_of_pimhub_stay_as_they_are(boss: Api) -> None:
    assert boss.patch("roles/reviewer/", {"permissions": []}).json()["code"] == "fixed"
    assert boss.delete("roles/admin/").json()["code"] == "fixed"


def test_nobody_gives_more_than_they_have(boss: Api, world: World) -> None:
    boss.post("roles/", ROLE)
    keeper = Group.objects.create(name="keeper")
    keeper.permissions.set(Group.objects.get(name="admin").permissions.all())
    RoleLimit.objects.create(role=keeper, kind="locale", code="de_DE")
    ada = world.people["ada"]
    ada.groups.set([keeper])
    for body in ({"limits": {}}, {"permissions": ["catalog.view_product", "catalog.change_product"]}):
        answer = boss.patch("roles/texts/", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "beyond_own")
    assert boss.get("roles/texts/").json()["limits"] == {"locale": ["de_DE"]}
