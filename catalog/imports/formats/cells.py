"""Cells of product files → canonical values: one small reader per kind of cell.

Each takes the cleaned, filled text and gives a `Read`, or raises `CellProblem` with reason and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from catalog.imports.formats.countries import country_code
from catalog.imports.text import code_key, without_apostrophe
from catalog.products.gtin import LENGTHS, check_digit
from pimhub.foundation.money import parse_amount
from pimhub.foundation.numbers import plain


class CellProblem(Exception):
    """A cell that cannot be read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Read:
    """`value` None: the cell says nothing. `warning`: (code, message) when it was read with a doubt."""

    value: Any = None
    warning: tuple[str, str] | None = None


def text(given: str) -> Read:
    return Read(given)


def sku(given: str) -> Read:
    return Read(without_apostrophe(given) or None)


def tags(given: str) -> Read:
    """Comma-separated labels, each once whatever its case: the first spelling stays."""
    found: dict[str, str] = {}
    for label in given.split(","):
        if label.strip():
            found.setdefault(code_key(label), label.strip())
    return Read(list(found.values()) or None)


_TRUE = {"true", "yes", "y", "1", "wahr", "vrai"}
_FALSE = {"false", "no", "n", "0", "falsch", "faux"}


def boolean(given: str) -> Read:
    word = given.casefold()
    if word in _TRUE or word in _FALSE:
        return Read(word in _TRUE)
    raise CellProblem("not_a_boolean", f"“{given}” is neither TRUE nor FALSE. Write one of the two.")


def one_of(*options: str, also: dict[str, str] | None = None) -> Callable[[str], Read]:
    """A reader for a closed list; `also`: other words for its options."""

    def read(given: str) -> Read:
        word = (also or {}).get(given.casefold(), given.casefold())
        if word in options:
            return Read(word)
        raise CellProblem("not_an_option", f"“{given}” is not known here. Write one of: {', '.join(options)}.")

    return read


def tracker(given: str) -> Read:
    """Who counts the stock. Counted is counted: by whom is not ours to keep."""
    if given.casefold() == "shopify":
        return Read(True)
    return Read(
        True,
        ("tracker_not_kept", f"Stock is counted by “{given}”; kept is only that it is counted."),
    )


def category(given: str) -> Read:
    """A path "A > B > C". Shopify's "Uncategorized" says nothing."""
    path = " > ".join(part for part in (p.strip() for p in given.split(">")) if part)
    if code_key(path) == "uncategorized" or not path:
        return Read()
    if re.fullmatch(r"[0-9]+|gid://.*", path):
        return Read(
            None,
            (
                "category_number",
                f"The category “{path}” is a number, which only the shop can resolve; it was left out. "
                "Write the category's path, such as “Furniture > Chairs”.",
            ),
        )
    return Read(path)


MAX_PRICE = Decimal(10) ** 12


def price(given: str) -> Read:
    """An exact decimal of at most two decimals. "." is the decimal mark, as machines write it.

    What people write ("12,99 €") is read when it has one reading only, with a warning.
    """
    number = without_apostrophe(given)
    machine = re.fullmatch(r"[0-9]+(?:\.([0-9]+))?", number)
    try:
        amount = Decimal(number) if machine else parse_amount(number)
    except ValueError as error:
        raise CellProblem("price", f"{error} Write the price as 12.99, without currency.") from None
    if amount >= MAX_PRICE:
        raise CellProblem(
            "price_too_large", f"The price “{given[:40]}” has more digits than a price can have. Correct it."
        )
    decimals = len(machine[1] or "") if machine else len(plain(amount).partition(".")[2])
    if decimals == 3 or len(plain(amount).partition(".")[2]) > 2:
        raise CellProblem(
            "price_decimals",
            f"The price “{given}” has {decimals} decimals; a price has at most 2. Write it as 12.99 "
            "(thousands without a separator: 1299.00).",
        )
    amount = amount.quantize(Decimal("0.01"))
    if machine:
        return Read(amount)
    return Read(
        amount,
        (
            "price_format",
            f"“{given}” was read as {amount}, in the currency of the price list. "
            "Write plain numbers such as 12.99 to be sure.",
        ),
    )


def stock(given: str) -> Read:
    """Whole units; below zero is possible (oversold)."""
    number = without_apostrophe(given)
    if re.fullmatch(r"[+-]?[0-9]{1,9}(?:\.0+)?", number):
        return Read(int(Decimal(number)))
    if re.fullmatch(r"[+-]?[0-9]+(?:\.0+)?", number):
        raise CellProblem("stock", f"“{given[:40]}” units are more than can be held (999,999,999). Correct the number.")
    raise CellProblem("stock", f"“{given}” is not a number of units. Write a whole number such as 12.")


def grams(given: str) -> Read:
    """Decimal grams; 0 says nothing."""
    number = without_apostrophe(given).replace(",", ".", 1)
    if not re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", number):
        raise CellProblem("weight", f"“{given}” is not a weight in grams. Write a number such as 250 or 250.5.")
    return Read(Decimal(number) or None)


