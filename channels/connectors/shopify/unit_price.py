"""The price for a measure that shops in the EU must show: how much a variant holds, and of how much the price is told.

Source: UnitPriceMeasurementInput and UnitPriceMeasurementMeasuredUnit in the official schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from channels.connectors.shopify import canonical
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

# Our unit → (Shopify's, what it measures).
_UNITS: Mapping[str, tuple[str, str]] = {
    "ml": ("ML", "volume"), "cl": ("CL", "volume"), "l": ("L", "volume"), "m3": ("M3", "volume"),
    "fl_oz": ("FLOZ", "volume"), "pt": ("PT", "volume"), "qt": ("QT", "volume"), "gal": ("GAL", "volume"),
    "mg": ("MG", "weight"), "g": ("G", "weight"), "kg": ("KG", "weight"), "oz": ("OZ", "weight"),
    "lb": ("LB", "weight"),
    "mm": ("MM", "length"), "cm": ("CM", "length"), "m": ("M", "length"), "in": ("IN", "length"),
    "ft": ("FT", "length"), "yd": ("YD", "length"),
    "m2": ("M2", "area"), "ft2": ("FT2", "area"),
    "piece": ("ITEM", "count"), "item": ("ITEM", "count"),
}  # fmt: skip
# What the price is told of when a mapping does not say.
_USUAL: Mapping[str, tuple[int, str]] = {
    "volume": (1, "L"), "weight": (1, "KG"), "length": (1, "M"), "area": (1, "M2"), "count": (1, "ITEM"),
}  # fmt: skip


class BadMeasure(ValueError):
    """What is wrong with it, for whoever wrote the mapping."""


def render(quantity: JSON, reference: JSON) -> dict[str, JSON] | None:
    """{quantityValue, quantityUnit, referenceValue, referenceUnit}; None when nothing is said. Raises BadMeasure."""
    if quantity in (None, "", {}):
        return None
    amount, unit, kind = _measure(quantity)
    if amount <= 0:
        raise BadMeasure("must be more than nothing")
    of, of_unit = _USUAL[kind]
    if reference not in (None, "", {}):
        given, of_unit, other = _measure(reference)
        if other != kind:
            raise BadMeasure(f"is a {kind}, and the price is to be told of a {other}")
        if given != given.to_integral_value() or given < 1:
            raise BadMeasure("can be told of whole amounts only, such as 1 l or 100 g")
        of = int(given)
    value = canonical.number(str(amount))
    return {"quantityValue": value, "quantityUnit": unit, "referenceValue": of, "referenceUnit": of_unit}


def shown(measurement: Mapping[str, JSON] | None, *, is_shown: bool) -> dict[str, JSON] | None:
    """As it is read back, in the same form."""
    if not measurement or not is_shown:
        return None
    return {
        "quantityValue": canonical.number(measurement["quantityValue"]),
        "quantityUnit": measurement["quantityUnit"],
        "referenceValue": measurement["referenceValue"],
        "referenceUnit": measurement["referenceUnit"],
    }


def to_input(said: Mapping[str, JSON] | None) -> dict[str, JSON]:
    """The keys of a variant's input."""
    if said is None:
        return {"showUnitPrice": False}
    return {"showUnitPrice": True, "unitPriceMeasurement": {**said, "quantityValue": float(said["quantityValue"])}}


def _measure(value: JSON) -> tuple[Decimal, str, str]:
    if not isinstance(value, Mapping):
        raise BadMeasure("is no measurement with a unit")
    unit = canonical.text(value.get("unit")).lower()
    if unit not in _UNITS:
        raise BadMeasure(f"is in “{unit}”; Shopify knows {', '.join(sorted(_UNITS))}")
    try:
        amount = written_out(str(value.get("amount")))
    except InvalidOperation as error:
        raise BadMeasure("has no amount") from error
    if not amount.is_finite():
        raise BadMeasure("has no amount")
    return (amount, *_UNITS[unit])
