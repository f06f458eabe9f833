"""What of other parts goes into the audit: signing in, rights, credentials, ownership, prices' confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_delete, post_save

from catalog.models import ApiToken, ExternalSystem, User
from catalog.sign_in import facts
from governance.audit.chain import keep
from governance.models import OwnershipRule
from pimhub.foundation import audit


def signed_in(sender: Any, request: Any, user: User, **_: Any) -> None:
    audit.record("login", f"user:{user.pk}", by=user.pk, how=facts.how(request, user))


def signed_out(sender: Any, request: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record("logout", f"user:{user.pk}", by=user.pk)


def failed_to_sign_in(sender: Any, credentials: Any, **_: Any) -> None:
    name = str(credentials.get("username", ""))
    known = User.objects.filter(username__iexact=name).values_list("pk", flat=True).first()
    audit.record("login.failed", f"user:{known}" if known else "")


def groups_changed(sender: Any, instance: Any, action: str, pk_set: Any, **_: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    kind = "roles.changed" if isinstance(instance, User) else "role.changed"
    about = f"user:{instance.pk}" if isinstance(instance, User) else f"role:{getattr(instance, 'name', instance.pk)}"
    audit.record(kind, about, action=action.removeprefix("post_"), ids=sorted(pk_set or ()))


def user_saved(sender: Any, instance: User, created: bool, update_fields: Any, **_: Any) -> None:
    if update_fields is not None and set(update_fields) <= {"last_login"}:
        return
    kind = "user.created" if created else "user.changed"
    audit.record(kind, f"user:{instance.pk}", active=instance.is_active, superuser=instance.is_superuser)


def token_saved(sender: Any, instance: ApiToken, created: bool, **_: Any) -> None:
    about: dict[str, Any] = {
        "owner": instance.user_id,
        "scopes": sorted(instance.scopes),
        "networks": list(instance.networks),
    }
    if instance.system is not None:
        about["system"] = instance.system.code
    audit.record("token.created" if created else "token.changed", f"token:{instance.prefix}", **about)


def rule_saved(sender: Any, instance: OwnershipRule, created: bool, **_: Any) -> None:
    names = ("owner_id", "attribute_id", "group_id", "part", "family_id", "scope_id", "locale_id", "location_id")
    about = {
        name: getattr(instance, name) for name in (*names, "price_list_id", "otherwise", "override_days", "reason")
    }
    audit.record("ownership.created" if created else "ownership.changed", f"ownership:{instance.code}", **about)


def rule_deleted(sender: Any, instance: OwnershipRule, **_: Any) -> None:
    audit.record("ownership.deleted", f"ownership:{instance.code}")


def system_saved(sender: Any, instance: ExternalSystem, created: bool, **_: Any) -> None:
    audit.record("system.created" if created else "system.changed", f"system:{instance.code}")


def plug_in() -> None:
    audit.sinks.add("governance.audit", keep)
    user_logged_in.connect(signed_in, dispatch_uid="audit")
    user_logged_out.connect(signed_out, dispatch_uid="audit")
    user_login_failed.connect(failed_to_sign_in, dispatch_uid="audit")
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(groups_changed, sender=through, dispatch_uid=f"audit {through.__name__}")
    post_save.connect(user_saved, sender=User, dispatch_uid="audit user")
    post_save.connect(token_saved, sender=ApiToken, dispatch_uid="audit token")
    post_save.connect(rule_saved, sender=OwnershipRule, dispatch_uid="audit rule")
    post_delete.connect(rule_deleted, sender=OwnershipRule, dispatch_uid="audit rule gone")
    post_save.connect(system_saved, sender=ExternalSystem, dispatch_uid="audit system")
