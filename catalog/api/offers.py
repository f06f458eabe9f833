"""Prices and stock, a message a line, with the source's own order: what comes late changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
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
from catalog.change_sets import current_act
from catalog.intake.messages import OFFER as OFFERS
from catalog.intake.messages import STOCK, Message, read
from catalog.intake.rejects import keep
from catalog.intake.take import Outcome, take
from catalog.models import Offer, StockLevel
from catalog.models.codes import code_key
from catalog.products.reference import load_reference
from catalog.products.state import amount_text
from catalog.products.wire import BadForm, load_json
from pimhub.foundation.money import exponent

BATCH = 1000  # lines written at once
HEAD = {"sku": TEXT, "sequence": maybe(NUMBER), "at": maybe(MOMENT)}
TAIL = {
    "source": TEXT,
    "sequence": maybe(NUMBER),
    "at": maybe(MOMENT),
    "ordered_by": TEXT,
    "received": maybe(MOMENT),
    "updated": MOMENT,
}
OFFER_IN = {**OFFER["properties"], **HEAD, "price_list": TEXT, "currency": TEXT}
OFFER_OUT = {"sku": TEXT, "price_list": TEXT, "currency": TEXT, **OFFER["properties"], **TAIL}


class MessageList(ApiView):
    """`GET` with `?sku=` and the name of the place. `PATCH` NDJSON: a message a line."""

    rights = {"GET": ("catalog.view_product",), "PATCH": ("catalog.change_product",)}
    streams = frozenset({"PATCH"})
    kind: ClassVar[str]
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
        return bulk.answer(request, Messages(self.kind))

    @staticmethod
    def told(row: Any) -> dict[str, Any]:
        """A row as it is shown."""
        raise NotImplementedError


class OfferList(MessageList):
    """Offers: {"sku", "price_list", "price", …, "sequence", "at"} a line."""

    resource = "offers"
    kind, model, place, related = OFFERS, Offer, "price_list", "price_list__currency"
    operations = {
        "GET": Op(
            query={**PAGING, "sku": "SKUs", "price_list": "codes"}, answers={200: page_of(thing("*", **OFFER_OUT))}
        ),
        "PATCH": lines_of(thing("sku price_list", **OFFER_IN)),
    }

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
    kind, model, place, related = STOCK, StockLevel, "location", "location"
    operations = {
        "GET": Op(
            query={**PAGING, "sku": "SKUs", "location": "codes"},
            answers={200: page_of(thing("*", sku=TEXT, location=TEXT, available=NUMBER, **TAIL))},
        ),
        "PATCH": lines_of(thing("sku location available", location=TEXT, available=NUMBER, **HEAD)),
    }

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
    return {
        "source": row.source,
        "sequence": row.source_sequence,
        "at": row.source_at,
        "ordered_by": row.ordered_by,
        "received": row.received_at,
        "updated": row.updated_at,
    }


class Messages(bulk.Work[Message]):
    """Lines that are messages of a source. What is refused is also kept, to be tried again."""

    named_by = "sku"
    batch = BATCH

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.reference = load_reference()

    def read(self, given: Any) -> Message:
        return read(self.kind, given)

    def write(self, items: Sequence[Message]) -> list[dict[str, Any]]:
        return [outcome_told(outcome) for outcome in take(items, self.reference)]

    def unreadable(self, lines: Sequence[tuple[bytes | None, BadForm]]) -> None:
        source = current_act().system
        keep([(self.kind, _readable(line), error.errors) for line, error in lines], source=source)


def _readable(line: bytes | None) -> Any:
    """What a refused line said, or its beginning where it is no JSON."""
    if line is None:
        return ""
    try:
        return load_json(line)
    except BadForm:
        return line[:1000].decode(errors="replace").replace("\0", "")


def outcome_told(outcome: Outcome) -> dict[str, Any]:
    """The result of a line."""
    if outcome.errors:
        return bulk.failed(outcome.sku, outcome.errors) | {"applied": False}
    found: dict[str, Any] = {
        "code": outcome.sku,
        "status": 200,
        "result": "updated" if outcome.changed else "unchanged",
        "applied": outcome.applied,
        "ordered_by": outcome.order,
        "errors": [],
    }
    if outcome.overtaken:
        found["overtaken"] = list(outcome.overtaken)
    if outcome.held:
        found["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in outcome.held]
    return found
