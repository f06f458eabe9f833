"""Prices and stock as their sources send them: a late message never overwrites a newer one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from catalog.models import Offer, Product, StockLevel, Variant
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError, OfferChange, ProductChange, VariantChange
from catalog.products.keys import resolve
from catalog.products.reference import Reference
from catalog.products.write import write_products


@dataclass(frozen=True, slots=True)
class Message:
    """The offer of a SKU on a price list, or the units available at a location, with the source's own order."""

    sku: str
    place: str  # price list or location
    offer: OfferChange | None = None
    available: int | None = None
    sequence: int | None = None
    at: dt.datetime | None = None


@dataclass(slots=True)
class Outcome:
    """`applied` is False for what a newer message had overtaken: nothing is wrong then."""

    sku: str
    applied: bool = False
    changed: bool = False
    errors: list[ChangeError] = field(default_factory=list)
    held: list[tuple[str, str, str]] = field(default_factory=list)


def take(messages: Sequence[Message], reference: Reference) -> list[Outcome]:
    """Carry them out in order, as one transaction; an outcome for each. Call it inside `acting(…)`."""
    messages = _in_our_codes(messages, reference)
    with transaction.atomic():
        keys = {code_key(m.sku) for m in messages}
        found = Variant.objects.filter(sku_key__in=keys, product__trashed_at__isnull=True)
        owners = {v.sku_key: v for v in found.select_related("product")}
        # Whoever else brings news of these products waits: the order is looked at and written as one.
        ids = sorted({v.product_id for v in owners.values()})
        list(Product.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
        latest = _Latest(list(owners.values()))
        outcomes: dict[int, Outcome] = {}
        for numbers in _rounds(messages):
            for number in numbers:
                outcomes[number] = _checked(messages[number], owners, latest)
            live = [(messages[n], outcomes[n]) for n in numbers if outcomes[n].applied]
            results = write_products([_change(m, owners[code_key(m.sku)]) for m, _ in live], reference=reference)
            for (message, outcome), result in zip(live, results, strict=True):
                outcome.errors, outcome.held = result.errors, result.held
                outcome.changed = result.status == "updated"
                if result.status == "rejected":
                    outcome.applied = False
                else:
                    latest.note(message, owners[code_key(message.sku)])
        latest.save()
    return [outcomes[number] for number in range(len(messages))]


def _rounds(messages: Sequence[Message]) -> list[list[int]]:
    """Their numbers, such that nothing is told of twice in a round: what comes first is written first."""
    rounds: list[list[int]] = []
    told: dict[tuple[bool, str, str], int] = {}
    for number, message in enumerate(messages):
        about = (message.offer is not None, code_key(message.sku), message.place)
        turn = told.get(about, -1) + 1
        told[about] = turn
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(number)
    return rounds


def _in_our_codes(messages: Sequence[Message], reference: Reference) -> list[Message]:
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


def _checked(message: Message, owners: dict[str, Variant], latest: _Latest) -> Outcome:
    variant = owners.get(code_key(message.sku))
    if variant is None:
        text = f"There is no SKU “{message.sku}”. Create its product first."
        return Outcome(message.sku, errors=[ChangeError("sku", "unknown_sku", text, value=message.sku)])
    return Outcome(variant.sku, applied=not latest.is_newer(message, variant))


def _change(message: Message, variant: Variant) -> ProductChange:
    given: dict[str, Any] = {"sku": variant.sku}
    if message.offer is not None:
        given["offers"] = {message.place: message.offer}
    else:
        given["stock"] = {message.place: message.available}
    return ProductChange(code=variant.product.code, variants=(VariantChange(**given),))


Mark = tuple[int | None, dt.datetime | None]


class _Latest:
    """The order of the last messages taken, by kind, variant and place."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.held: dict[tuple[bool, int, str], Mark] = {}
        self.noted: dict[tuple[bool, int, str], Mark] = {}
        rows = Offer.objects.filter(variant__in=variants)
        for pk, place, number, at in rows.values_list("variant_id", "price_list__code", "source_sequence", "source_at"):
            self.held[True, pk, place] = (number, at)
        levels = StockLevel.objects.filter(variant__in=variants)
        for pk, place, number, at in levels.values_list("variant_id", "location__code", "source_sequence", "source_at"):
            self.held[False, pk, place] = (number, at)

    def is_newer(self, message: Message, variant: Variant) -> bool:
        """Whether what is held came later than the message, by number where both have one, else by time."""
        sequence, at = self.held.get(_place(message, variant), (None, None))
        if sequence is not None and message.sequence is not None:
            return message.sequence <= sequence
        return at is not None and message.at is not None and message.at <= at

    def note(self, message: Message, variant: Variant) -> None:
        place = _place(message, variant)
        self.held[place] = self.noted[place] = (message.sequence, message.at)

    def save(self) -> None:
        for (is_offer, pk, place), (sequence, at) in self.noted.items():
            given = {"source_sequence": sequence, "source_at": at}
            if is_offer:
                Offer.objects.filter(variant_id=pk, price_list__code=place).update(**given)
            else:
                StockLevel.objects.filter(variant_id=pk, location__code=place).update(**given)


def _place(message: Message, variant: Variant) -> tuple[bool, int, str]:
    return message.offer is not None, variant.pk, message.place
