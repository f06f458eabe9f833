"""Money: exact decimals with a currency. Never a float, never a lost digit.

The number of decimals of a currency is CLDR's (through babel): 2 for EUR, 0 for JPY, 3 for KWD.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision, is_currency

from pimhub.foundation.numbers import AmbiguousNumber, parse_number, plain

# Signs and abbreviations that mean one currency.
SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₫": "VND", "₴": "UAH", "₺": "TRY",
    "₽": "RUB", "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "us$": "USD", "a$": "AUD",
    "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "fr.": "CHF", "sfr.": "CHF",
}  # fmt: skip
# Those that mean one of several.
VAGUE_SYMBOLS = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS"}),
    "¥": frozenset({"JPY", "CNY"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "kr.": frozenset({"SEK", "NOK", "DKK", "ISK"}),
}

# "12,-", "12.–" and the Swedish "12:-" all mean that there are no cents.
_CELL = re.compile(r"(?P<before>[^0-9.,()+−-]*)(?P<number>.*?[0-9][.,]?)(?:(?<=[.,])[-–—]+|:[-–])?(?P<after>[^0-9]*)")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, e.g. Money(Decimal("19.99"), "USD")."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return with_currency(self.amount, self.currency)


def exponent(currency: str) -> int:
    """How many decimals the currency has. Raises ValueError for a code that is no currency."""
    if not is_currency(currency):
        raise ValueError(f"“{currency}” is not a currency. Use its ISO 4217 code, such as EUR.")
    return int(get_currency_precision(currency))


def parse_amount(text: str, *, decimal_separator: str | None = None) -> Decimal:
    """The amount in what people type: "12.99", "12,99 €", "€ 12.99", "1.299,00", "USD 5", "12,-".

    A currency beside the number is allowed and not returned (see `parse_money`). For
    `decimal_separator` see `parse_number`. Raises ValueError: empty, words, negative, ambiguous.
    """
    return _parse(text, decimal_separator)[0]


def parse_money(text: str, *, decimal_separator: str | None = None) -> tuple[Decimal, str]:
    """As `parse_amount`, with the currency: its code, a vague sign as typed ("$"), or "" if there is none."""
    return _parse(text, decimal_separator)


def _parse(text: str, decimal_separator: str | None) -> tuple[Decimal, str]:
    spelled = unicodedata.normalize("NFC", text).strip().lstrip("'").strip()
    if not spelled:
        raise ValueError("There is no amount.")
    found = _CELL.fullmatch(spelled) if len(spelled) <= 80 else None
    if found is None:
        raise ValueError(f"“{spelled[:40]}” is not an amount. Write it as 12.99.")
    before, after = _currency(found["before"]), _currency(found["after"])
    if before is None or after is None or (before and after and before != after):
        raise ValueError(_not_an_amount(spelled))
    try:
        amount = parse_number(found["number"], decimal_separator=decimal_separator)
    except AmbiguousNumber:
        raise
    except ValueError as error:
        raise ValueError(_not_an_amount(spelled)) from error
    if amount.is_signed():
        raise ValueError(_not_an_amount(spelled))
    return amount, before or after


def _not_an_amount(spelled: str) -> str:
    if re.fullmatch(r"\(.*\)|[^0-9]*[-−–].*|.*[0-9]\s*[-−–]", spelled):
        return f"“{spelled}” is negative. An amount is zero or more."
    return f"“{spelled}” is not an amount. Write it as 12.99, or with its currency as 12.99 EUR."


def _currency(text: str) -> str | None:
    """The currency written beside a number: a code, a vague sign, "" for nothing, None for other words."""
    word = text.strip().casefold()
    if not word or word in VAGUE_SYMBOLS:
        return word
    if word in SYMBOLS:
        return SYMBOLS[word]
    return word.upper() if len(word) == 3 and is_currency(word.upper()) else None


def to_decimal_string(amount: Decimal, currency: str) -> str:
    """With at least the currency's decimals: 12.9 EUR → "12.90", 1200 JPY → "1200".

    Raises ValueError when the amount has more digits than the currency can hold.
    """
    places = exponent(currency)
    whole, _, fraction = plain(amount).partition(".")
    if len(fraction) > places:
        raise ValueError(f"{plain(amount)} has {len(fraction)} decimals; {currency} has at most {places}.")
    return f"{whole}.{fraction.ljust(places, '0')}" if places else whole


def to_micros(amount: Decimal) -> str:
    """Millionths, as Google counts money: 12.99 → "12990000". Raises ValueError beyond six decimals."""
    whole, _, fraction = plain(amount).partition(".")
    if len(fraction) > 6:
        raise ValueError(f"{plain(amount)} has {len(fraction)} decimals; micros hold at most 6.")
    return str(int(f"{whole}{fraction.ljust(6, '0')}"))


def with_currency(amount: Decimal, currency: str) -> str:
    """Amount and code, as product feeds write it: "19.99 USD". Raises like `to_decimal_string`."""
    return f"{to_decimal_string(amount, currency)} {currency}"
