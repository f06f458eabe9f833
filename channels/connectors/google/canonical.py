"""One form per value: what we render, what we send and what is read back compare as equal.

A body holds decimals as text, moments as "2026-01-31T08:00:00Z" and enums by name; the discovery
document says which value is which.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from channels.connectors.google.schema import Schema, document, resolve
from pimhub.foundation.jsonvalue import JSON

MICROS = 1_000_000
# Google's units for a shipping weight, and what others come to.
WEIGHT_UNITS = ("kg", "g", "lb", "oz")
_OTHER_WEIGHTS = {"t": (Decimal(1000), "kg"), "mg": (Decimal("0.001"), "g")}


def text(value: JSON) -> str:
    return "" if value is None else str(value).strip()


def texts(value: JSON) -> list[str]:
    """A list of texts, from one or several; each once, none empty."""
    given = value if isinstance(value, list | tuple) else [value]
    return list(dict.fromkeys(t for t in map(text, given) if t))


def decimal_text(value: JSON) -> str:
    """The shortest text of a number, as it comes back from a channel that keeps binary fractions.

    Raises ValueError for what is no finite number.
    """
    try:
        number = Decimal(repr(float(Decimal(str(value)))))
    except (InvalidOperation, OverflowError) as error:
        raise ValueError(f"{value!r} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return format(number.normalize(), "f")


def moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def weight(value: JSON) -> dict[str, JSON] | None:
    """{value, unit} of a measurement {amount, unit}; None when it is no weight above zero."""
    if not isinstance(value, dict):
        return None
    unit = text(value.get("unit"))
    factor, unit = _OTHER_WEIGHTS.get(unit, (Decimal(1), unit))
    try:
        amount = Decimal(text(value.get("amount"))) * factor
    except InvalidOperation:
        return None
    if unit not in WEIGHT_UNITS or not amount.is_finite() or amount <= 0:
        return None
    return {"value": decimal_text(amount), "unit": unit}


def micros(amount: Decimal) -> str:
    """Millionths of the currency's unit; preflight refuses amounts that are finer."""
    return str(int((amount * MICROS).to_integral_value()))


def is_amount(given: str) -> bool:
    """Whether a text is a sum of money, zero or more, that micros can hold."""
    try:
        amount = Decimal(given)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0 and not amount * MICROS % 1


def from_answer(schema_name: str, value: JSON) -> JSON:
    """A value as Google shows it, in the form of our bodies."""
    return _convert(document()["schemas"][schema_name], value, _read)


def to_wire(schema_name: str, body: JSON) -> JSON:
    """A body as it is sent: decimals of numeric fields become JSON numbers."""
    return _convert(document()["schemas"][schema_name], body, _write)


def _convert(schema: Schema, value: JSON, convert: Any) -> JSON:
    schema = resolve(schema)
    if isinstance(value, dict):
        rules = schema.get("properties", {})
        return {n: _convert(rules.get(n, {}), item, convert) for n, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_convert(schema.get("items", {}), item, convert) for item in value]
    return convert(schema, value)


def _read(schema: Schema, value: JSON) -> JSON:
    if "enum" in schema and isinstance(value, int):
        # The numbers of the enums we use are their places in the document.
        return schema["enum"][value] if 0 <= value < len(schema["enum"]) else value
    if schema.get("type") == "number":
        return decimal_text(value)
    if schema.get("format") == "int64":
        return str(value)
    if schema.get("format") == "google-datetime":
        return moment(dt.datetime.fromisoformat(value))
    return value


def _write(schema: Schema, value: JSON) -> JSON:
    return float(value) if schema.get("type") == "number" and isinstance(value, str) else value
