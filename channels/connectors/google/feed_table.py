"""The offers as tab-separated text: one line each, the same columns for all.

Sources: support.google.com/merchants/answer/160567 (text feeds) and 7052112 (how attributes with several values or
parts are written: commas between values, colons between parts, quotes around what holds either).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from channels.connectors.base import Facet, Rendered
from channels.connectors.google.attributes import AVAILABILITY, CONTENT, PRICE, SALE_DATES, SALE_PRICE, Form
from channels.connectors.google.feed import plain, price
from channels.connectors.google.settings import Settings
from channels.connectors.outcome import Row
from pimhub.foundation.jsonvalue import JSON

OFFERED = ("price", "sale_price", "sale_price_effective_date")


def header(given: Settings) -> bytes:
    return ("\t".join(columns(given)) + "\n").encode()


def line(rendered: Rendered, row: Row, given: Settings) -> bytes:
    bodies = rendered.bodies[row]
    content = bodies[Facet.CONTENT]
    cells = {"id": content["offerId"], **dict(_cells(content["productAttributes"]))}
    cells |= dict(_offer(bodies.get(Facet.OFFER, {})))
    if AVAILABILITY in (stock := bodies.get(Facet.STOCK, {})):
        cells["availability"] = stock[AVAILABILITY].lower()
    return ("\t".join(_cell(str(cells.get(name, ""))) for name in columns(given)) + "\n").encode()


@cache
def _columns(supplements: frozenset[str]) -> tuple[str, ...]:
    names = ("id", *(a.code for a in CONTENT), *OFFERED, "availability")
    if not supplements:
        return names
    sent = supplements | {f"structured_{name}" for name in supplements} | {"id"}
    sent |= set(OFFERED) if "price" in supplements else set()
    return tuple(name for name in names if name in sent)


def columns(given: Settings) -> tuple[str, ...]:
    """Of a supplemental source: the id, and what it adds."""
    return _columns(given.supplements)


def _cells(attributes: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    for attribute in CONTENT:
        value = attributes.get(attribute.api)
        if value is None:
            continue
        match attribute.form:
            case Form.TEXTS:
                yield attribute.code, ",".join(_part(one, parted=',"') for one in value)
            case Form.STRUCTURED:
                yield attribute.code, f"{value['digitalSourceType'].lower()}:{_part(value['content'], always=True)}"
            case Form.OPTIONS:
                yield attribute.code, ",".join(f"{_part(one['name'])}:{_part(one['value'])}" for one in value)
            case Form.SHIPPING:
                yield attribute.code, ",".join(_shipping(one) for one in value)
            case _:
                yield attribute.code, plain(attribute.form, value)


def _offer(offer: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    if PRICE in offer:
        yield "price", price(offer[PRICE])
    if SALE_PRICE in offer:
        yield "sale_price", price(offer[SALE_PRICE])
    if SALE_DATES in offer:
        yield "sale_price_effective_date", f"{offer[SALE_DATES]['startTime']}/{offer[SALE_DATES]['endTime']}"


def _shipping(one: Mapping[str, JSON]) -> str:
    """country:region:service:price"""
    return f"{one['country']}::{_part(one.get('service', ''))}:{price(one['price'])}"


def _part(text: str, *, parted: str = ',:"', always: bool = False) -> str:
    """One of several values: in quotes where it holds what parts them."""
    if not always and not set(parted) & set(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _cell(text: str) -> str:
    """On one line, without tabs. A quote at the beginning would open a quoted cell."""
    flat = re.sub(r"[\t\r\n\x00-\x1f\x7f]+", " ", text)
    return '"' + flat.replace('"', '""') + '"' if flat.startswith('"') else flat
