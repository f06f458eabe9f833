"""Values over their owner's: kept as a layer while they hold, and taken off at their time."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.change_sets import acting, current_act
from catalog.events import ProductDelta
from catalog.models import ChangeSet, Family, JournalEntry, Product
from catalog.plans import inverse
from catalog.products.changes import UNSET, ProductChange, VariantChange
from catalog.products.guards import Diverted
from catalog.products.load import load_states
from catalog.products.state import OFFER_FIELDS, amount_text
from catalog.products.write import write_products
from governance.models import Override, OwnershipRule
from governance.ownership.rules import load_rules
from pimhub.foundation import audit
from pimhub.foundation.among import among

logger = logging.getLogger("pimhub.ownership")
AGAIN = dt.timedelta(hours=1)  # an end that could not be written is tried then


def in_force(ids: Collection[int]) -> dict[int, dict[tuple[str, str], Override]]:
    """Overrides by product, and by (SKU, key)."""
    found: dict[int, dict[tuple[str, str], Override]] = {}
    for row in Override.objects.filter(among("product_id", ids)).select_related("owner") if ids else ():
        found.setdefault(row.product_id, {})[row.sku, row.key] = row
    return found


def keep(deltas: Sequence[ProductDelta]) -> None:
    """Hook of the write door: what was written over an owner's value becomes a layer, where the rule takes it so."""
    act, rules = current_act(), load_rules()
    if rules is None or not any(rule.otherwise == OwnershipRule.Otherwise.OVERRIDE for rule in rules.rules):
        return
    families = dict(Family.objects.values_list("pk", "code"))
    held = in_force([d.product.pk for d in deltas])
    for delta in deltas:
        for sku, row in delta.changes.items() if not delta.created else ():
            for key, pair in row.items():
                rule = rules.of(key, family=families[delta.product.family_id])
                if rule is None or rule.otherwise != OwnershipRule.Otherwise.OVERRIDE:
                    continue
                if (rule.owner.code if rule.owner else "") != act.system:
                    _layer(delta.product, sku, key, list(pair), rule, held.get(delta.product.pk, {}).get((sku, key)))


def _layer(
    product: Product, sku: str, key: str, pair: list[object], rule: OwnershipRule, held: Override | None
) -> None:
    act = current_act()
    if held is not None and held.pair[0] == pair[1]:
        held.delete()  # it is the owner's value again
        return
    until = timezone.now() + dt.timedelta(days=rule.override_days)
    about = {"set_by": act.user, "reason": act.reason[:500], "until": until, "owner": rule.owner}
    pair = pair if held is None else [held.pair[0], pair[1]]
    Override.objects.update_or_create(product=product, sku=sku, key=key, defaults=about | {"pair": pair})
    audit.record("override.set", f"product:{product.code}", sku=sku, key=key, until=until.isoformat())


def below(product: Product, items: Sequence[Diverted]) -> None:
    """The owner wrote a value that is overridden: it waits below the layer."""
    for item in items:
        for row in Override.objects.filter(product=product, sku=item.sku, key=item.key):
            if item.new == row.pair[1]:
                row.delete()  # the owner says the same now: there is nothing to come back to
            else:
                row.pair = [item.new, row.pair[1]]
                row.save(update_fields=["pair"])


def listen(said: Sequence[tuple[Product, ProductChange]]) -> None:
    """The owner says the same as the layer: there is nothing to come back to."""
    system, held = current_act().system, in_force([product.pk for product, _ in said])
    for product, change in said if held else ():
        values = {("", key): value for key, value in change.values.items()}
        values |= {(v.sku, key): value for v in change.variants for key, value in v.values.items()}
        values |= {(v.sku, key): value for v in change.variants for key, value in _figures(v)}
        for where, row in held.get(product.pk, {}).items():
            if where in values and row.owner and row.owner.code == system and values[where] == row.pair[1]:
                row.delete()


def _figures(variant: VariantChange) -> Iterator[tuple[str, object]]:
    """Prices and stock as the journal has them."""
    for place, units in variant.stock.items():
        yield f"stock.{place}.available", units
    for place, offer in variant.offers.items():
        for name in OFFER_FIELDS:
            value = getattr(offer, name)
            if isinstance(value, Decimal):
                yield f"offers.{place}.{name}", amount_text(value)
            elif value is not UNSET:
                yield f"offers.{place}.{name}", value.isoformat() if isinstance(value, dt.datetime) else value or None


def end(override: Override) -> bool:
    """Take a layer off: the owner's value is written, unless somebody else wrote another. Whether it could be."""
    owner = override.owner.code if override.owner else ""
    with acting(source=ChangeSet.Source.SYSTEM, system=owner, reason="an override ended"), transaction.atomic():
        product = Product.everything.select_for_update(of=("self",)).get(pk=override.product_id)
        row = Override.objects.select_for_update(of=("self",)).filter(pk=override.pk).first()
        if row is None:
            return True
        state = load_states(ids=[product.pk], lock=True)[product.code_key]
        entry = JournalEntry(sku=row.sku, changes={row.key: row.pair})
        wanted = inverse.of_value(entry, row.key, state)
        row.delete()
        if wanted.change is not None:
            (result,) = write_products([wanted.change])
            if result.status == "rejected":
                transaction.set_rollback(True)
                logger.warning("an override could not end", extra={"product": product.code, "key": override.key})
                return False
        audit.record("override.ended", f"product:{product.code}", sku=row.sku, key=row.key)
        return True


def end_due() -> int:
    """End those whose time has come; how many. May be killed at any line, and run twice at once."""
    ended = 0
    for row in Override.objects.filter(until__lte=timezone.now()).select_related("owner")[:500]:
        try:
            over = end(row)
        except Exception:  # one must not keep the others waiting
            logger.exception("an override could not end", extra={"override": row.pk})
            over = False
        if over:
            ended += 1
        else:
            Override.objects.filter(pk=row.pk).update(until=timezone.now() + AGAIN)
    return ended
