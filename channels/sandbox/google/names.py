"""Names of offers: `en~US~sku` in plain, or base64url when the offer id needs it.

Source: discovery document of products/v1, the parameter `name` of its methods.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple
from urllib.parse import unquote

from channels.sandbox.google.errors import Failed

_NEEDS_ENCODING = "/%~"


class Offer(NamedTuple):
    language: str
    label: str
    id: str

    @property
    def plain(self) -> str:
        return "~".join(self)

    @property
    def encoded(self) -> str:
        return base64.urlsafe_b64encode(self.plain.encode()).decode().rstrip("=")


def read_offer(segment: str) -> Offer:
    """The offer that the last segment of a path names, in either form. Raises Failed.

    A tilde tells the plain form; ids with `/`, `%` or `~` are only legal in the encoded one.
    """
    text = unquote(segment)
    plain = "~" in text
    if not plain:
        try:
            text = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
    parts = text.split("~", 2)
    if len(parts) != 3 or not all(parts):
        message = f"'{segment}' is neither language~label~offer nor its base64url form"
        raise Failed("INVALID_ARGUMENT", message, reason="invalid_name", fault=True)
    offer = Offer(*parts)
    if plain and any(character in offer.id for character in _NEEDS_ENCODING):
        message = f"The offer id {offer.id!r} must be sent in the base64url form"
        raise Failed("INVALID_ARGUMENT", message, reason="invalid_name", fault=True)
    return offer
