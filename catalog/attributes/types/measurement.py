"""An amount with a unit: weights, lengths, volumes."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from catalog.attributes.cells import read_number, shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from catalog.attributes.types.decimal import (
    NUMBER_PATTERN,
    WHOLE_DIGITS,
    check_places,
    check_range,
    exact_number,
    index_number,
    number_limit,
    places_limit,
)
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import localized, plain, unambiguous
from pimhub.foundation.quantities import (
    UNITS,
    base_amount,
    convert,
    families,
    find_unit,
    split_quantity,
    units_of,
)


def family_limit(limit: JSON) -> str:
    if limit not in families():
        raise ValueError(f"Choose one of {', '.join(families())}.")
    return str(limit)


def unit_limit(limit: JSON) -> str:
    if limit not in UNITS:
        raise ValueError("Choose a unit by its code, such as kg.")
    return str(limit)


@attribute_type
class Measurement(AttributeType):
    """Canonical: {"amount": "1.2", "unit": "kg"}; the unit is a code of the unit family, as it was given.

    The limits `min` and `max` count in `default_unit` (without one, in the family's base unit).
    """

    name = "measurement"
    label = "Measurement"
    widget = "measurement"
    index_column = "number"
    limits = {
        "unit_family": family_limit,
        "default_unit": unit_limit,
        "min": number_limit,
        "max": number_limit,
        "decimal_places": places_limit,
    }

    def check_limits(self, limits: Mapping[str, JSON]) -> None:
        super().check_limits(limits)
        unit, family = limits.get("default_unit"), limits.get("unit_family")
        if unit and family and UNITS[unit].family != family:
            known = ", ".join(u.code for u in units_of(family))
            raise ValueProblem("bad_limit", f"{shown(unit)} is not a unit of {family}.", f"Choose {known}.")

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        number, unit = split_quantity(text)
        if not number:
            raise ValueProblem("not_a_number", f"{shown(text)} has no number.", "Write amount and unit: 1.2 kg.")
        return {"amount": plain(read_number(number, decimal_separator)), "unit": unit}

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, Mapping) or not set(value) <= {"amount", "unit"} or "amount" not in value:
            raise ValueProblem(
                "not_a_measurement",
                f"{shown(value)} is not a measurement.",
                'Send {"amount": "1.2", "unit": "kg"}.',
            )
        if value["amount"] in (None, ""):
            return None
        amount = exact_number(value["amount"])
        unit = _unit(value.get("unit"), spec)
        check_places(amount, spec.limits.get("decimal_places"))
        base = base_amount(amount, unit)
        if abs(base) >= Decimal(10) ** WHOLE_DIGITS:
            raise ValueProblem("too_large", f"{plain(amount)} {unit} is too large.", "Check amount and unit.")
        counted_in = spec.limits.get("default_unit")
        check_range(convert(amount, unit, counted_in) if counted_in else base, spec)
        return {"amount": plain(amount), "unit": unit}

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return f"{localized(value['amount'], locale)} {UNITS[value['unit']].symbol}"

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return f"{unambiguous(value['amount'])} {UNITS[value['unit']].symbol}"

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """The amount in the family's base unit, so that a filter finds 1000 g at 1 kg."""
        yield "number", index_number(base_amount(Decimal(value["amount"]), value["unit"]))

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        family = spec.limits.get("unit_family")
        codes = [u.code for u in units_of(family)] if family else list(UNITS)
        return self.described(
            spec,
            "object",
            properties={
                "amount": {"type": "string", "pattern": f"^{NUMBER_PATTERN}$"},
                "unit": {"type": "string", "enum": codes},
            },
            required=["amount", "unit"],
            additionalProperties=False,
        )


def _unit(given: JSON, spec: AttributeSpec) -> str:
    """The code of the unit as given, or the default one. Raises ValueProblem naming those that would do."""
    family = spec.limits.get("unit_family", "")
    if not given and "default_unit" in spec.limits:
        return str(spec.limits["default_unit"])
    if not given:
        known = ", ".join(u.symbol for u in units_of(family)) if family else "such as 1.2 kg"
        raise ValueProblem("unit_missing", "The unit is missing.", f"Write it after the number: {known}.")
    try:
        return find_unit(str(given), family).code
    except ValueError as error:
        message, remedy = str(error).rsplit(". Use ", 1)
        raise ValueProblem("unknown_unit", f"{message}.", f"Use {remedy}") from error
