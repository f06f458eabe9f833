"""What Google makes of an offer: where it is shown, and what is wrong with it.

Sources: Merchant API ProductStatus; product data specification (support.google.com/merchants/
answer/7052112). Attribute names are those of the specification.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox.store import Document
from channels.sandbox.world import COUNTRIES

LIFETIME = dt.timedelta(days=30)
_CONTEXTS = ("SHOPPING_ADS", "FREE_LISTINGS")
# Attribute of the API → its name in the specification, and the longest text it may hold.
_REQUIRED = {
    "link": "link",
    "imageLink": "image_link",
    "price": "price",
    "availability": "availability",
}
_LONGEST = {
    "title": ("title", 150),
    "description": ("description", 5000),
    "brand": ("brand", 70),
    "mpn": ("mpn", 70),
    "color": ("color", 100),
    "size": ("size", 100),
    "material": ("material", 200),
    "itemGroupId": ("item_group_id", 50),
}


def product_status(attributes: Document, label: str, *, created: str, updated: str, inserted: str) -> Document:
    """`ProductStatus` of a processed offer. The moments are RFC 3339."""
    countries = COUNTRIES.get(label, [])
    issues = [issue | {"applicableCountries": countries} for issue in _issues(attributes)]
    refused = any(issue["severity"] == "DISAPPROVED" for issue in issues)
    verdict = "disapprovedCountries" if refused else "approvedCountries"
    return {
        "destinationStatuses": [{"reportingContext": name, verdict: countries} for name in _CONTEXTS],
        "itemLevelIssues": issues,
        "creationDate": created,
        "lastUpdateDate": updated,
        "googleExpirationDate": expires(inserted),
    }


def expires(inserted: str) -> str:
    """30 days after the last insert, whether or not anything changed. A patch does not count."""
    moment = dt.datetime.fromisoformat(inserted) + LIFETIME
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _issues(attributes: Document) -> list[Document]:
    issues = [_missing(name) for key, name in _REQUIRED.items() if not attributes.get(key)]
    for key in ("title", "description"):
        structured = attributes.get(f"structured{key.capitalize()}") or {}
        if not attributes.get(key) and not structured.get("content"):
            issues.append(_missing(key, severity="DISAPPROVED" if key == "title" else "NOT_IMPACTED"))
        elif len(structured.get("content") or "") > _LONGEST[key][1]:
            issues.append(_too_long(f"structured_{key}", _LONGEST[key][1]))
    for key, (name, longest) in _LONGEST.items():
        if len(attributes.get(key) or "") > longest:
            issues.append(_too_long(name, longest))
    return issues + _bad_values(attributes)


def _bad_values(attributes: Document) -> list[Document]:
    issues = []
    for key in ("link", "imageLink"):
        address = urlsplit(attributes.get(key) or "https://x")
        if address.scheme not in ("http", "https") or not address.netloc:
            issues.append(_issue("invalid_url", _REQUIRED[key], f"{attributes[key]!r} is no web address"))
    for gtin in attributes.get("gtins") or ():
        if not is_gtin(gtin):
            issues.append(_issue("invalid_gtin", "gtin", f"{gtin!r} has a wrong length or check digit"))
    price, sale = _micros(attributes.get("price")), _micros(attributes.get("salePrice"))
    if price is not None and price <= 0:
        issues.append(_issue("invalid_price", "price", "The price must be above zero"))
    if price is not None and sale is not None and sale > price:
        issues.append(_issue("invalid_sale_price", "sale_price", "The sale price is above the price"))
    if attributes.get("availability") in ("PREORDER", "BACKORDER") and not attributes.get("availabilityDate"):
        issues.append(_missing("availability_date"))
    if (
        attributes.get("identifierExists", True)
        and not attributes.get("gtins")
        and not (attributes.get("mpn") and attributes.get("brand"))
    ):
        issues.append(_issue("missing_identifier", "gtin", "Neither a GTIN nor brand and MPN", "DEMOTED"))
    return issues


def is_gtin(text: str) -> bool:
    """8, 12, 13 or 14 digits, the last of which is the GS1 check digit."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(character) for character in reversed(text)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _micros(price: Any) -> int | None:
    return int(price["amountMicros"]) if price and price.get("amountMicros") is not None else None


def _missing(attribute: str, *, severity: str = "DISAPPROVED") -> Document:
    return _issue("missing_required_attribute", attribute, f"{attribute} is missing", severity)


def _too_long(attribute: str, longest: int) -> Document:
    return _issue("value_too_long", attribute, f"{attribute} is longer than {longest} characters", "DEMOTED")


def _issue(code: str, attribute: str, detail: str, severity: str = "DISAPPROVED") -> Document:
    return {
        "code": code,
        "severity": severity,
        "resolution": "merchant_action",
        "attribute": attribute,
        "reportingContext": _CONTEXTS[0],
        "description": code.replace("_", " ").capitalize(),
        "detail": detail,
        "documentation": "https://support.google.com/merchants/answer/7052112",
    }
