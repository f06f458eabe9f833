"""One choice from a list of options."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Mapping

from catalog.attributes.cells import shown, tidy_line
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, attribute_type
from pimhub.foundation.jsonvalue import JSON

MAX_LENGTH = 255  # of an option code


@attribute_type
class Select(AttributeType):
    """Canonical: the option's code.

    The type does not know the options: `parse` gives back the tidy text, which may be a label, and
    the caller finds its code. `validate` checks codes when it is given `options`.
    """

    name = "select"
    label = "Single choice"
    widget = "select"
    free_text = True
    has_options = True

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        return check_option(value, options)

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return labels.get(value, value)

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(spec, "string", minLength=1, maxLength=MAX_LENGTH)


def check_option(value: JSON, options: Container[str] | None) -> str | None:
    """A tidy option code; None when blank. Raises ValueProblem, naming up to five codes like it."""
    if not isinstance(value, str):
        raise ValueProblem("not_an_option", f"{shown(value)} is not an option.", "Send the option's code as text.")
    code = tidy_line(value)
    if not code:
        return None
    if len(code) > MAX_LENGTH:
        raise ValueProblem(
            "too_long", f"{shown(code)} has {len(code)} characters.", f"At most {MAX_LENGTH} are possible."
        )
    if options is not None and code not in options:
        near = difflib.get_close_matches(code, options, n=5) if isinstance(options, Iterable) else []
        remedy = f"Did you mean {', '.join(near)}?" if near else "Choose one of the options, or add it."
        raise ValueProblem("unknown_option", f"There is no option {shown(code)}.", remedy)
    return code
