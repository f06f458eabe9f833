"""Pictures and documents, named by their keys in the media store."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from catalog.attributes.cells import shown, split_list
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from pimhub.foundation.jsonvalue import JSON

KEY_PATTERN = r"(?:sha256|url):[0-9a-f]{64}"


@attribute_type
class Media(AttributeType):
    """Canonical: a list of media keys in the given order, each once.

    A key is "sha256:…" (the digest of the bytes) or "url:…" (of an address not fetched yet). The
    type does not know addresses: the caller registers them and writes their keys.
    """

    name = "media"
    tells = False
    label = "Media"
    widget = "media"
    in_tables = False

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        return split_list(text)

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, list | tuple):
            raise ValueProblem("not_a_list", f"{shown(value)} is not a list.", "Send a list of media keys.")
        for item in value:
            if not isinstance(item, str) or not re.fullmatch(KEY_PATTERN, item):
                raise ValueProblem(
                    "not_a_media_key",
                    f"{shown(item)} is not the key of a picture or file.",
                    "Upload the file first and use its key, sha256:… or url:….",
                )
        return list(dict.fromkeys(value)) or None

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return "; ".join(value)

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        for key in value:
            yield "text", key

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        item = {"type": "string", "pattern": f"^{KEY_PATTERN}$"}
        return self.described(spec, "array", items=item, uniqueItems=True, minItems=1)
