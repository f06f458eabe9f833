"""What pages of texts call attributes, keys and facts: words for people, not codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Category
from governance.copywriting.facts import SOURCE
from governance.copywriting.provenance import within
from governance.models import TextOrigin
from governance.proposed_parts import CATEGORY, is_proposable, told_key

_FURTHER = {SOURCE: "Source text", "category": "Category"}


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """The label of each attribute by its code; facts that are no attribute's have names, too."""
    return _FURTHER | {each.code: each.label() for each in Attribute.objects.filter(code__in=set(codes))}


def key_named(key: str, names: Mapping[str, str]) -> str:
    """A value's key in words: "Description (de_DE)"."""
    if key.startswith(CATEGORY):
        code = key.removeprefix(CATEGORY)
        category = Category.objects.filter(code=code).first()
        return f"Category {category.label() if category else code}"
    if is_proposable(key):
        return told_key(key).capitalize()
    parsed = ValueKey.parse(key)
    about = ", ".join(filter(None, (parsed.locale, parsed.scope)))
    return names.get(parsed.attribute, parsed.attribute) + (f" ({about})" if about else "")


def codes_in(keys: Iterable[str]) -> set[str]:
    """The attributes of value keys."""
    return {ValueKey.parse(key).attribute for key in keys if key and not is_proposable(key)}


def stale_named(stale: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Changed facts by their labels, each with its value then and now."""
    return [(names.get(code, code), pair) for code, pair in stale.items()]


def origins_named(rows: Sequence[TextOrigin]) -> list[tuple[TextOrigin, str, list[tuple[str, Any]]]]:
    """Where texts come from, each with its key in words and the facts that changed since, of those one may see."""
    names = names_of({*codes_in(row.key for row in rows), *(code for row in rows for code in row.stale)})
    return [
        (row, key_named(row.key, names), stale_named(within(row.draft, row.product_id, row.stale), names))
        for row in rows
    ]
