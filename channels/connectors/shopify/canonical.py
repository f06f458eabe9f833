"""One form per value, whether it is about to be sent or was read back, so that equal means live."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

# The option of a product that has none, as Shopify itself names it.
DEFAULT_OPTION = "Title"
DEFAULT_VALUE = "Default Title"

WEIGHT_UNITS = {"g": "GRAMS", "kg": "KILOGRAMS", "oz": "OUNCES", "lb": "POUNDS"}
# Units Shopify has no word for, with the factor that turns them into one it has.
_CONVERTED_UNITS = {"mg": ("g", Decimal("0.001")), "t": ("kg", Decimal(1000))}

_CATEGORY = re.compile(r"[a-z]{2}(-\d+)*")
CATEGORY_PREFIX = "gid://shopify/TaxonomyCategory/"


def text(value: JSON) -> str:
    """A one-line text; None and "" are the same to Shopify."""
    return "" if value is None else str(value).strip()


def html(value: JSON) -> str:
    return text(value).replace("\r\n", "\n").replace("\r", "\n")


def money(value: JSON) -> str | None:
    """ "19.9" → "19.90": two places, as Shopify writes money; more only where they are not zero."""
    amount = _decimal(value)
    if amount is None:
        return None
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)
    return f"{amount:.2f}" if exponent >= -2 else f"{exact:f}"


def number(value: JSON) -> str | None:
    """ "0.500" → "0.5"; also what JSON wrote as 5e-1."""
    amount = _decimal(value)
    if amount is None:
        return None
    return f"{amount.normalize():f}" if amount else "0"


def weight(amount: JSON, unit: str) -> dict[str, str] | None:
    """A measurement in one of Shopify's four units; None when it is none of ours."""
    if unit in _CONVERTED_UNITS and _decimal(amount) is not None:
        unit, factor = _CONVERTED_UNITS[unit]
        amount = Decimal(str(amount)) * factor
    value = number(amount)
    if value is None or unit not in WEIGHT_UNITS:
        return None
    return {"value": value, "unit": WEIGHT_UNITS[unit]}


def tags(values: JSON) -> list[str]:
    """Sorted, once each: Shopify keeps tags without order and does not tell apart their case."""
    given: Iterable[JSON] = values.split(",") if isinstance(values, str) else values or ()
    found: dict[str, str] = {}
    for tag in map(text, given):
        if tag:
            found.setdefault(tag.casefold(), tag)
    return sorted(found.values())


def handle(value: JSON) -> str:
    """The part of the address that Shopify would make of `value`: small letters, digits, hyphens.

    Recorded: "  Another Weird/Handle 300 % " becomes "another-weird-handle-300".
    """
    spelt = unicodedata.normalize("NFKD", text(value).replace("ß", "ss"))
    plain = spelt.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")


def category(value: JSON) -> str:
    """A taxonomy category as id; "aa-1-13-8" is completed, anything else stays for preflight to refuse."""
    given = text(value[0] if isinstance(value, list) and value else value)
    return CATEGORY_PREFIX + given if _CATEGORY.fullmatch(given) else given


def _decimal(value: JSON) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        amount = written_out(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
