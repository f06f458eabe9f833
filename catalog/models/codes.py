"""Codes and SKUs: kept as typed, compared without case."""

from __future__ import annotations

import unicodedata

from django.core.validators import RegexValidator

# Codes that appear in value keys: lower case, so that a key has one spelling.
key_code = RegexValidator(
    r"\A[a-z][a-z0-9_]*\Z",
    "Use lower-case letters, digits and underscores, beginning with a letter: for example care_label.",
)


def code_key(code: str) -> str:
    """The form in which codes and SKUs are compared: NFKC, trimmed, case folded."""
    return unicodedata.normalize("NFKC", code).strip().casefold()


def code_problem(code: str) -> str:
    """Why the text cannot be a code or SKU, with the remedy; "" when it can."""
    if len(code) > 255 or len(code_key(code)) > 255:  # some characters compare as several
        return f"“{code[:40]}…” has {len(code)} characters; at most 255 are possible. Shorten it."
    unseen = [c for c in code if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    if unseen:
        return (
            f"“{code.encode('ascii', 'backslashreplace').decode()}” holds a character that cannot be seen. Remove it."
        )
    if not code_key(code):
        return "A code needs at least one visible character."
    return ""
