"""Prices that are data of the product (a recommended price), one per currency. Selling prices are offers."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from catalog.attributes.cells import shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types.base import AttributeType, IndexValue, attribute_type
from catalog.attributes.types.decimal import exact_number, index_number
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.money import VAGUE_SYMBOLS, exponent, parse_money, to_decimal_string
from pimhub.foundation.numbers import AmbiguousNumber, localized, plain, unambiguous


def currencies_limit(limit: JSON) -> list[str]:
    if not isinstance(limit, list) or not limit:
        raise ValueError('Give a list of currency codes, such as ["EUR"].')
    for code in limit:
        exponent(str(code))
    return limit


@attribute_type
class Price(AttributeType):
    """Canonical: {"EUR": "12.90"}, with the currency's own number of decimals.

    Typed as "12.90 EUR", several as "12.90 EUR; 14 USD". The limit `currencies` says which are
    possible; if there is just one, it need not be typed.
    """

    name = "price"
    label = "Price"
    widget = "price"
    in_tables = False
    index_column = "number"
    limits = {"currencies": currencies_limit}

    def _parse(self, text: str, spec: AttributeSpec, decimal_separator: str | None) -> JSON:
        prices: dict[str, str] = {}
        for part in re.split(r"[;|\n]", text):
            if not part.strip():
                continue
            amount, currency = _read(part, spec, decimal_separator)
            if currency in prices:
                raise ValueProblem("repeated_currency", f"{shown(text)} has two prices in {currency}.", "Leave one.")
            prices[currency] = plain(amount)
        return prices

    def _validate(self, value: JSON, spec: AttributeSpec, options: Container[str] | None) -> JSON:
        if not isinstance(value, Mapping):
            raise ValueProblem("not_a_price", f"{shown(value)} is not a price.", 'Send {"EUR": "12.99"}.')
        prices = {code: _canonical(code, amount, spec) for code, amount in sorted(value.items())}
        return {code: amount for code, amount in prices.items() if amount is not None} or None

    def _display(self, value: JSON, spec: AttributeSpec, locale: str, labels: Mapping[str, str]) -> str:
        return ", ".join(f"{localized(amount, locale)} {code}" for code, amount in sorted(value.items()))

    def _export(self, value: JSON, spec: AttributeSpec) -> str:
        return "; ".join(f"{unambiguous(amount)} {code}" for code, amount in sorted(value.items()))

    def _index_values(self, value: JSON, spec: AttributeSpec) -> Iterator[IndexValue]:
        """Every amount, beside its currency."""
        for currency, amount in value.items():
            yield "number", index_number(Decimal(amount)), currency

    def json_schema(self, spec: AttributeSpec) -> dict[str, JSON]:
        codes = spec.limits.get("currencies")
        return self.described(
            spec,
            "object",
            propertyNames={"enum": codes} if codes else {"pattern": "^[A-Z]{3}$"},
            additionalProperties={"type": "string", "pattern": r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"},
            minProperties=1,
        )


def _read(text: str, spec: AttributeSpec, decimal_separator: str | None) -> tuple[Decimal, str]:
    """Amount and currency code. Without a code it is the only possible one. Raises ValueProblem."""
    try:
        amount, currency = parse_money(text, decimal_separator=decimal_separator)
    except AmbiguousNumber as error:
        message, remedy = str(error).split(". ", 1)
        raise ValueProblem("ambiguous_number", f"{message}.", remedy) from error
    except ValueError as error:
        raise ValueProblem("not_a_price", str(error)) from error
    if len(currency) == 3 and currency.isupper():
        return amount, currency
    allowed = spec.limits.get("currencies", [])
    meant = VAGUE_SYMBOLS.get(currency, frozenset(allowed))
    possible = [code for code in allowed if code in meant]
    if len(possible) != 1:
        known = " or ".join(f"{plain(amount)} {c}" for c in possible or allowed or ["EUR"])
        raise ValueProblem("currency_missing", f"{shown(text)} does not say in which currency.", f"Write {known}.")
    return amount, possible[0]


def _canonical(currency: str, value: JSON, spec: AttributeSpec) -> str | None:
    possible = spec.limits.get("currencies")
    if possible and currency not in possible:
        raise ValueProblem(
            "unknown_currency",
            f"{shown(currency)} is not a currency of this price.",
            f"Use {', '.join(possible)}.",
        )
    if value in (None, ""):
        return None
    amount = exact_number(value)
    if amount < 0:
        raise ValueProblem("too_small", f"{plain(amount)} {currency} is negative.", "Give zero or more.")
    try:
        return to_decimal_string(amount, currency)
    except ValueError as error:
        raise ValueProblem("not_a_price", str(error)) from error
