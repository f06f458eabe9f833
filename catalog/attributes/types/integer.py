"""Whole numbers."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from catalog.attributes.cells import read_number
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from catalog.attributes.types.decimal import check_places, check_range, exact_number, number_limit
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import plain

LARGEST = 2**53 - 1  # beyond it, JavaScript reads another number


@attribute_type
class Integer(AttributeType):
    """Canonical: int. "12.0" and "12,00", as spreadsheets write it, are read as 12."""

    name = "integer"
    label = "Whole number"
    widget = "number"
    index_column = "number"
    limits = {"min": number_limit, "max": number_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return plain(read_number(text, decimal_separator))

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        amount = exact_number(value)
        check_places(amount, 0)
        check_range(amount, spec)
        if abs(amount) > LARGEST:
            raise ValueProblem("too_large", f"{plain(amount)} is too large.", f"Give {LARGEST} or less.")
        return int(amount)

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return str(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        yield "number", Decimal(value)

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        low, high = (int(number_limit(spec.limits[n])) if n in spec.limits else None for n in ("min", "max"))
        return self.described(spec, "integer", minimum=low, maximum=high)