_UNITS = {"kg": Decimal(1000), "g": Decimal(1), "lb": Decimal("453.59237"), "oz": Decimal("28.349523125")}
weight_unit = one_of(*_UNITS, also={"lbs": "lb", "kgs": "kg", "gram": "g", "grams": "g", "kilograms": "kg",
                                    "pounds": "lb", "ounces": "oz"})  # fmt: skip


def measured(weight: Decimal, unit: str) -> dict[str, str]:
    """Grams → a measurement in `unit`, with the fewest decimals that are true to half a milligram.

    Shops enter 0.55 lb and export 249.4758035 g: dividing back must give 0.55.
    """
    exact = weight / _UNITS[unit]
    for places in range(13):
        amount = round(exact, places)
        if abs(amount * _UNITS[unit] - weight) <= Decimal("0.0005") and amount:
            return {"amount": plain(amount), "unit": unit}
    return {"amount": plain(weight), "unit": "g"}


def gtin(given: str) -> Read:
    """Digits of a right GTIN; apostrophes, spaces and hyphens that people put in are taken out."""
    code = re.sub(r"[\s\u200b\ufeff‐‑–-]", "", without_apostrophe(given))
    if re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+", code):
        raise CellProblem(
            "gtin_rounded",
            f"“{given}” was rounded by a spreadsheet; its digits are lost. Enter the code again with the "
            "column formatted as text, or leave the cell empty.",
        )
    warning = None
    if whole := re.fullmatch(r"([0-9]+)[.,]0", code):
        code = whole[1]
        warning = ("gtin_decimal", f"“{given}” was read as {code}. Format the column as text.")
    if not code:
        return Read()
    if not re.fullmatch(r"[0-9]+", code):
        raise CellProblem(
            "gtin_characters",
            f"The barcode “{given}” holds other characters than digits. Correct it, or leave the cell empty.",
        )
    if len(code) not in LENGTHS:
        raise CellProblem(
            "gtin_length",
            f"The barcode “{code}” has {len(code)} digits; a GTIN has 8, 12, 13 or 14. {_with_zeros(code)}"
            "Correct the code, or leave the cell empty.",
        )
    expected = check_digit(code[:-1])
    if int(code[-1]) != expected:
        raise CellProblem(
            "gtin_check_digit",
            f"The check digit of the barcode “{code}” is wrong: the last digit is {code[-1]}, expected is "
            f"{expected}. Correct the code, or leave the cell empty.",
        )
    return Read(code, warning)


def _with_zeros(code: str) -> str:
    """A hint when leading zeros were lost: the number is right again with them."""
    for length in LENGTHS:
        padded = code.zfill(length)
        if len(code) >= 6 and len(padded) > len(code) and check_digit(padded[:-1]) == int(padded[-1]):
            return f"Perhaps leading zeros were lost: {padded} would be right. "
    return ""


def hs_code(given: str) -> Read:
    """6 to 13 digits, people's dots and spaces taken out; anything else is left out with a warning."""
    digits = re.sub(r"[\s.\-]", "", without_apostrophe(given))
    if re.fullmatch(r"[0-9]{6,13}", digits):
        return Read(digits)
    return Read(
        None,
        ("hs_code", f"“{given}” is not an HS code and was left out. Write 6 to 13 digits, such as 611241."),
    )


def country(given: str) -> Read:
    """A country's two letters, from its code or its name; an unknown one is left out with a warning."""
    if code := country_code(given):
        return Read(code)
    return Read(
        None,
        (
            "country",
            f"The country “{given}” is not known and was left out. Write its two letters, such as DE.",
        ),
    )


def url(given: str) -> Read:
    """An absolute http(s) address."""
    problem = ""
    try:
        parts = urlsplit(given)
        if re.search(r"\s", given):
            problem = "holds a blank. Write one address per row, blanks as %20"
        elif parts.scheme.lower() not in ("http", "https"):
            problem = "does not begin with https://. Write the whole address of the picture"
        elif not parts.hostname:
            problem = "names no server. Write the whole address of the picture"
    except ValueError:
        problem = "is no valid address. Copy it again from the browser"
    if problem:
        raise CellProblem("url", f"The picture's address “{given}” {problem}, or leave the cell empty.")
    return Read(given)


def position(given: str) -> Read:
    if re.fullmatch(r"[0-9]{1,6}(?:\.0+)?", given):
        return Read(int(Decimal(given)))
    return Read(
        None,
        ("position", f"“{given}” is not a position; the picture stays in the file's order. Write 1, 2, 3 …"),
    )


READERS: dict[str, Callable[[str], Read]] = {
    "text": text,
    "sku": sku,
    "tags": tags,
    "boolean": boolean,
    "shop_status": one_of("active", "draft", "archived", "unlisted"),
    "gender": one_of("male", "female", "unisex"),
    "age_group": one_of("newborn", "infant", "toddler", "kids", "adult"),
    "condition": one_of("new", "refurbished", "used"),
    "inventory_policy": one_of("deny", "continue", also={"false": "deny", "true": "continue"}),
    "tracker": tracker,
    "category": category,
    "price": price,
    "stock": stock,
    "weight": grams,
    "weight_unit": weight_unit,
    "gtin": gtin,
    "hs_code": hs_code,
    "country": country,
    "url": url,
    "position": position,
}
