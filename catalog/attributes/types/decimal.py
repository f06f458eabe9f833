"""Exact decimal numbers."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from catalog.attributes.cells import read_number, shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import localized, plain, unambiguous

WHOLE_DIGITS = 16  # what the side table's column holds
FRACTION_DIGITS = 12
INDEX_PLACES = Decimal(1).scaleb(-8)
NUMBER_PATTERN = r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?"


def number_limit(limit: JSON) -> Decimal:
    """A limit that is a number, kept as a string."""
    if isinstance(limit, bool | float) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(limit)):
        raise ValueError('Give a number as a string, such as "0.5".')
    return Decimal(str(limit))


def places_limit(limit: JSON) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= FRACTION_DIGITS:
        raise ValueError(f"Give a whole number from 0 to {FRACTION_DIGITS}.")
    return limit


@attribute_type
class DecimalNumber(AttributeType):
    """Canonical: a string without exponent and without trailing zeros, such as "12.5"."""

    name = "decimal"
    label = "Decimal number"
    widget = "number"
    index_column = "number"
    limits = {"min": number_limit, "max": number_limit, "decimal_places": places_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return plain(read_number(text, decimal_separator))

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        amount = exact_number(value)
        check_range(amount, spec)
        check_places(amount, spec.limits.get("decimal_places"))
        return plain(amount)

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return localized(value, locale)

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return unambiguous(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        yield "number", index_number(Decimal(value))

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(spec, "string", pattern=f"^{NUMBER_PATTERN}$")


def exact_number(value: JSON) -> Decimal:
    """The number in a JSON value: an int, a Decimal, or a string in plain notation. Floats have lost digits already."""
    if isinstance(value, float):
        raise ValueProblem("float", f"{value} may have lost digits.", f'Send it as a string: "{value}".')
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", value.strip(), re.ASCII):
        amount = Decimal(value.strip())
    elif isinstance(value, int) and not isinstance(value, bool):
        amount = Decimal(value)
    elif isinstance(value, Decimal) and value.is_finite():
        amount = value  # a number of JSON that was read without losing a digit
    else:
        raise ValueProblem("not_a_number", f"{shown(value)} is not a number.", 'Send a string such as "12.5".')
    if abs(amount) >= Decimal(10) ** WHOLE_DIGITS:
        raise ValueProblem(
            "too_large",
            f"{shown(value)} is too large.",
            f"At most {WHOLE_DIGITS} digits stand before the point.",
        )
    return amount


def check_range(amount: Decimal, spec: AttributeSpec) -> None:
    """The limits `min` and `max`."""
    low, high = (number_limit(spec.limits[n]) if n in spec.limits else None for n in ("min", "max"))
    if low is not None and amount < low:
        raise ValueProblem("too_small", f"{plain(amount)} is too small.", f"Give {plain(low)} or more.")
    if high is not None and amount > high:
        raise ValueProblem("too_large", f"{plain(amount)} is too large.", f"Give {plain(high)} or less.")


def check_places(amount: Decimal, places: int | None) -> None:
    """The number of decimals; a number is never rounded to fit."""
    most = FRACTION_DIGITS if places is None else places
    count = len(plain(amount).partition(".")[2])
    if count > most:
        wanted = f"Round it to {most}." if most else "Give a whole number."
        raise ValueProblem(
            "too_many_decimals", f"{plain(amount)} has {count} decimals; at most {most} are possible.", wanted
        )


def index_number(amount: Decimal) -> Decimal:
    """As the side table holds it: eight decimals. Filters compare to that precision."""
    return amount.quantize(INDEX_PLACES)
