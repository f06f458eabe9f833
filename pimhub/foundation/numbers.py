"""Numbers as people type them, read exactly or not at all; and their one plain form."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache

from babel import Locale, UnknownLocaleError

from pimhub.foundation.locales import fallback_chain

MAX_LENGTH = 60  # characters; nobody types longer numbers, and bad files hold megabytes in a cell

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t"), " ")
_GROUPING = " '\u2019"  # these separate thousands and never decimals
_MINUS = dict.fromkeys(map(ord, "\u2212\u2013"), "-")


FARTHEST = 100  # digits before or behind the point of what a machine writes


def written_out(text: str) -> Decimal:
    """The number that a machine wrote, if it can be written out: the digits of 1e999999999 fill any memory.

    Raises InvalidOperation, also for what is no number; infinities and NaN pass, as they do in Decimal.
    """
    number = Decimal(text)
    if number.is_finite() and (number.adjusted() > FARTHEST or int(number.as_tuple().exponent) < -FARTHEST):
        raise InvalidOperation(f"{text[:20]} has more than {FARTHEST} digits")
    return number


class AmbiguousNumber(ValueError):
    """The text has two readings, and guessing would be wrong by a factor of a thousand."""


def parse_number(text: str, *, decimal_separator: str | None = None) -> Decimal:
    """The number that `text` spells: "12.99", "12,99", "1.299,00", "1 299,00", "1'299.00", "-3".

    Without `decimal_separator` a lone separator before exactly three digits ("1.299") is ambiguous,
    unless a zero leads ("0.125"). With it ("." for files written by machines) nothing is.

    Raises AmbiguousNumber, or ValueError for anything that is not a number.
    """
    spelled = text.translate(_SPACES).translate(_MINUS).strip()
    if not spelled:
        raise ValueError("There is no number.")
    if len(spelled) > MAX_LENGTH:
        raise ValueError(f"“{spelled[:20]}…” is too long for a number.")
    sign = "-" if spelled.startswith("-") else ""
    digits = spelled.removeprefix("-").removeprefix("+").strip()
    mark = decimal_separator or _decimal_separator(digits)
    head, _, fraction = digits.partition(mark) if mark else (digits, "", "")
    whole = _ungrouped(head, mark)
    if whole is None or not re.fullmatch(r"[0-9]*", fraction) or not (whole or fraction):
        hint = f" with “{decimal_separator}” before the decimals" if decimal_separator else ""
        raise ValueError(f"“{spelled}” is not a number{hint}.")
    return Decimal(f"{sign}{whole or 0}.{fraction}" if fraction else f"{sign}{whole}")


def _decimal_separator(digits: str) -> str:
    """What separates the decimals: ".", ",", or "" when there are none. Raises AmbiguousNumber."""
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    if marks.count(last) > 1:
        return ""  # it comes again and again: thousands
    whole, _, fraction = digits.partition(last)
    if len(marks) == 1 and re.fullmatch(r"[1-9][0-9]{0,2}", whole) and re.fullmatch(r"[0-9]{3}", fraction):
        raise AmbiguousNumber(
            f"“{digits}” can be read as {whole}{fraction} or as {whole}.{fraction}. "
            f"Write {whole}{fraction}, or {whole}.{fraction}0."
        )
    return last


def _ungrouped(whole: str, decimal_mark: str) -> str | None:
    """The digits without separators of thousands; None if these are not where they belong."""
    if re.fullmatch(r"[0-9]*", whole):
        return whole
    separators = {c for c in whole if not "0" <= c <= "9"}
    separator = separators.pop()
    if separators or separator == decimal_mark or separator not in _GROUPING + ".,":
        return None
    if not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(separator)}[0-9]{{3}})+", whole):
        return None
    return whole.replace(separator, "")


def plain(number: Decimal) -> str:
    """The one canonical form: no exponent, no trailing zeros, no negative zero. Raises ValueError for NaN."""
    if not number.is_finite():
        raise ValueError(f"{number} is not a number.")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def unambiguous(text: str) -> str:
    """A plain number such that `parse_number` reads it back without help: 1.299 becomes 1.2990."""
    return f"{text}0" if re.fullmatch(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", text) else text


def localized(text: str, locale: str) -> str:
    """A plain number with the decimal mark of the reader's language; digits stay as they are."""
    return text.replace(".", _decimal_mark(locale))


@cache
def _decimal_mark(locale: str) -> str:
    for code in fallback_chain(locale):
        try:
            return str(Locale.parse(code).number_symbols["latn"]["decimal"])
        except (UnknownLocaleError, ValueError, KeyError):
            continue
    return "."
