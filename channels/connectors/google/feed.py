"""The same offers as a feed file: RSS 2.0 with Google's names.

Sources: support.google.com/merchants/answer/160589 (RSS 2.0) and the pages that `fields.py` names. Items
are written as text, because a feed has many; a test parses them and compares every value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from email.utils import format_datetime
from functools import cache

from babel.numbers import get_currency_precision

from channels.connectors.base import Connection, Facet, Rendered
from channels.connectors.google import settings
from channels.connectors.google.attributes import AVAILABILITY, CONTENT, PRICE, SALE_DATES, SALE_PRICE, Form
from channels.connectors.google.canonical import MICROS
from channels.connectors.outcome import Row
from pimhub.foundation.jsonvalue import JSON

NAMESPACE = "http://base.google.com/ns/1.0"

# What XML 1.0 cannot hold in any spelling.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def header(connection: Connection, title: str, changed: dt.datetime) -> bytes:
    shop = settings.read(connection).shop
    built = format_datetime(changed.astimezone(dt.UTC), usegmt=True)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<rss version="2.0" xmlns:g="{NAMESPACE}">\n<channel>\n'
        f"<title>{escaped(title)}</title>\n<link>{escaped(shop)}</link>\n"
        f"<description>{escaped(title)}</description>\n<lastBuildDate>{built}</lastBuildDate>\n"
    ).encode()


def atom_header(connection: Connection, title: str, changed: dt.datetime) -> bytes:
    """Atom 1.0, RFC 4287; items are the same but for their name (support.google.com/merchants/answer/160593)."""
    shop = settings.read(connection).shop
    moment = changed.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="{NAMESPACE}">\n'
        f'<title>{escaped(title)}</title>\n<link rel="self" href="{escaped(shop)}"/>\n'
        f"<id>urn:pimhub:feed:{escaped(connection.code)}</id>\n<updated>{moment}</updated>\n"
    ).encode()


def item(rendered: Rendered, row: Row, name: str = "item") -> bytes:
    """One variant. The order of the tags is the same for all."""
    bodies = rendered.bodies[row]
    content = bodies[Facet.CONTENT]
    tags = [
        _tag("id", content["offerId"]),
        *_content_tags(content["productAttributes"]),
        *_offer_tags(bodies.get(Facet.OFFER, {})),
        *(_tag(AVAILABILITY, said.lower()) for said in bodies.get(Facet.STOCK, {}).values()),
    ]
    return f"<{name}>{''.join(tags)}</{name}>\n".encode()


def footer() -> bytes:
    return b"</channel>\n</rss>\n"


def escaped(text: str) -> str:
    """Text as it stands between tags. A parser reads a bare carriage return as a line feed."""
    plain = _FORBIDDEN.sub("", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def price(value: Mapping[str, JSON]) -> str:
    """“19.99 USD”, with as many places as the currency has, or more where the price does."""
    amount = (Decimal(value["amountMicros"]) / MICROS).normalize()
    places = max(_places(value["currencyCode"]), -int(amount.as_tuple().exponent))
    return f"{amount:.{places}f} {value['currencyCode']}"


def _content_tags(attributes: Mapping[str, JSON]) -> Iterator[str]:
    for attribute in CONTENT:
        value = attributes.get(attribute.api)
        if value is None:
            continue
        if attribute.form is Form.TEXTS:
            yield from (_tag(attribute.code, one) for one in value)
        elif attribute.form is Form.STRUCTURED:
            kind = value["digitalSourceType"].lower()
            yield _group(attribute.code, {"digital_source_type": kind, "content": value["content"]})
        elif attribute.form is Form.SHIPPING:
            yield from (_group(attribute.code, {**one, "price": price(one["price"])}) for one in value)
        elif attribute.form is Form.OPTIONS:
            yield from (_group(attribute.code, one) for one in value)
        else:
            yield _tag(attribute.code, plain(attribute.form, value))


def _offer_tags(offer: Mapping[str, JSON]) -> Iterator[str]:
    if PRICE in offer:
        yield _tag("price", price(offer[PRICE]))
    if SALE_PRICE in offer:
        yield _tag("sale_price", price(offer[SALE_PRICE]))
    if SALE_DATES in offer:
        dates = offer[SALE_DATES]
        yield _tag("sale_price_effective_date", f"{dates['startTime']}/{dates['endTime']}")


def plain(form: Form, value: JSON) -> str:
    if form is Form.CHOICE:
        return str(value).lower()
    if form is Form.WEIGHT:
        return f"{value['value']} {value['unit']}"
    if form is Form.FLAG:
        return "yes" if value else "no"
    return str(value)


def _tag(name: str, text: str) -> str:
    return f"<g:{name}>{escaped(text)}</g:{name}>"


def _group(name: str, parts: Mapping[str, str]) -> str:
    return f"<g:{name}>{''.join(_tag(part, text) for part, text in parts.items())}</g:{name}>"


@cache
def _places(currency: str) -> int:
    return get_currency_precision(currency)
