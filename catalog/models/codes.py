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
