"""Roles are made of rights that there are, and an update brings them their new ones."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from catalog.permissions import ROLES

pytestmark = pytest.mark.django_db


def test_every_right_of_a_role_is_a_permission() -> None:
    rows = Permission.objects.select_related("content_type")
    known = {f"{p.content_type.app_label}.{p.codename}" for p in rows}
    assert {name for _, permissions in ROLES.values() for name in permissions} <= known


def test_an_update_brings_roles_their_new_rights() -> None:
    admin, _ = Group.objects.get_or_create(name="admin")
    admin.permissions.clear()
    call_command("migrate", verbosity=0)
    assert admin.permissions.filter(codename="read_audit").exists()
