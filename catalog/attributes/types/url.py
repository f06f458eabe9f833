"""Web addresses."""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import SplitResult, urlsplit

from catalog.attributes.cells import shown, tidy_line
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, attribute_type, count_limit
from catalog.attributes.types.text import check_length
from pimhub.foundation.jsonvalue import JSON

_REMEDY = "Write the whole address, such as https://www.example.com/page."


@attribute_type
class Url(AttributeType):
    """Canonical: an http or https address as typed, scheme and host in lower case."""

    name = "url"
    tells = False
    label = "Web address"
    widget = "url"
    limits = {"max_length": count_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return f"https://{text}" if re.match(r"(?i)www\.", text) else text

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        text = tidy_line(value) if isinstance(value, str) else None
        if text == "":
            return None
        if text is None or re.search(r"\s", text):
            raise ValueProblem("not_a_url", f"{shown(value)} is not a web address.", _REMEDY)
        check_length(text, spec)
        parts = _split(text)
        # The rest of an address may depend on its case and stays as it is.
        return parts._replace(netloc=_lower_host(parts.netloc)).geturl()

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        return self.described(
            spec, "string", format="uri", pattern="^https?://", maxLength=spec.limits.get("max_length")
        )


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueProblem("not_a_url", f"{shown(text)} is not a web address: {error}.", _REMEDY) from error
    if not usable:
        raise ValueProblem("not_a_url", f"{shown(text)} is not a web address.", _REMEDY)
    return parts


def _lower_host(netloc: str) -> str:
    login, at, host = netloc.rpartition("@")
    return f"{login}{at}{host.lower()}"
