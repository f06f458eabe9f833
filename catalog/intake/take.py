"""Carry out messages of sources, set-based: only what a message concerns is read, and only what it changes written.

The same rules hold as at the door for whole products (guards, held prices, journal, hooks, events), which takes
these parts too when they come with a product. The product's row stays as it is: a price is no content.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog import change_sets, events
from catalog.intake import rejects
from catalog.intake.heard import Count, hear
from catalog.intake.messages import OFFER, STOCK, Message
from catalog.intake.order import Order, overtaken, taken
from catalog.models import HeldPrice, JournalEntry, Offer, Product, StockLevel, Variant
from catalog.models.codes import code_key
from catalog.products import pricing
from catalog.products.changes import ChangeError, ProductChange, VariantChange
from catalog.products.guards import Check, Diverted, checks, diversions, listeners, strangers
from catalog.products.keys import resolve
from catalog.products.reference import Reference
from catalog.products.state import amount_text
from pimhub.foundation.among import among
from pimhub.foundation.bulk import append, append_objects, update_objects
from pimhub.foundation.jsonvalue import JSON

ORDER_FIELDS = ("source", "source_at", "source_sequence", "received_at", "marks")
OFFER_SAVED = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost", "tax_class", "version")
AMOUNTS = ("price", "compare_at", "sale_price", "cost")
Row = Offer | StockLevel
Pairs = dict[str, list[JSON]]


@dataclass(slots=True)
class Outcome:
    """`applied` is False for what a newer message had overtaken: nothing is wrong then."""

    sku: str
    applied: bool = False
    changed: bool = False
    order: str = "arrival"  # what said that it is the newest: sequence, at, or only that it came last
    overtaken: tuple[str, ...] = ()  # fields of an applied message that a newer one had written
    errors: list[ChangeError] = field(default_factory=list)
    held: list[tuple[str, str, str]] = field(default_factory=list)


def take(messages: Sequence[Message], reference: Reference, *, retry: bool = False) -> list[Outcome]:
    """Carry them out in order, as one transaction; an outcome for each. Call it inside `acting(…)`.

    What is refused is kept among the rejects, but for what is a `retry` of those.
    """
    source = change_sets.current_act().system
    sent, messages = messages, in_our_codes(messages, reference)
    with transaction.atomic():
        batch = _Batch(messages, reference, source)
        outcomes = [batch.take(message) for message in messages]
        batch.save()
        if not retry:
            rejects.settle(sent, [(o.applied, o.errors) for o in outcomes], source=source)
    # After the commit: parallel batches would wait for one another at these rows.
    hear(source, _counts(messages, outcomes))
    return outcomes


def _counts(messages: Sequence[Message], outcomes: Sequence[Outcome]) -> Mapping[tuple[str, str], Count]:
    counts: dict[tuple[str, str], Count] = {}
    for message, outcome in zip(messages, outcomes, strict=True):
        count = counts.setdefault((message.kind, message.place), Count())
        count.note(message.at, applied=outcome.applied, rejected=bool(outcome.errors))
    return counts


def in_our_codes(messages: Sequence[Message], reference: Reference) -> list[Message]:
    """SKUs and locations by another system's codes ("erp:4711") put into ours."""
    asked: dict[tuple[str, str], set[str]] = {}
    for message in messages:
        for kind, text in (("variant", message.sku), ("location", message.place)):
            system, _, code = text.partition(":")
            if code and system in reference.systems:
                asked.setdefault((system, kind), set()).add(code)
    if not asked:
        return list(messages)
    known = {place: resolve(system=place[0], kind=place[1], codes=codes) for place, codes in asked.items()}

    def say(kind: str, text: str) -> str:
        system, _, code = text.partition(":")
        return known.get((system, kind), {}).get(code_key(code), text)

    return [replace(m, sku=say("variant", m.sku), place=say("location", m.place)) for m in messages]


