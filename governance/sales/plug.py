"""A policy of sales that comes, changes or goes is kept in the audit; what its channels show is looked at again."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from catalog import events
from governance.models import SalePolicy
from pimhub.foundation import audit


def policy_saved(sender: Any, instance: SalePolicy, created: bool, **_: Any) -> None:
    audit.record("sale_policy.created" if created else "sale_policy.changed", f"sale_policy:{instance.code}")
    _tell(instance)


def policy_deleted(sender: Any, instance: SalePolicy, **_: Any) -> None:
    audit.record("sale_policy.deleted", f"sale_policy:{instance.code}")
    _tell(instance)


def _tell(policy: SalePolicy) -> None:
    code = policy.price_list.code if policy.price_list else None
    events.append(type="sales.policy_changed", data={"price_list": code})


def plug_in() -> None:
    post_save.connect(policy_saved, sender=SalePolicy, dispatch_uid="sale policy")
    post_delete.connect(policy_deleted, sender=SalePolicy, dispatch_uid="sale policy gone")
