"""Text with headings, lists, links: HTML, sanitised on the way in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape

from catalog.attributes.cells import shown, tidy
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type, count_limit
from catalog.attributes.types.text import check_length
from pimhub.foundation.html import sanitize, to_text
from pimhub.foundation.jsonvalue import JSON


@attribute_type
class RichText(AttributeType):
    """Canonical: HTML as `sanitize` leaves it. `max_length` counts the HTML, as channels do."""

    name = "rich_text"
    label = "Formatted text"
    widget = "rich_text"
    in_tables = False
    free_text = True
    is_prose = True
    holds_lines = True
    limits = {"max_length": count_limit}

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, str):
            raise ValueProblem("not_text", f"{shown(value)} is not text.", "Send it in quotes.")
        try:
            # Tidied again afterwards: sanitising turns character references into the characters.
            html = _compose(sanitize(_compose(value)))
        except ValueError as error:
            raise ValueProblem("too_many_tags", str(error), "Simplify the formatting.") from error
        if not html:
            return None
        check_length(html, spec)
        return html

    def prose(self, value: JSON) -> JSON:
        return to_text(value) if isinstance(value, str) else value

    def of_points(self, points: Sequence[str]) -> JSON:
        return "<ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"

    def of_prose(self, text: str) -> JSON:
        lines = [escape(line.strip(), quote=False) for line in text.splitlines() if line.strip()]
        return sanitize("".join(f"<p>{line}</p>" for line in lines))

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return to_text(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        if words := to_text(value):
            yield "text", words

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(
            spec,
            "string",
            minLength=1,
            maxLength=spec.limits.get("max_length"),
            contentMediaType="text/html",
        )


def _compose(html: str) -> str:
    """NFC between the marks of HTML: "<", ">" and "=" must not melt into ≮, ≯ or ≠."""
    if html.isascii():
        return tidy(html)
    return re.sub(r"[^<>=]+", lambda m: unicodedata.normalize("NFC", m[0]), tidy(html)).strip()