class _Batch:
    """The rows that some messages concern, and what has become of them so far."""

    def __init__(self, messages: Sequence[Message], reference: Reference, source: str) -> None:
        self.reference, self.source, self.now = reference, source, timezone.now()
        self.act = change_sets.current_act()
        skus = {code_key(m.sku) for m in messages}
        found = Variant.objects.filter(among("sku_key", skus), product__trashed_at__isnull=True)
        self.variants = {v.sku_key: v for v in found.only("sku", "sku_key", "product_id")}
        # Whoever else brings news of these products waits: the order is looked at and written as one.
        ids = {v.product_id for v in self.variants.values()}
        locked = Product.objects.select_for_update(of=("self",)).filter(among("pk", ids)).order_by("pk")
        self.products = {p.pk: p for p in locked.only("code", "code_key", "family_id", "version", "trashed_at")}
        kinds = {m.kind for m in messages}
        keys = [v.pk for v in self.variants.values()]
        self.rows: dict[tuple[str, int, str], Row] = {}
        self.held: dict[tuple[int, str, str], HeldPrice] = {}
        if OFFER in kinds:
            for offer in Offer.objects.filter(among("variant_id", keys)).annotate(place=F("price_list__code")):
                self.rows[OFFER, offer.variant_id, offer.place] = offer
            for hold in HeldPrice.objects.filter(among("variant_id", keys), confirmed__isnull=True).annotate(
                place=F("price_list__code")
            ):
                self.held[hold.variant_id, hold.place, hold.field] = hold
        self.held_before = dict(self.held)
        if STOCK in kinds:
            for level in StockLevel.objects.filter(among("variant_id", keys)).annotate(place=F("location__code")):
                self.rows[STOCK, level.variant_id, level.place] = level
        self.check: Check = checks(self.act, ids)
        self.changed: dict[int, Row] = {}  # by identity
        self.heard: dict[int, Row] = {}  # whose figures are the same, but known to be newer
        self.changes: dict[int, dict[str, Pairs]] = {}  # product → SKU → pairs
        self.strange: dict[int, list[ChangeError]] = {}  # by product
        self.said: list[tuple[Product, ProductChange]] = []

    def take(self, message: Message) -> Outcome:
        variant = self.variants.get(code_key(message.sku))
        outcome = Outcome(variant.sku if variant else message.sku)
        if errors := self._wrong(message, variant):
            outcome.errors = errors
            return outcome
        assert variant is not None
        order = Order(self.source, message.sequence, message.at)
        mark = order.mark
        outcome.order = "arrival" if mark[1:] == (None, None) else "sequence" if mark[1] is not None else "at"
        key = message.kind, variant.pk, message.place
        row = self.rows.get(key) or self._blank(message, variant)
        marks = self._marks(row, mark)
        said = dict(message.said())
        late = tuple(name for name in said if overtaken(mark, marks.get(name, ())))
        if len(late) == len(said):
            return outcome
        outcome.overtaken = late
        fresh = {name: value for name, value in said.items() if name not in late}
        if not self._write(message, variant, row, fresh, outcome):
            return outcome
        outcome.applied = True
        self.rows[key] = row
        if mark[1:] != (None, None) or row.marks or row.source_sequence is not None or row.source_at is not None:
            row.marks = {**marks, **{name: taken(mark, marks.get(name, ())) for name in fresh}}
            self._note(row, message, changed=outcome.changed)
        elif outcome.changed or row.received_at is None:
            self._note(row, message, changed=outcome.changed)
        return outcome

    def _note(self, row: Row, message: Message, *, changed: bool) -> None:
        row.source, row.source_sequence, row.source_at = self.source, message.sequence, message.at
        row.received_at = self.now
        if not changed:
            self.heard[id(row)] = row

    def _wrong(self, message: Message, variant: Variant | None) -> list[ChangeError]:
        """Why the message says nothing that could be taken."""
        sku = variant.sku if variant else message.sku
        if variant is None or variant.product_id not in self.products:
            text = f"There is no SKU “{message.sku}”. Create its product first."
            return [ChangeError("sku", "unknown_sku", text, value=message.sku)]
        if strange := self._strange(variant.product_id):
            return strange
        if message.kind == STOCK:
            if message.place in self.reference.locations:
                return []
            text = f"There is no location “{message.place}”. Create it first."
            return [ChangeError(f"stock.{message.place}.available", "unknown_location", text, sku=sku)]
        price_list = self.reference.price_lists.get(message.place)
        if price_list is None:
            text = f"There is no price list “{message.place}”. Create it first."
            return [ChangeError(f"offers.{message.place}", "unknown_price_list", text, sku=sku)]
        if message.currency and message.currency != price_list.currency.code:
            text = (
                f"The price list {message.place} is in {price_list.currency.code}, the price in {message.currency}. "
                "Send it for a price list of that currency."
            )
            return [ChangeError("currency", "wrong_currency", text, sku=sku, value=message.currency)]
        for name, value in message.said():
            if name in AMOUNTS and isinstance(value, Decimal) and (problem := pricing.misfit(value)):
                return [ChangeError(f"offers.{message.place}.{name}", "bad_amount", problem, sku=sku, value=str(value))]
        return []

    def _strange(self, pk: int) -> list[ChangeError]:
        """What is refused before an answer could tell what stands there: the person acting may not even see it."""
        if pk not in self.strange:
            self.strange[pk] = strangers(self.products[pk])
        return self.strange[pk]

    def _blank(self, message: Message, variant: Variant) -> Row:
        if message.kind == OFFER:
            return Offer(variant=variant, price_list=self.reference.price_lists[message.place])
        return StockLevel(variant=variant, location=self.reference.locations[message.place])

    @staticmethod
    def _marks(row: Row, mark: tuple[str, int | None, int | None]) -> Mapping[str, Any]:
        if row.marks or (row.source_sequence is None and row.source_at is None):
            marks: Mapping[str, Any] = row.marks
            return marks
        # Taken before fields had marks of their own: by whoever sends now, as far as we know.
        held = Order(mark[0], row.source_sequence, row.source_at).mark
        names = ("available",) if isinstance(row, StockLevel) else OFFER_SAVED[:-1]
        return {name: [held] for name in names}

    def _write(self, message: Message, variant: Variant, row: Row, fresh: Mapping[str, Any], outcome: Outcome) -> bool:
        """Put the figures onto the row, unless a guard refuses. Whether they were taken."""
        product = self.products[variant.product_id]
        head = f"{'offers' if message.kind == OFFER else 'stock'}.{message.place}"
        pairs: Pairs = {
            f"{head}.{name}": [_flat(getattr(row, name)), _flat(value)]
            for name, value in fresh.items()
            if getattr(row, name) != value or (row.pk is None and name == "available")
        }
        found = self.check(product, {variant.sku: pairs}, ()) if pairs else ()
        hard = [e for e in found if e.code not in diversions]
        if hard:
            outcome.errors = hard
            return False
        if self.act.system:
            self.said.append((product, _change(message, product, variant)))
        aside: dict[str, list[Diverted]] = {}
        for error in found:
            old, new = pairs.pop(error.key)[:2]
            aside.setdefault(error.code, []).append(Diverted(error.sku, error.key, old, new))
        for code, values in aside.items():
            diversions.get(code)(product, values)
        written = {key.rpartition(".")[2] for key in pairs}
        if isinstance(row, Offer):
            largest = self.reference.price_lists[message.place].largest_move
            told = {n: v for n, v in fresh.items() if f"{head}.{n}" in pairs}
            alarms = pricing.put(row, told, largest_move=largest, confirmed=False)
            self._hold(message, variant, fresh, alarms, outcome)
            for name in alarms:
                pairs.pop(f"{head}.{name}", None)
            written -= alarms.keys()
        elif pairs:
            row.available = fresh["available"]
        if not written:
            return True
        outcome.changed = True
        self.changed[id(row)] = row
        merged = self.changes.setdefault(product.pk, {}).setdefault(variant.sku, {})
        for key, (old, new) in pairs.items():
            merged[key] = [merged[key][0] if key in merged else old, new]
        return True

    def _hold(
        self,
        message: Message,
        variant: Variant,
        fresh: Mapping[str, Any],
        alarms: Mapping[str, str],
        outcome: Outcome,
    ) -> None:
        """What looks wrong waits for a second person; what is fine ends what waited before."""
        for name in pricing.GUARDED:
            if name not in fresh:
                continue
            place = variant.pk, message.place, name
            waiting = self.held.get(place)
            if name not in alarms:
                self.held.pop(place, None)
            elif waiting is None or waiting.amount != fresh[name]:
                self.held[place] = HeldPrice(
                    variant=variant,
                    price_list=self.reference.price_lists[message.place],
                    field=name,
                    amount=fresh[name],
                    reason=alarms[name],
                )
                outcome.held.append((variant.sku, f"offers.{message.place}.{name}", alarms[name]))

    def save(self) -> None:
        """Rows, holds, journal, hooks and events, each in one go."""
        for row in self.changed.values():
            row.updated_at = self.now
            if isinstance(row, Offer):
                row.version += 1
        for kind, fields in ((Offer, OFFER_SAVED), (StockLevel, ("available",))):
            changed = [r for r in self.changed.values() if isinstance(r, kind)]
            heard = [r for key, r in self.heard.items() if isinstance(r, kind) and key not in self.changed]
            new = [*(r for r in changed if r.pk is None), *(r for r in heard if r.pk is None)]
            for row in new:
                row.updated_at = self.now
            append_objects(new)
            update_objects([r for r in changed if r.pk is not None], (*fields, *ORDER_FIELDS, "updated_at"))
            update_objects([r for r in heard if r.pk is not None], ORDER_FIELDS)
        self._save_holds()
        if self.act.system:
            for listen in listeners:
                listen(self.said)
        if self.changes:
            self._tell()

    def _save_holds(self) -> None:
        over = [h.pk for place, h in self.held_before.items() if self.held.get(place) is not h]
        if over:
            HeldPrice.objects.filter(pk__in=over).update(confirmed=False, decided_at=self.now)
        if fresh := [h for h in self.held.values() if h.pk is None]:
            change_set = change_sets.change_set()
            for hold in fresh:
                hold.change_set = change_set
            HeldPrice.objects.bulk_create(fresh, batch_size=500)

    def _tell(self) -> None:
        change_set = change_sets.change_set()
        keys = {v.sku: v.pk for v in self.variants.values()}
        entries = [
            (change_set.pk, pk, keys[sku], sku, None, pairs)
            for pk, rows in self.changes.items()
            for sku, pairs in rows.items()
        ]
        append(JournalEntry, ("change_set_id", "product_id", "variant_id", "sku", "line", "changes"), entries)
        deltas = [
            events.ProductDelta(product=self.products[pk], created=False, changes=rows, content={})
            for pk, rows in self.changes.items()
        ]
        for hook in events.hooks:
            hook(deltas)
        events.append_all(
            [
                (
                    "product.changed",
                    delta.product,
                    {"facets": delta.facets, "keys": sorted({k for row in delta.changes.values() for k in row})},
                )
                for delta in deltas
            ],
            change_set_id=change_set.pk,
        )


def _flat(value: Any) -> JSON:
    """As the journal has it."""
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value if isinstance(value, int) else value or None


def _change(message: Message, product: Product, variant: Variant) -> ProductChange:
    parts: dict[str, Any] = (
        {"stock": {message.place: message.available}}
        if message.offer is None
        else {"offers": {message.place: message.offer}}
    )
    return ProductChange(code=product.code, variants=(VariantChange(sku=variant.sku, **parts),))
