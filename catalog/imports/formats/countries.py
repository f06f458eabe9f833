"""Names of countries, in the languages exports come in → ISO 3166 codes."""

from __future__ import annotations

import functools

from babel import Locale

from catalog.imports.text import code_key

_LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "fi",
    "nb",
    "pl",
    "cs",
    "ro",
    "tr",
    "hu",
    "el",
)
# Names in daily use that the Unicode tables no longer have, or spell otherwise.
_ALSO = {
    "czech republic": "CZ", "usa": "US", "u.s.a.": "US", "united states of america": "US", "uk": "GB",
    "great britain": "GB", "england": "GB", "scotland": "GB", "holland": "NL", "the netherlands": "NL",
    "turkey": "TR", "türkei": "TR", "prc": "CN", "people's republic of china": "CN", "mainland china": "CN",
    "hong kong": "HK", "macau": "MO", "korea": "KR", "republic of korea": "KR", "viet nam": "VN",
    "russian federation": "RU", "macedonia": "MK", "burma": "MM", "ivory coast": "CI", "uae": "AE",
}  # fmt: skip


@functools.cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"):
                codes.setdefault(code_key(name), code)
                codes.setdefault(code_key(code), code)
    return codes | _ALSO


def country_code(text: str) -> str | None:
    """The two-letter code of a country by its code or name; None for an unknown one."""
    return _codes().get(code_key(text))
