"""Who may do what: roles as groups of Django permissions, and the decorator every page wears."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from catalog.access import roles
from catalog.models import User

READ = ("catalog.view_product",)
WRITE = (
    *READ,
    "catalog.change_product",
    "catalog.add_product",
    "catalog.delete_product",
    "catalog.import_product",
    "catalog.export_product",
    "catalog.upload_media",
    "catalog.change_category",
    "catalog.undo_changes",
    "catalog.handle_rejects",
    "governance.submit_product",
    "governance.use_ai",
)
# Role → (label, permissions). Higher floors' permissions are named by text: nothing is imported.
ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "merchandiser": ("Merchandiser", WRITE),
    "reviewer": (
        "Reviewer",
        (*READ, "governance.approve_product", "governance.archive_product", "catalog.confirm_price"),
    ),
    "channelmanager": (
        "Channel manager",
        (
            *READ,
            "channels.view_channel",
            "channels.publish_channel",
            "channels.add_mappingversion",
            "channels.activate_mapping",
            "catalog.export_product",
        ),
    ),
    "admin": (
        "Administrator",
        (
            *WRITE,
            "catalog.manage_structure",
            "catalog.speak_for_system",
            "catalog.manage_sources",
            "governance.manage_ownership",
            "governance.manage_policies",
            "governance.manage_prompts",
            "governance.read_audit",
            "governance.manage_people",
            "governance.approve_product",
            "governance.archive_product",
            "catalog.confirm_price",
            "channels.view_channel",
            "channels.publish_channel",
            "channels.change_channel",
            "channels.manage_webhooks",
            "channels.manage_alerts",
            "channels.add_mappingversion",
            "channels.activate_mapping",
        ),
    ),
}

View = Callable[..., HttpResponseBase]


def requires(*permissions: str) -> Callable[[View], View]:
    """Only people with all of the permissions see the page; others get 403 and nothing changes.

    The names stay readable on the view (`view.permissions`), where a test walks all addresses.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permissions = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate


def ensure_roles() -> None:
    """Make the groups and their permissions as `ROLES` says; what is not migrated yet is left for the next time."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    for name, (_, permissions) in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set([known[p] for p in permissions if p in known])


def role_label(user: User) -> str:
    """The roles of a person in words."""
    names = [ROLES[role.name][0] for role in roles.of(user) if role.name in ROLES]
    return ", ".join(names) or ("Administrator" if user.is_superuser else "No role")
