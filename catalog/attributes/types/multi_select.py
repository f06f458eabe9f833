"""Any number of choices from a list of options."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from catalog.attributes.cells import join_list, shown, split_list
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from catalog.attributes.types.select import MAX_LENGTH, check_option
from pimhub.foundation.jsonvalue import JSON


@attribute_type
class MultiSelect(AttributeType):
    """Canonical: a sorted list of option codes, each once.

    As with select, `parse` gives the tidy texts of the cell ("red; green", "red, green"), which may
    be labels; the caller finds the codes.
    """

    name = "multi_select"
    label = "Multiple choice"
    widget = "multi_select"
    in_tables = False
    free_text = True
    has_options = True

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return split_list(text)

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, list | tuple):
            raise ValueProblem("not_a_list", f"{shown(value)} is not a list.", "Send a list of option codes.")
        codes = {check_option(item, options) for item in value}
        return sorted(code for code in codes if code) or None

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return ", ".join(labels.get(code, code) for code in value)

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return join_list(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        for code in value:
            yield "text", code

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        item = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
        return self.described(spec, "array", items=item, uniqueItems=True, minItems=1)
