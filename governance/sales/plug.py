"""A policy of sales that comes, changes or goes is kept in the audit; what is on sale is looked at again."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from catalog import events
from catalog.models import Offer, Product
from governance.models import SalePolicy
from pimhub.foundation import audit


def policy_saved(sender: Any, instance: SalePolicy, created: bool, **_: Any) -> None:
    audit.record("sale_policy.created" if created else "sale_policy.changed", f"sale_policy:{instance.code}")
    _tell(instance)


def policy_deleted(sender: Any, instance: SalePolicy, **_: Any) -> None:
    audit.record("sale_policy.deleted", f"sale_policy:{instance.code}")
    _tell(instance)


def _tell(policy: SalePolicy) -> None:
    """Of each product that is on sale there."""
    on = Q(sale_to__isnull=True) | Q(sale_to__gt=timezone.now())
    offers = Offer.objects.filter(on, sale_price__isnull=False)
    if policy.price_list is not None:
        offers = offers.filter(price_list=policy.price_list)
    products = Product.objects.filter(pk__in=offers.values("variant__product_id"))
    events.append_all([("sales.policy_changed", product, {}) for product in products.only("code")])


def plug_in() -> None:
    post_save.connect(policy_saved, sender=SalePolicy, dispatch_uid="sale policy")
    post_delete.connect(policy_deleted, sender=SalePolicy, dispatch_uid="sale policy gone")
