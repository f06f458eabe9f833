"""Numbers in a mapping: other units, and prices rounded by a rule that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

from pimhub.foundation import quantities
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import plain, written_out

MODES = {"nearest": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}
_CENT = Decimal("0.01")


def problem(options: Mapping[str, JSON]) -> str:
    """What is wrong with a rule of rounding {step, mode, ending}; "" when nothing is."""
    unknown = sorted(set(options) - {"step", "mode", "ending"})
    if unknown:
        return f"Rounding knows no “{unknown[0]}”, only step, mode and ending."
    if options.get("mode", "nearest") not in MODES:
        return f"“{options['mode']}” is no way of rounding. There are {', '.join(MODES)}."
    step, ending = _number(options.get("step", "0.01")), _number(options.get("ending", "0"))
    if step is None or step <= 0:
        return "The step of a rounding is a number above zero, such as 0.05."
    if ending is None or not 0 <= ending < max(step, Decimal(1)):
        return "The ending of a rounding is a part of its step, such as 0.99."
    return ""


def told(options: Mapping[str, JSON]) -> str:
    """The rule in words: “up to the next ….99”."""
    mode = str(options.get("mode", "nearest"))
    way = {"nearest": "to the nearest", "up": "up to the next", "down": "down to the next"}[mode]
    if "ending" in options:
        return f"{way} amount that ends in {str(options['ending']).removeprefix('0')}"
    return f"{way} multiple of {options.get('step', '0.01')}"


def rounded(amount: Decimal, options: Mapping[str, JSON]) -> Decimal:
    """By multiples of `step` (an ending asks for whole units), moved by `ending`. Never below zero."""
    ending = Decimal(str(options.get("ending", "0")))
    step = Decimal(str(options.get("step", "1" if ending else "0.01")))
    places = ((amount - ending) / step).quantize(Decimal(1), MODES[str(options.get("mode", "nearest"))])
    found = places * step + ending
    return found if found > 0 or amount <= 0 else found + step


def round_value(value: JSON, options: Mapping[str, JSON]) -> JSON:
    """A number, or the amount of a measurement or price, rounded; anything else as it is."""
    if isinstance(value, Mapping) and "amount" in value:
        return {**value, "amount": round_value(value["amount"], options)}
    number = _number(value)
    return value if number is None else plain(rounded(number, options))


def convert_value(value: JSON, unit: str, places: int | None) -> JSON:
    """A measurement in another unit, exact or to so many places; nothing where units do not fit."""
    if not isinstance(value, Mapping) or "amount" not in value:
        return None
    amount = _number(value["amount"])
    if amount is None:
        return None
    try:
        found = quantities.convert(amount, str(value.get("unit", "")), unit)
    except (LookupError, ValueError):
        return None
    if places is not None:
        found = found.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return {**value, "amount": plain(found), "unit": unit}


def _number(value: JSON) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = written_out(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
