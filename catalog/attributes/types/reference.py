"""Pointers to products, or to the records of a reference entity."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator, Mapping

from catalog.attributes.cells import join_list, shown, split_list, tidy_line
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import PRODUCTS, AttributeType, IndexValue, attribute_type
from pimhub.foundation.jsonvalue import JSON

MAX_LENGTH, MAX_CODES = 255, 200


def target_limit(limit: JSON) -> str:
    if not isinstance(limit, str) or not limit.isidentifier():
        raise ValueError(f"Give “{PRODUCTS}”, or the code of a reference entity.")
    return limit


def many_limit(limit: JSON) -> bool:
    if not isinstance(limit, bool):
        raise ValueError("Give true or false.")
    return limit


@attribute_type
class Reference(AttributeType):
    """Canonical: a list of codes, each once, in the order given.

    The limit `to` says what they are codes of; without `many` there is just one. The type does not know what there
    is: `validate` checks when it is given `options`.
    """

    name = "reference"
    tells = False
    label = "Reference"
    widget = "reference"
    in_tables = False
    points = True
    free_text = True
    limits = {"to": target_limit, "many": many_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return split_list(text)

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, list | tuple):
            raise ValueProblem("not_a_list", f"{shown(value)} is not a list.", 'Send a list of codes: ["tee"].')
        codes = list(dict.fromkeys(code for item in value if (code := _code(item, options))))
        possible = MAX_CODES if spec.limits.get("many", True) else 1
        if len(codes) > possible:
            raise ValueProblem("too_many", f"There are {len(codes)} codes.", f"At most {possible} can be here.")
        return codes or None

    def targets(self, value: JSON, spec: AttributeSpec) -> Iterator[tuple[str, str]]:
        for code in value if isinstance(value, list) else ():
            yield spec.limits.get("to", PRODUCTS), str(code)

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return ", ".join(labels.get(code, code) for code in value)

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return join_list(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        for code in value:
            yield "text", code

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        item = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
        possible = MAX_CODES if spec.limits.get("many", True) else 1
        return self.described(spec, "array", items=item, uniqueItems=True, minItems=1, maxItems=possible)


def _code(value: JSON, options: Container[str] | None) -> str | None:
    if not isinstance(value, str):
        raise ValueProblem("not_a_code", f"{shown(value)} is not a code.", "Send the code as text.")
    code = tidy_line(value)
    if len(code) > MAX_LENGTH:
        message = f"{shown(code)} has {len(code)} characters."
        raise ValueProblem("too_long", message, f"At most {MAX_LENGTH} are possible.")
    if code and options is not None and code not in options:
        near = difflib.get_close_matches(code, options, n=5) if isinstance(options, Iterable) else []
        remedy = f"Did you mean {', '.join(near)}?" if near else "Correct the code, or create it first."
        raise ValueProblem("unknown_reference", f"There is no {shown(code)}.", remedy)
    return code
