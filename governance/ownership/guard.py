"""Ownership at the write door: who is not the owner of a value does not change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from catalog.models import Family, Product
from catalog.products.changes import ChangeError
from catalog.products.guards import Changes, Check
from catalog.products.parts import is_figure
from catalog.products.state import is_part
from governance.models import Override, OwnershipRule
from governance.ownership.overrides import in_force
from governance.ownership.rules import Rules, load_rules, owner_words
from pimhub.foundation.actor import Act

Otherwise = OwnershipRule.Otherwise
PROPOSED, OVERRIDDEN = "proposed", "overridden"


class Verdict(StrEnum):
    WRITTEN = "is written"
    PROPOSED = "becomes a proposal"
    HELD = "holds for a time"
    REFUSED = "is refused"


def ownership(act: Act, ids: Collection[int]) -> Check:
    rules = load_rules()
    if rules is None:
        return lambda product, changes, new: ()
    families = dict(Family.objects.values_list("pk", "code"))
    layers = in_force([pk for pk in ids if pk is not None])

    def check(product: Product, changes: Changes, new: Collection[str]) -> Sequence[ChangeError]:
        pair = changes.get("", {}).get("family")
        family = str(pair[1]) if pair else families.get(product.family_id, "")
        held = layers.get(product.pk, {})
        found = (
            _said(rules, sku, key, family, act, held, there=product.pk is not None and sku not in new)
            for sku, row in changes.items()
            for key in (*row, *([""] if sku in new else ()))
        )
        return [error for error in found if error is not None]

    return check


def _said(
    rules: Rules, sku: str, key: str, family: str, act: Act, held: Mapping[tuple[str, str], Override], *, there: bool
) -> ChangeError | None:
    """What ownership says to this act writing the key; None: nothing. `there`: what the key is of exists."""
    rule = rules.of(key, family=family)
    said = verdict(rule, key, act.system, there=there)
    if rule is None or said is Verdict.HELD:
        return None
    if said is Verdict.WRITTEN:
        layer = held.get((sku, key))
        return _overridden(layer, sku, key) if layer is not None else None
    if said is Verdict.PROPOSED:
        message = f"It belongs to {owner_words(rule)} (rule {rule.code}): it becomes a proposal, for them to decide."
        return ChangeError(key, PROPOSED, message, sku=sku)
    return _refusal(rule, sku, key)


def verdict(rule: OwnershipRule | None, key: str, system: str, *, there: bool = True) -> Verdict:
    """What becomes of a key that this system ("": people) writes, where the rule decides of it."""
    if rule is None or (rule.owner.code if rule.owner else "") == system:
        return Verdict.WRITTEN
    if rule.otherwise == Otherwise.OVERRIDE:
        return Verdict.HELD
    if rule.otherwise == Otherwise.PROPOSE and there and key and (is_figure(key) or not is_part(key)):
        return Verdict.PROPOSED
    return Verdict.REFUSED


def _overridden(layer: Override, sku: str, key: str) -> ChangeError:
    message = f"Another value was set over it until {layer.until:%Y-%m-%d}; this one waits below and holds then."
    return ChangeError(key, OVERRIDDEN, message, sku=sku)


def _refusal(rule: OwnershipRule, sku: str, key: str) -> ChangeError:
    owner = owner_words(rule)
    where = f"Change it in {owner}" if rule.owner else "Let a person change it"
    if rule.owner and rule.owner.contact:
        where += f", or ask {rule.owner.contact}"
    why = f" {rule.reason}" if rule.reason else ""
    message = f"It belongs to {owner} (rule {rule.code}).{why} {where}."
    return ChangeError(key, "owned", message, sku=sku)
