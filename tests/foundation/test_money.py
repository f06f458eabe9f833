"""Amounts as people type them, and as channels want them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pimhub.foundation.money import (
    Money,
    exponent,
    parse_amount,
    parse_money,
    to_decimal_string,
    to_micros,
    with_currency,
)
from pimhub.foundation.numbers import AmbiguousNumber, localized, parse_number, plain, unambiguous

AMOUNTS = {
    "12.99": "12.99",
    "12,99": "12.99",
    " 12.99 ": "12.99",
    "\u00a012,99\u00a0€": "12.99",
    "12,99 €": "12.99",
    "12,99€": "12.99",
    "€ 12.99": "12.99",
    "EUR 12.99": "12.99",
    "12.99 eur": "12.99",
    "$5": "5",
    "1.299,00": "1299",
    "1,299.00": "1299",
    "1 299,00": "1299",
    "1\u202f299,00 €": "1299",
    "1'299.00": "1299",
    "CHF 1’299.–": "1299",
    "'12.99": "12.99",
    "1.299.000": "1299000",
    "1,299,000.5": "1299000.5",
    "1299": "1299",
    "1299.000": "1299",
    "0.125": "0.125",
    "0,125": "0.125",
    ".5": "0.5",
    "5.": "5",
    "+5": "5",
    "12,-": "12",
    "99:- ": "99",
    "99 kr": "99",
    "1.2990": "1.299",
    "007": "7",
}


@pytest.mark.parametrize(("text", "amount"), AMOUNTS.items())
def test_it_reads_what_people_type(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["1.299", "1,299", "999,000", "12.345 €", "'1.299"])
def test_it_does_not_guess_between_two_readings(text: str) -> None:
    with pytest.raises(AmbiguousNumber) as refusal:
        parse_amount(text)
    for reading in str(refusal.value).partition("as ")[2].split(". Write")[0].split(" or as "):
        assert reading in ("1299", "1.299", "999000", "999.000", "12345", "12.345")


@pytest.mark.parametrize(
    ("text", "separator", "amount"),
    [
        ("1.299", ".", "1.299"),
        ("1,299", ".", "1299"),
        ("1,299", ",", "1.299"),
        ("1.299", ",", "1299"),
        ("1,299.5", ".", "1299.5"),
        ("99.9999999999", ".", "99.9999999999"),
    ],
)
def test_a_known_separator_leaves_nothing_ambiguous(text: str, separator: str, amount: str) -> None:
    assert parse_amount(text, decimal_separator=separator) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no amount"),
        ("  ", "no amount"),
        ("'", "no amount"),
        ("-5", "negative"),
        ("−5,00 €", "negative"),
        ("(12.99)", "negative"),
        ("12.99-", "negative"),
        ("-€5", "negative"),
        ("free", "not an amount"),
        ("ab 12.99", "not an amount"),
        ("12.99 EUR USD", "not an amount"),
        ("USD 5 EUR", "not an amount"),
        ("12-15 EUR", "not an amount"),
        ("1,29,9", "not an amount"),
        ("12 99", "not an amount"),
        ("1.2.3", "not an amount"),
        ("1.299,00,00", "not an amount"),
        ("1e5", "not an amount"),
        ("٣", "not an amount"),
        ("9" * 100, "not an amount"),
        ("NaN", "not an amount"),
    ],
)
def test_it_says_why_it_refuses(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_amount(text)


def test_a_machine_file_with_a_comma_is_refused() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_amount("12,99", decimal_separator=".")


@pytest.mark.parametrize(
    ("text", "currency"),
    [("12 €", "EUR"), ("usd 12", "USD"), ("12", ""), ("$12", "$"), ("12 kr", "kr"), ("zł 3", "PLN")],
)
def test_it_names_the_currency(text: str, currency: str) -> None:
    assert parse_money(text)[1] == currency


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_has_its_decimals(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        exponent("EURO")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12.9", "EUR", "12.90"),
        ("12.9900", "EUR", "12.99"),
        ("1200", "JPY", "1200"),
        ("1200.00", "JPY", "1200"),
        ("1E+3", "EUR", "1000.00"),
        ("0.125", "KWD", "0.125"),
        ("123456789012345678901234567890.12", "EUR", "123456789012345678901234567890.12"),
    ],
)
def test_a_decimal_string_has_the_currencys_decimals(amount: str, currency: str, text: str) -> None:
    assert to_decimal_string(Decimal(amount), currency) == text


@pytest.mark.parametrize(("amount", "currency"), [("12.995", "EUR"), ("0.5", "JPY")])
def test_no_digit_is_lost(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        to_decimal_string(Decimal(amount), currency)


def test_micros_are_millionths() -> None:
    assert to_micros(Decimal("12.99")) == "12990000"
    assert to_micros(Decimal("0.000001")) == "1"
    assert to_micros(Decimal("-1.5")) == "-1500000"
    with pytest.raises(ValueError, match="micros"):
        to_micros(Decimal("0.0000001"))


def test_money_is_told_with_its_code() -> None:
    assert with_currency(Decimal("19.99"), "USD") == "19.99 USD"
    assert str(Money(Decimal("5"), "JPY")) == "5 JPY"


@pytest.mark.parametrize(
    ("number", "text"), [("1E+3", "1000"), ("-0", "0"), ("-0.00", "0"), ("1.500", "1.5"), ("100", "100")]
)
def test_a_number_has_one_plain_form(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_what_is_no_number_has_no_plain_form(number: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        plain(Decimal(number))


def test_a_number_is_shown_in_the_readers_language() -> None:
    assert localized("1.5", "de_DE") == "1,5"
    assert localized("1.5", "en_US") == "1.5"
    assert localized("1.5", "tlh_XX") == "1.5"


@settings(max_examples=100)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_a_plain_number_reads_back(number: Decimal) -> None:
    text = plain(number)
    assert parse_number(text, decimal_separator=".") == number
    assert parse_number(unambiguous(text)) == number
    assert parse_number(unambiguous(text).replace(".", ",")) == number


@settings(max_examples=100)
@given(st.text(alphabet="0123456789.,' -€$kr\u00a0", max_size=20))
def test_it_reads_or_refuses_and_never_breaks(text: str) -> None:
    try:
        amount = parse_amount(text)
    except ValueError:
        return
    assert amount >= 0
