"""Where categories stand in their trees, in words."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import Category


def trails(categories: Iterable[Category], *, locale: str) -> dict[str, str]:
    """{code: "Products › Garden › Gloves"}, in two queries at most however many they are."""
    rows = list(categories)
    above = {row.path[:end] for row in rows for end in range(Category.steplen, len(row.path), Category.steplen)}
    names = {row.path: row.label(locale) for row in (*rows, *Category.objects.filter(path__in=above))}
    return {
        row.code: " › ".join(
            names[row.path[:end]] for end in range(Category.steplen, len(row.path) + 1, Category.steplen)
        )
        for row in rows
    }
