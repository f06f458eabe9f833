"""Parts of a product that can be proposed besides values: the text of a picture, and one more category.

Their keys: `media.alt.<language>.<identity of the picture>` and `categories.add.<code>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.models import Product
from catalog.products.changes import MediaChange, ProductChange
from catalog.products.load import load_states
from catalog.products.state import PRODUCT_ROW, Flat, flatten
from pimhub.foundation.jsonvalue import JSON

ALT, CATEGORY = "media.alt.", "categories.add."


class Gone(Exception):
    """The picture that a text was for is not there any more."""


def alt_key(locale: str, identity: str) -> str:
    return f"{ALT}{locale}.{identity}"


def category_key(code: str) -> str:
    return f"{CATEGORY}{code}"


def is_proposable(key: str) -> bool:
    return key.startswith((ALT, CATEGORY))


def picture_of(key: str) -> tuple[str, str]:
    """Language and identity of the picture that a key of a text speaks of."""
    locale, _, identity = key.removeprefix(ALT).partition(".")
    return locale, identity


def told_key(key: str) -> str:
    """A key for people: the identity of a picture says nothing to them."""
    if key.startswith(ALT):
        return f"text of a picture ({picture_of(key)[0]})"
    return f"category {key.removeprefix(CATEGORY)}" if key.startswith(CATEGORY) else key


def now(content: Flat, key: str) -> JSON:
    """The text, or whether the product is in the category. Raises Gone."""
    own: Mapping[str, Any] = content[PRODUCT_ROW]
    if key.startswith(CATEGORY):
        return True if key.removeprefix(CATEGORY) in own["categories"] else None
    locale, identity = picture_of(key)
    found = [each["alt"].get(locale) for each in own["media"] if each["id"] == identity]
    if not found:
        raise Gone("The picture is not the product's any more.")
    return found[0] or None


def change(product: Product, wanted: Mapping[str, JSON]) -> ProductChange:
    """The change that gives these parts these values."""
    state = load_states(ids=[product.pk], lock=False)[product.code_key]
    texts = {picture_of(key): str(value or "") for key, value in wanted.items() if key.startswith(ALT)}
    codes = {key.removeprefix(CATEGORY): bool(value) for key, value in wanted.items() if key.startswith(CATEGORY)}
    media = []
    for each in state.media:
        new = {locale: text for (locale, identity), text in texts.items() if identity == each.identity}
        sha256 = "" if each.url else each.sha256
        media.append(MediaChange(url=each.url, sha256=sha256, alt={**each.alt, **new}, sku=each.sku))
    return ProductChange(
        code=product.code,
        media=tuple(media) if texts else None,
        add_categories=tuple(code for code, there in codes.items() if there),
        remove_categories=tuple(code for code, there in codes.items() if not there),
    )


def content_now(product: Product) -> Flat:
    return flatten(load_states(ids=[product.pk], lock=False)[product.code_key])
