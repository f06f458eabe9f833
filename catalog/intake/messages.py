"""A line of prices or stock as a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from catalog.products.changes import UNSET, ChangeError, OfferChange
from catalog.products.wire import BadForm, read_offer_fields
from pimhub.foundation import moments

OFFER, STOCK, ITEM = "offer", "stock", "item"
PLACE = {OFFER: "price_list", STOCK: "location"}
OFFER_FIELDS = ("price", "compare_at", "sale_price", "sale_from", "sale_to", "cost", "tax_class")
FUTURE = dt.timedelta(minutes=10)  # so far may the clock of a source be ahead of ours
HEAD = {"sku", "sequence", "at"}


@dataclass(frozen=True, slots=True)
class Message:
    """The offer of a SKU on a price list, or the units available at a location, with the source's own order."""

    sku: str
    place: str  # price list or location
    offer: OfferChange | None = None
    available: int | None = None
    sequence: int | None = None
    at: dt.datetime | None = None
    currency: str = ""  # what the sender takes the price list's currency to be
    line: Any = field(default=None, compare=False)  # as it was sent

    @property
    def kind(self) -> str:
        return STOCK if self.offer is None else OFFER

    def said(self) -> Iterator[tuple[str, Any]]:
        """What it says, by field."""
        if self.offer is None:
            yield "available", self.available
            return
        for name in OFFER_FIELDS:
            value = getattr(self.offer, name)
            if value is not UNSET:
                yield name, value


def read(kind: str, given: Any) -> Message:
    """The message that a line is. Raises BadForm."""
    return read_offer_line(given) if kind == OFFER else read_stock_line(given)


def read_offer_line(given: Any) -> Message:
    """{"sku", "price_list", "price", …, "currency", "sequence", "at"}. Raises BadForm."""
    sku, place, sequence, at = _head(given, "price_list")
    currency = given.get("currency") or ""
    if not isinstance(currency, str):
        raise _bad("currency", "currency is a code such as EUR.")
    fields = {k: v for k, v in given.items() if k not in HEAD and k not in ("price_list", "currency")}
    if not fields:
        raise _bad("price", "The line says nothing of a price. Give at least one amount.")
    offer = read_offer_fields(fields)
    return Message(sku, place, offer=offer, sequence=sequence, at=at, currency=currency.upper(), line=given)


def read_stock_line(given: Any) -> Message:
    """{"sku", "location", "available", "sequence", "at"}. Raises BadForm."""
    sku, place, sequence, at = _head(given, "location")
    if strange := given.keys() - HEAD - {"location", "available"}:
        raise BadForm([ChangeError(min(strange), "unknown_field", "There is no such field here.")])
    units = given.get("available")
    if isinstance(units, float | Decimal) and units != int(units):
        text = f"{units} units cannot be sold: stock is counted in whole units. Round it down."
        raise BadForm([ChangeError("available", "fractional_stock", text)])
    if isinstance(units, bool) or not isinstance(units, int) or abs(units) >= 2**31:
        shown = "missing" if units is None else f"“{str(units)[:40]}”"
        raise _bad("available", f"available is {shown}. Send a whole number of units, such as 12.")
    if units < 0:
        text = f"{units} units cannot be available. Send 0 where orders wait, and what is ordered as incoming."
        raise BadForm([ChangeError("available", "negative_stock", text)])
    return Message(sku, place, available=units, sequence=sequence, at=at, line=given)


def _head(given: Any, place: str) -> tuple[str, str, int | None, dt.datetime | None]:
    if not isinstance(given, dict):
        raise _bad("", "Each line is an object.")
    for name in ("sku", place):
        if not isinstance(given.get(name), str) or not given[name] or len(given[name]) > 255:
            raise _bad(name, f"“{name}” is missing, no text, or longer than 255 characters.")
    sequence, at = given.get("sequence"), given.get("at")
    if sequence is not None and (isinstance(sequence, bool) or not isinstance(sequence, int) or abs(sequence) >= 2**63):
        raise _bad("sequence", "sequence is a whole number.")
    moment = None
    if at is not None:
        moment = moments.exact(at)
        if moment is None:
            raise _bad("at", "at is a moment with its offset.")
        if moment > timezone.now() + FUTURE:
            text = f"{at} is ahead of our clock. Set the clock of the source right; taken, it would shut out all news."
            raise BadForm([ChangeError("at", "clock_ahead", text)])
    return given["sku"], given[place], sequence, moment


def _bad(key: str, text: str) -> BadForm:
    return BadForm([ChangeError(key, "bad_form", text)])
