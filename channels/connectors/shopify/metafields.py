"""Metafields: the official types, what they hold, and their one form for sending and comparing.

Source: shopify.dev/docs/apps/build/metafields/list-of-data-types. References point at things of the
shop that the product hub does not hold, so they are refused.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from channels.connectors.shopify import canonical
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

PLACE = re.compile(r"(?P<namespace>[\w-]{3,255})\.(?P<key>[\w-]{2,64})", re.ASCII)
MOST_VALUE = 65_536  # bytes of a value; lists hold at most 128 entries
MOST_ENTRIES = 128
# Shopify's integers are those that JavaScript holds exactly.
HIGHEST_INTEGER = 2**53 - 1

_UNITS: Mapping[str, frozenset[str]] = {
    "weight": frozenset({"oz", "lb", "g", "kg"}),
    "dimension": frozenset({"in", "ft", "yd", "mm", "cm", "m"}),
    "volume": frozenset({
        "ml", "cl", "l", "m3", "us_fl_oz", "us_pt", "us_qt", "us_gal", "imp_fl_oz", "imp_pt", "imp_qt", "imp_gal",
    }),
}  # fmt: skip
# Our spellings of units, and those in which Shopify may answer.
_SPELLINGS: Mapping[str, str] = {
    "grams": "g", "kilograms": "kg", "ounces": "oz", "pounds": "lb", "millimeters": "mm", "centimeters": "cm",
    "meters": "m", "inches": "in", "feet": "ft", "yards": "yd", "milliliters": "ml", "centiliters": "cl",
    "liters": "l", "fl_oz": "us_fl_oz",
}  # fmt: skip


class BadMetafield(ValueError):
    """Why a value does not fit its type, for whoever wrote the mapping."""


def _single_line(value: JSON) -> str:
    text = _text(value)
    if "\n" in text or "\r" in text:
        raise BadMetafield("has more than one line; use multi_line_text_field, or shorten it")
    return text


def _text(value: JSON) -> str:
    if isinstance(value, list | dict):
        raise BadMetafield("is no single text; join it in the mapping, or use a list type")
    return canonical.text(value)


def _integer(value: JSON) -> str:
    amount = _amount(value)
    if amount != amount.to_integral_value() or abs(amount) > HIGHEST_INTEGER:
        raise BadMetafield("is no whole number up to 9,007,199,254,740,991")
    return str(int(amount))


def _decimal(value: JSON) -> str:
    amount = _amount(value)
    exact = canonical.number(str(amount)) or "0"
    whole, _, fraction = exact.lstrip("-").partition(".")
    if len(whole) > 13 or len(fraction) > 9:
        raise BadMetafield("has more than 13 digits, or more than 9 decimals")
    return exact


def _boolean(value: JSON) -> str:
    said = {True: "true", False: "false", "true": "true", "false": "false"}.get(value if _hashable(value) else None)
    if said is None or isinstance(value, int) and not isinstance(value, bool):
        raise BadMetafield("is neither true nor false")
    return said


def _date(value: JSON) -> str:
    try:
        return dt.date.fromisoformat(_text(value)[:10]).isoformat()
    except ValueError as error:
        raise BadMetafield("is no date such as 2026-12-31") from error


def _date_time(value: JSON) -> str:
    try:
        moment = dt.datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise BadMetafield("is no date and time such as 2026-12-31T20:00:00Z") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _url(value: JSON) -> str:
    text = _text(value)
    if not re.match(r"(https?|mailto|sms|tel):\S+$", text):
        raise BadMetafield("is no address that begins with https, http, mailto, sms or tel")
    return text


def _color(value: JSON) -> str:
    text = _text(value).lower()
    if not re.fullmatch("#[0-9a-f]{6}", text):
        raise BadMetafield("is no color such as #1a2b3c")
    return text


def _measure(kind: str) -> Callable[[JSON], str]:
    def measure(value: JSON) -> str:
        if not isinstance(value, Mapping):
            raise BadMetafield(f"is no {kind} with a unit; map a measurement")
        unit = canonical.text(value.get("unit")).lower()
        unit = _SPELLINGS.get(unit, unit)
        if unit not in _UNITS[kind]:
            raise BadMetafield(f"is in “{unit}”; Shopify takes a {kind} in {', '.join(sorted(_UNITS[kind]))}")
        amount = _amount(value.get("amount", value.get("value")))
        return _dump({"value": _json_number(amount), "unit": unit})

    return measure


def _money(value: JSON) -> str:
    if not isinstance(value, Mapping):
        raise BadMetafield("is no amount with a currency")
    amount = canonical.money(str(_amount(value.get("amount"))))
    currency = canonical.text(value.get("currency") or value.get("currency_code")).upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BadMetafield(f"has “{currency}” as its currency; use three letters such as EUR")
    return _dump({"amount": amount, "currency_code": currency})


def _json(value: JSON) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=written_out)
        except (ValueError, InvalidOperation) as error:
            raise BadMetafield("is no JSON") from error
    return _dump(_plain(value))


# Type → the canonical text of a value. Raises BadMetafield.
TYPES: Mapping[str, Callable[[JSON], str]] = {
    "single_line_text_field": _single_line,
    "multi_line_text_field": _text,
    "number_integer": _integer,
    "number_decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "date_time": _date_time,
    "url": _url,
    "color": _color,
    "weight": _measure("weight"),
    "dimension": _measure("dimension"),
    "volume": _measure("volume"),
    "money": _money,
    "json": _json,
}
# Lists exist of these; of text only the one-line kind.
LISTABLE = frozenset(TYPES) - {"multi_line_text_field", "boolean", "money", "json"}
STRUCTURED = frozenset({"weight", "dimension", "volume", "money", "json"})


def type_problem(kind: str) -> str | None:
    """Why metafields of this type cannot be filled, in words; None when they can."""
    if kind.removeprefix("list.").endswith("_reference"):
        return (
            f"“{kind}” points at things of the shop that are not held here. Use a text, number or JSON type, or "
            "fill it in Shopify."
        )
    if kind in TYPES or (kind.startswith("list.") and kind.removeprefix("list.") in LISTABLE):
        return None
    known = ", ".join([*TYPES, "list. of most of these"])
    return f"“{kind}” is no type of metafield that can be filled. There are {known}."


def encoded(kind: str, value: JSON) -> str:
    """The text in which Shopify takes and keeps the value. Raises BadMetafield; `kind` must have no problem."""
    if kind.startswith("list."):
        entry = TYPES[kind.removeprefix("list.")]
        entries = value if isinstance(value, list) else [value]
        if len(entries) > MOST_ENTRIES:
            raise BadMetafield(f"has {len(entries)} entries, Shopify takes {MOST_ENTRIES}")
        structured = kind.removeprefix("list.") in STRUCTURED | {"number_integer", "number_decimal"}
        text = _dump([_parsed(entry(one)) if structured else entry(one) for one in entries])
    else:
        text = TYPES[kind](value)
    if len(text.encode()) > MOST_VALUE:
        raise BadMetafield(f"has {len(text.encode()) // 1024} KB, Shopify takes 64")
    return text


def shown(kind: str, text: str) -> str:
    """A value as it was read back, in the same form; as it is when it is none of this type."""
    if type_problem(kind) is not None:
        return text
    try:
        structured = kind.startswith("list.") or kind in STRUCTURED
        return encoded(kind, _parsed(text) if structured else text)
    except (BadMetafield, ValueError):
        return text


def place(code: str) -> tuple[str, str]:
    """(namespace, key) of "custom.material"; the namespace may hold no dot."""
    namespace, _, key = code.rpartition(".")
    return namespace, key


def _amount(value: JSON) -> Decimal:
    if isinstance(value, bool | list | dict) or value in (None, ""):
        raise BadMetafield("is no number")
    try:
        amount = written_out(str(value))
    except InvalidOperation as error:
        raise BadMetafield("is no number") from error
    if not amount.is_finite():
        raise BadMetafield("is no number")
    return amount


def _json_number(amount: Decimal) -> JSON:
    """A number that JSON writes without loss, or the nearest that it can."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _plain(value: JSON) -> JSON:
    if isinstance(value, Decimal):
        return _json_number(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _parsed(text: str) -> JSON:
    return _plain(json.loads(text, parse_float=Decimal))


def _dump(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _hashable(value: JSON) -> bool:
    return not isinstance(value, list | dict)
