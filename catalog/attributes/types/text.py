"""One line of text."""

from __future__ import annotations

import re
from collections.abc import Container

from catalog.attributes.cells import shown, tidy_line
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, attribute_type, count_limit
from pimhub.foundation.jsonvalue import JSON


def pattern_limit(limit: JSON) -> str:
    try:
        re.compile(limit)
    except (re.error, TypeError) as error:
        raise ValueError(f"Give a regular expression ({error}).") from error
    return str(limit)


@attribute_type
class Text(AttributeType):
    """Canonical: str on one line, NFC, trimmed, without control characters."""

    name = "text"
    is_prose = True
    label = "Text"
    widget = "text"
    free_text = True
    limits = {"max_length": count_limit, "pattern": pattern_limit}

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, str):
            raise ValueProblem("not_text", f"{shown(value)} is not text.", "Send it in quotes.")
        text = self._tidy(value)
        if not text:
            return None
        check_length(text, spec)
        pattern = spec.limits.get("pattern")
        if pattern and not re.fullmatch(pattern, text):
            wanted = spec.help or f"It must match the pattern {pattern}."
            raise ValueProblem("pattern", f"{shown(text)} does not have the right form.", wanted)
        return text

    def _tidy(self, text: str) -> str:
        return tidy_line(text)

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        pattern = spec.limits.get("pattern")
        return self.described(
            spec,
            "string",
            minLength=1,
            maxLength=spec.limits.get("max_length"),
            pattern=f"^(?:{pattern})$" if pattern else None,
        )


def check_length(text: str, spec: AttributeSpec) -> None:
    longest = spec.limits.get("max_length")
    if longest and len(text) > longest:
        raise ValueProblem(
            "too_long",
            f"{shown(text)} has {len(text)} characters; at most {longest} are possible.",
            f"Shorten it by {len(text) - longest}.",
        )
