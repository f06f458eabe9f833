"""Prices and stock, a message a line, with the source's own order: what comes late changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import bulk, params
from catalog.api.base import ApiView
from catalog.api.describe import MOMENT, NUMBER, PAGING, TEXT, Op, lines_of, maybe, page_of, thing
from catalog.api.formats import NDJSON
from catalog.api.paging import Order, page
from catalog.api.problems import Problem, told
from catalog.api.shapes import OFFER
from catalog.models import Offer, StockLevel
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError
from catalog.products.reference import load_reference
from catalog.products.sourced import Message, Outcome, take
from catalog.products.state import amount_text
from catalog.products.wire import BadForm, load_json, read_offer_fields
from pimhub.foundation.money import exponent

RIGHTS = {"GET": ("catalog.view_product",), "PATCH": ("catalog.change_product",)}
ORDER = {"sequence", "at"}


HEAD = {"sku": TEXT, "sequence": maybe(NUMBER), "at": maybe(MOMENT)}
OFFER_OUT = thing("sku price_list currency", sku=TEXT, price_list=TEXT, currency=TEXT)
STOCK_OUT = thing("sku location available", sku=TEXT, location=TEXT, available=NUMBER)


class OfferList(ApiView):
    """`GET` with `?sku= &price_list=`. `PATCH` NDJSON: {"sku", "price_list", "price", …, "sequence", "at"} a line."""

    resource = "offers"
    rights = RIGHTS
    streams = frozenset({"PATCH"})
    operations = {
        "GET": Op(query={**PAGING, "sku": "SKUs", "price_list": "codes"}, answers={200: page_of(OFFER_OUT)}),
        "PATCH": lines_of({**OFFER, "properties": {**OFFER["properties"], **HEAD, "price_list": TEXT}}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"sku", "price_list"} | params.PAGING)
        query: QuerySet[Offer] = Offer.objects.filter(
            variant__trashed_at__isnull=True, variant__product__trashed_at__isnull=True
        ).select_related("variant", "price_list__currency")
        if skus := params.names(request, "sku"):
            query = query.filter(variant__sku_key__in=[code_key(s) for s in skus])
        if lists := params.names(request, "price_list"):
            query = query.filter(price_list__code__in=lists)
        return Response(page(request, query, Order("pk"), lambda rows: [offer_data(o) for o in rows]))

    def patch(self, request: Request) -> Any:
        return _answer(request, _offer)


class StockList(ApiView):
    """`GET` with `?sku= &location=`. `PATCH` NDJSON: {"sku", "location", "available", "sequence", "at"} a line."""

    resource = "stock"
    rights = RIGHTS
    streams = frozenset({"PATCH"})
    operations = {
        "GET": Op(query={**PAGING, "sku": "SKUs", "location": "codes"}, answers={200: page_of(STOCK_OUT)}),
        "PATCH": lines_of(thing("sku location available", location=TEXT, available=NUMBER, **HEAD)),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"sku", "location"} | params.PAGING)
        query: QuerySet[StockLevel] = StockLevel.objects.filter(
            variant__trashed_at__isnull=True, variant__product__trashed_at__isnull=True
        ).select_related("variant", "location")
        if skus := params.names(request, "sku"):
            query = query.filter(variant__sku_key__in=[code_key(s) for s in skus])
        if places := params.names(request, "location"):
            query = query.filter(location__code__in=places)
        return Response(page(request, query, Order("pk"), lambda rows: [stock_data(s) for s in rows]))

    def patch(self, request: Request) -> Any:
        return _answer(request, _stock)


def _answer(request: Request, read: Any) -> Any:
    if (request.content_type or "").split(";")[0].strip() != NDJSON:
        raise Problem(415, "not_ndjson", f"Send {NDJSON}: one object a line.")
    params.only(request, ())
    return bulk.answer(request, Messages(read))


class Messages:
    """Lines that are messages of a source."""

    all_or_nothing = False

    def __init__(self, read: Any) -> None:
        self.read = read
        self.reference = load_reference()

    def run(self, batch: Sequence[tuple[int, bytes | None]]) -> list[dict[str, Any]]:
        results: dict[int, dict[str, Any]] = {}
        good: list[tuple[int, Message]] = []
        for number, line in batch:
            try:
                if line is None:
                    raise BadForm([ChangeError("", "too_large", "This line is too long.")])
                good.append((number, self.read(load_json(line))))
            except BadForm as error:
                results[number] = bulk.failed(number, "", error.errors, status=422)
        outcomes = take([message for _, message in good], self.reference)
        for (number, _), outcome in zip(good, outcomes, strict=True):
            results[number] = _line(number, outcome)
        return [results[number] for number, _ in batch]


def _line(number: int, outcome: Outcome) -> dict[str, Any]:
    if outcome.errors:
        return bulk.failed(number, outcome.sku, outcome.errors) | {"applied": False}
    found: dict[str, Any] = {
        "line": number,
        "code": outcome.sku,
        "status": 200,
        "result": "updated" if outcome.changed else "unchanged",
        "applied": outcome.applied,
        "errors": [told(e) for e in outcome.errors],
    }
    if outcome.held:
        found["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in outcome.held]
    return found


def _offer(given: Any) -> Message:
    sku, place, sequence, at = _head(given, "price_list")
    fields = {k: v for k, v in given.items() if k not in {"sku", "price_list", *ORDER}}
    return Message(sku=sku, place=place, offer=read_offer_fields(fields), sequence=sequence, at=at)


def _stock(given: Any) -> Message:
    sku, place, sequence, at = _head(given, "location")
    if strange := set(given) - {"sku", "location", "available", *ORDER}:
        raise BadForm([ChangeError(sorted(strange)[0], "unknown_field", "There is no such field here.")])
    units = given.get("available")
    if isinstance(units, bool) or not isinstance(units, int) or abs(units) >= 2**31:
        raise BadForm([ChangeError("available", "bad_form", "available is a whole number of units.")])
    return Message(sku=sku, place=place, available=units, sequence=sequence, at=at)


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
        try:
            moment = parse_datetime(at) if isinstance(at, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise BadForm([ChangeError("at", "bad_form", "at is a moment with its offset.")])
    return given["sku"], given[place], sequence, moment


def _at(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def offer_data(row: Offer) -> dict[str, Any]:
    exact = {name: amount_text(getattr(row, name), exponent(row.price_list.currency.code)) for name in AMOUNTS}
    return {
        "sku": row.variant.sku,
        "price_list": row.price_list.code,
        "currency": row.price_list.currency.code,
        **exact,
        "sale_from": _at(row.sale_from),
        "sale_to": _at(row.sale_to),
        "tax_class": row.tax_class,
        "sequence": row.source_sequence,
        "at": _at(row.source_at),
        "updated": _at(row.updated_at),
    }


AMOUNTS = ("price", "compare_at", "sale_price", "cost")


def stock_data(row: StockLevel) -> dict[str, Any]:
    return {
        "sku": row.variant.sku,
        "location": row.location.code,
        "available": row.available,
        "sequence": row.source_sequence,
        "at": _at(row.source_at),
        "updated": _at(row.updated_at),
    }
