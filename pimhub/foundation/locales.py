"""Locale codes such as `en_US`, `de`, `zh_Hans_CN`, and the order in which a reader falls back."""

from __future__ import annotations

import re
from functools import cache

# Language, then script, then region; the form of CLDR and of gettext, never "en-us".
LOCALE_PATTERN = r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?(?:_(?:[A-Z]{2}|[0-9]{3}))?"

_LOCALE = re.compile(LOCALE_PATTERN)


def is_locale(code: str) -> bool:
    """Whether `code` is written as a locale (not whether anybody speaks it)."""
    return _LOCALE.fullmatch(code) is not None


@cache
def fallback_chain(locale: str) -> tuple[str, ...]:
    """From the locale to its bare language: de_AT → (de_AT, de); zh_Hans_CN → (zh_Hans_CN, zh_Hans, zh)."""
    parts = locale.split("_")
    return tuple("_".join(parts[:length]) for length in range(len(parts), 0, -1))
