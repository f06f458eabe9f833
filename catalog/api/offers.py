"""Prices and stock, a message a line, with the source's own order: what comes late changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import seen
from catalog.api import bulk, params
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, PAGING, TEXT, Op, lines_of, maybe, page_of, thing
from catalog.api.paging import Order, page
from catalog.api.shapes import OFFER
from catalog.models import Offer, StockLevel
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError
from catalog.products.reference import load_reference
from catalog.products.sourced import Message, Outcome, take
from catalog.products.state import amount_text
from catalog.products.wire import BadForm, read_offer_fields
from pimhub.foundation import moments
from pimhub.foundation.money import exponent

ORDER = {"sequence", "at"}
HEAD = {"sku": TEXT, "sequence": maybe(NUMBER), "at": maybe(MOMENT)}
TAIL = {"sequence": maybe(NUMBER), "at": maybe(MOMENT), "updated": MOMENT}
OFFER_IN = {**OFFER["properties"], **HEAD, "price_list": TEXT}
OFFER_OUT = {"sku": TEXT, "price_list": TEXT, "currency": TEXT, **OFFER["properties"], **TAIL}


class MessageList(ApiView):
    """`GET` with `?sku=` and the name of the place. `PATCH` NDJSON: a message a line."""

    rights = {"GET": ("catalog.view_product",), "PATCH": ("catalog.change_product",)}
    streams = frozenset({"PATCH"})
    model: ClassVar[type[Offer] | type[StockLevel]]
    place: ClassVar[str]
    related: ClassVar[str]  # what a row needs besides its variant

    def get(self, request: Request) -> Response:
        params.only(request, {"sku", self.place} | params.PAGING)
        query: QuerySet[Any] = self.model._default_manager.filter(
            variant__trashed_at__isnull=True, variant__product__trashed_at__isnull=True
        ).select_related("variant", self.related)
        query = seen(query, "variant__product")
        if skus := params.names(request, "sku"):
            query = query.filter(variant__sku_key__in=[code_key(s) for s in skus])
        if places := params.names(request, self.place):
            query = query.filter(**{f"{self.place}__code__in": places})
        return Response(page(request, query, Order("pk"), lambda rows: [self.told(row) for row in rows]))

    def patch(self, request: Request) -> Any:
        bulk.require_lines(request)
        params.only(request, ())
        return bulk.answer(request, Messages(self.read))

    @staticmethod
    def read(given: Any) -> Message:
        """The message of a line. Raises BadForm."""
        raise NotImplementedError

    @staticmethod
    def told(row: Any) -> dict[str, Any]:
        """A row as it is shown."""
        raise NotImplementedError


class OfferList(MessageList):
    """Offers: {"sku", "price_list", "price", …, "sequence", "at"} a line."""

    resource = "offers"
    model, place, related = Offer, "price_list", "price_list__currency"
    operations = {
        "GET": Op(
            query={**PAGING, "sku": "SKUs", "price_list": "codes"}, answers={200: page_of(thing("*", **OFFER_OUT))}
        ),
        "PATCH": lines_of(thing("sku price_list", **OFFER_IN)),
    }

    @staticmethod
    def read(given: Any) -> Message:
        sku, place, sequence, at = _head(given, "price_list")
        fields = {k: v for k, v in given.items() if k not in {"sku", "price_list", *ORDER}}
        return Message(sku=sku, place=place, offer=read_offer_fields(fields), sequence=sequence, at=at)

    @staticmethod
    def told(row: Offer) -> dict[str, Any]:
        places = exponent(row.price_list.currency.code)
        return {
            "sku": row.variant.sku,
            "price_list": row.price_list.code,
            "currency": row.price_list.currency.code,
            **{name: amount_text(getattr(row, name), places) for name in AMOUNTS},
            "sale_from": row.sale_from,
            "sale_to": row.sale_to,
            "tax_class": row.tax_class,
            **_order_of(row),
        }


class StockList(MessageList):
    """Stock: {"sku", "location", "available", "sequence", "at"} a line."""

    resource = "stock"
    model, place, related = StockLevel, "location", "location"
    operations = {
        "GET": Op(
            query={**PAGING, "sku": "SKUs", "location": "codes"},
            answers={200: page_of(thing("*", sku=TEXT, location=TEXT, available=NUMBER, **TAIL))},
        ),
        "PATCH": lines_of(thing("sku location available", location=TEXT, available=NUMBER, **HEAD)),
    }

    @staticmethod
    def read(given: Any) -> Message:
        sku, place, sequence, at = _head(given, "location")
        if strange := set(given) - {"sku", "location", "available", *ORDER}:
            raise BadForm([ChangeError(sorted(strange)[0], "unknown_field", "There is no such field here.")])
        units = given.get("available")
        if isinstance(units, bool) or not isinstance(units, int) or abs(units) >= 2**31:
            raise BadForm([ChangeError("available", "bad_form", "available is a whole number of units.")])
        return Message(sku=sku, place=place, available=units, sequence=sequence, at=at)

    @staticmethod
    def told(row: StockLevel) -> dict[str, Any]:
        return {
            "sku": row.variant.sku,
            "location": row.location.code,
            "available": row.available,
            **_order_of(row),
        }


AMOUNTS = ("price", "compare_at", "sale_price", "cost")


def _order_of(row: Offer | StockLevel) -> dict[str, Any]:
    return {"sequence": row.source_sequence, "at": row.source_at, "updated": row.updated_at}


class Messages(bulk.Work[Message]):
    """Lines that are messages of a source."""

    named_by = "sku"

    def __init__(self, read: Callable[[Any], Message]) -> None:
        self.read = read  # type: ignore[assignment, method-assign]
        self.reference = load_reference()

    def write(self, items: Sequence[Message]) -> list[dict[str, Any]]:
        return [_told(outcome) for outcome in take(items, self.reference)]


def _told(outcome: Outcome) -> dict[str, Any]:
    if outcome.errors:
        return bulk.failed(outcome.sku, outcome.errors) | {"applied": False}
    found: dict[str, Any] = {
        "code": outcome.sku,
        "status": 200,
        "result": "updated" if outcome.changed else "unchanged",
        "applied": outcome.applied,
        "errors": [],
    }
    if outcome.held:
        found["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in outcome.held]
    return found


def _head(given: Any, place: str) -> tuple[str, str, int | None, dt.datetime | None]:
    if not isinstance(given, dict):
        raise BadForm([ChangeError("", "bad_form", "Each line is an object.")])
    for name in ("sku", place):
        if not isinstance(given.get(name), str) or not given[name]:
            raise BadForm([ChangeError(name, "bad_form", f"“{name}” is missing or no text.")])
    sequence, at = given.get("sequence"), given.get("at")
    if sequence is not None and (isinstance(sequence, bool) or not isinstance(sequence, int) or abs(sequence) >= 2**63):
        raise BadForm([ChangeError("sequence", "bad_form", "sequence is a whole number.")])
    moment = None
    if at is not None:
        moment = moments.exact(at)
        if moment is None:
            raise BadForm([ChangeError("at", "bad_form", "at is a moment with its offset.")])
    return given["sku"], given[place], sequence, moment
