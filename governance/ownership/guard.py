"""Ownership at the write door: who is not the owner of a value does not change it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from catalog.models import Family, Product
from catalog.products.changes import ChangeError
from catalog.products.guards import Changes, Check
from governance.models import OwnershipRule
from governance.ownership.rules import Rules, load_rules, owner_words
from pimhub.foundation.actor import Act


def ownership(act: Act, ids: Collection[int]) -> Check:
    rules = load_rules()
    if rules is None:
        return lambda product, changes, new: ()
    families = dict(Family.objects.values_list("pk", "code"))

    def check(product: Product, changes: Changes, new: Collection[str]) -> Sequence[ChangeError]:
        pair = changes.get("", {}).get("family")
        family = str(pair[1]) if pair else families.get(product.family_id, "")
        return [
            _refusal(rule, sku, key)
            for sku, row in changes.items()
            for key in (*row, *([""] if sku in new else ()))
            if (rule := _decides(rules, key, family, act)) is not None
        ]

    return check


def _decides(rules: Rules, key: str, family: str, act: Act) -> OwnershipRule | None:
    """The rule by which this act may not write the key."""
    rule = rules.of(key, family=family)
    if rule is None or (rule.owner.code if rule.owner else "") == act.system:
        return None
    return rule


def _refusal(rule: OwnershipRule, sku: str, key: str) -> ChangeError:
    owner = owner_words(rule)
    where = f"Change it in {owner}" if rule.owner else "Let a person change it"
    if rule.owner and rule.owner.contact:
        where += f", or ask {rule.owner.contact}"
    why = f" {rule.reason}" if rule.reason else ""
    message = f"It belongs to {owner} (rule {rule.code}).{why} {where}."
    return ChangeError(key, "owned", message, sku=sku)
