"""Pages by key: a page deep in a million rows costs what the first one costs."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from catalog.api.problems import Problem
from catalog.search.select import count
from pimhub.foundation import moments

DEFAULT, LARGEST = 50, 200
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by, then by primary key in the same direction."""

    column: str
    descending: bool = False

    @property
    def columns(self) -> list[str]:
        sign = "-" if self.descending else ""
        return [f"{sign}{self.column}"] if self.column == "pk" else [f"{sign}{self.column}", f"{sign}pk"]


def page(
    request: Request, query: QuerySet[M], order: Order, represent: Callable[[Sequence[M]], Sequence[Any]]
) -> dict[str, Any]:
    """{results, next}; with `?count=true` also how many there are: {value, exact}."""
    limit = limit_of(request)
    rows = list(after(query, order, request.query_params.get("cursor", ""))[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    found: dict[str, Any] = {
        "results": list(represent(rows)),
        "next": next_url(request, rows[-1], order) if more else None,
    }
    if request.query_params.get("count", "") == "true":
        counted = count(query)
        found["count"] = {"value": counted.value, "exact": counted.exact}
    return found


def limit_of(request: Request, largest: int = LARGEST) -> int:
    text = request.query_params.get("limit", str(DEFAULT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= largest:
        raise Problem(400, "bad_limit", f"limit is a number from 1 to {largest}, not “{text[:20]}”.")
    return int(text)


def after(query: QuerySet[M], order: Order, cursor: str) -> QuerySet[M]:
    """The rows after the one that the cursor names, in order."""
    if cursor:
        at, pk = _read(cursor, order, query.model._meta.pk)
        side = "lt" if order.descending else "gt"
        if order.column == "pk":
            query = query.filter(**{f"pk__{side}": pk})
        else:
            # The first condition lets the database begin in the index.
            beyond = Q(**{f"{order.column}__{side}": at}) | Q(**{order.column: at, f"pk__{side}": pk})
            query = query.filter(Q(**{f"{order.column}__{side}e": at}) & beyond)
    return query.order_by(*order.columns)


def cursor_of(row: Model, order: Order) -> str:
    at = None if order.column == "pk" else getattr(row, order.column)
    return base64.urlsafe_b64encode(orjson.dumps([order.column, at, row.pk], default=str)).rstrip(b"=").decode()


def _read(cursor: str, order: Order, key: Any) -> tuple[Any, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        column, at, pk = orjson.loads(text)
        if column != order.column or not isinstance(pk, int | str) or isinstance(pk, bool):
            raise ValueError
        if not isinstance(at, str | int | None) or (isinstance(at, str) and "\x00" in at):
            raise ValueError
        if column != "pk" and order.column.endswith(("_at", "date")):
            at = _moment(at)
        pk = key.to_python(pk)
        if isinstance(pk, int) and abs(pk) >= 2**63:
            raise ValueError
    except (ValueError, TypeError, ValidationError, binascii.Error, UnicodeError) as error:
        raise Problem(
            400, "bad_cursor", "This cursor is not from a list sorted like this one. Begin without it."
        ) from error
    return at, pk


def _moment(text: Any) -> dt.datetime:
    moment = moments.exact(text)
    if moment is None:
        raise ValueError
    return moment


def next_url(request: Request, last: Model, order: Order) -> str:
    query = request.query_params.copy()
    query["cursor"] = cursor_of(last, order)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
