"""GTIN check digits (GS1 General Specifications, section 7.9)."""

from __future__ import annotations

LENGTHS = (8, 12, 13, 14)


def check_digit(body: str) -> int:
    """The digit that must follow `body` (all digits but the last one)."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body)))
    return -total % 10


def check_gtin(gtin: str) -> str:
    """What is wrong with the code, with the remedy; "" when it is a right GTIN."""
    if not (gtin.isascii() and gtin.isdigit()):
        return f"“{gtin}” is not a GTIN: it may hold digits only. Correct it, or leave it empty."
    if len(gtin) not in LENGTHS:
        return f"“{gtin}” has {len(gtin)} digits; a GTIN has 8, 12, 13 or 14. Correct it, or leave it empty."
    expected = check_digit(gtin[:-1])
    if int(gtin[-1]) != expected:
        return (
            f"The check digit of “{gtin}” is wrong: it ends in {gtin[-1]}, {expected} would be right. "
            "Compare it with the packaging, or leave it empty."
        )
    return ""
