"""Text of several lines, without markup."""

from __future__ import annotations

import unicodedata

from catalog.attributes.cells import tidy
from catalog.attributes.types.base import attribute_type
from catalog.attributes.types.text import Text


@attribute_type
class Textarea(Text):
    """Canonical: as text, with line feeds (\\n) inside."""

    name = "textarea"
    label = "Long text"
    widget = "textarea"
    holds_lines = True

    def _tidy(self, text: str) -> str:
        return unicodedata.normalize("NFC", tidy(text)).strip()
