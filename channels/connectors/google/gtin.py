"""GTINs as Google reads them (support.google.com/merchants/answer/6324461)."""

from __future__ import annotations

from stdnum import ean

LENGTHS = (8, 12, 13, 14)
# Of the 13-digit form: numbers that shops give themselves, and coupons.
RESTRICTED = ("02", "04", "2", "05", "98", "99")


def problem(gtin: str) -> str:
    """What is wrong with a GTIN, and what would be right; "" when nothing is."""
    if not (gtin.isascii() and gtin.isdigit()):
        return "holds something else than digits. Remove spaces, hyphens and letters."
    if len(gtin) not in LENGTHS:
        return f"has {len(gtin)} digits. A GTIN has 8, 12, 13 or 14."
    if gtin[-1] != (right := ean.calc_check_digit(gtin[:-1])):
        return f"ends in {gtin[-1]}, but its check digit would be {right}. Look for a mistyped digit."
    return ""


def is_restricted(gtin: str) -> bool:
    """Whether the number is only good inside one shop or region; Google ignores such numbers."""
    if len(gtin) == 8:
        return gtin.startswith("2")
    return gtin.zfill(14)[1:].startswith(RESTRICTED)
