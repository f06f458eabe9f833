"""People and roles on pages: nobody gives what they do not have, nobody shuts themselves out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from catalog.models import User
from governance.models import AuditEntry
from tests.world import World

PASSWORD = "correct-horse-battery"  # noqa: S105


@pytest.fixture
def ada(world: World, client: Client) -> Client:
    client.force_login(world.people["ada"])
    return client


def link_in(page: str) -> str:
    found = re.search(r'id="password-link">([^<]+)<', page)
    assert found
    return found.group(1)


def test_a_new_person_chooses_a_password_and_signs_in(ada: Client) -> None:
    sent = {"username": "nina", "first_name": "Nina", "roles": ["merchandiser"], "is_active": "on"}
    link = link_in(ada.post("/people/new/", sent).content.decode())
    nina = Client()
    path = link.partition("testserver")[2]
    assert nina.get(path).status_code == 200
    weak = nina.post(path, {"new_password1": "short", "new_password2": "short"})
    assert weak.status_code == 422
    assert nina.post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD}).status_code == 302
    assert nina.login(username="nina", password=PASSWORD)
    assert nina.get("/products/").status_code == 200
    assert Client().get(path).status_code == 404  # good for once
    assert Client().get(path[:-3] + "xx/").status_code == 404
    kinds = set(AuditEntry.objects.values_list("kind", flat=True))
    assert {"user.created", "roles.changed", "password.link", "password.changed"} <= kinds
    assert link not in str(list(AuditEntry.objects.values()))


def test_who_may_not_sign_in_any_more_is_out_at_once(ada: Client, world: World) -> None:
    mara = Client()
    mara.force_login(world.people["mara"])
    path = f"/people/{world.people['mara'].pk}/"
    link = link_in(ada.post(path, {"do": "link"}).content.decode())
    assert ada.post(path, {"username": "mara", "roles": ["merchandiser"]}).status_code == 302
    assert mara.get("/products/").status_code == 302
    assert not User.objects.get(username="mara").is_active
    assert Client().get(link.partition("testserver")[2]).status_code == 404


def test_nobody_gives_rights_that_they_do_not_have(world: World, client: Client) -> None:
    keeper = Group.objects.create(name="keeper")
    ada = world.people["ada"]
    keeper.permissions.set([p for p in ada.groups.get().permissions.all() if p.codename == "manage_people"])
    kim = User.objects.create_user("kim")
    kim.groups.add(keeper)
    client.force_login(kim)
    answer = client.post(f"/people/{kim.pk}/", {"username": "kim", "roles": ["keeper", "admin"], "is_active": "on"})
    assert answer.status_code == 422
    assert "a right that you do not have" in answer.content.decode()
    answer = client.post("/people/roles/new/", {"name": "mine", "permissions": ["catalog.delete_product"]})
    assert answer.status_code == 422
    assert not Group.objects.filter(name="mine").exists()


def test_nobody_shuts_themselves_out(ada: Client, world: World) -> None:
    path = f"/people/{world.people['ada'].pk}/"
    for sent in (
        {"username": "ada", "roles": ["admin"]},
        {"username": "ada", "roles": ["reviewer"], "is_active": "on"},
    ):
        assert ada.post(path, sent).status_code == 422
    person = User.objects.get(username="ada")
    assert (person.is_active, [g.name for g in person.groups.all()]) == (True, ["admin"])


def test_own_roles_are_made_changed_and_deleted(ada: Client, world: World) -> None:
    sent: dict[str, Any] = {"name": "pricing", "permissions": ["catalog.view_product", "catalog.confirm_price"]}
    assert ada.post("/people/roles/new/", sent).status_code == 302
    role = Group.objects.get(name="pricing")
    assert role.permissions.count() == 2
    world.people["chiara"].groups.add(role)
    assert ada.post("/people/roles/pricing/", {"do": "delete"}).status_code == 302
    assert Group.objects.filter(name="pricing").exists()  # somebody has it
    world.people["chiara"].groups.remove(role)
    ada.post("/people/roles/pricing/", {"do": "delete"})
    assert not Group.objects.filter(name="pricing").exists()
    before = set(Group.objects.get(name="reviewer").permissions.values_list("codename", flat=True))
    ada.post("/people/roles/reviewer/", {"name": "reviewer", "permissions": []})
    ada.post("/people/roles/reviewer/", {"do": "delete"})
    assert set(Group.objects.get(name="reviewer").permissions.values_list("codename", flat=True)) == before


def test_only_who_may_sees_people(world: World, client: Client) -> None:
    client.force_login(world.people["mara"])
    for path in ("/people/", "/people/new/", "/people/roles/", f"/people/{world.people['ada'].pk}/"):
        assert client.get(path).status_code == 403
