"""The product types that the account knows, and what their definitions hold against an item.

SHIRT is no file of Amazon's: it is rebuilt for this project from the documented vocabulary and the attribute shapes
of real definitions, with a small choice of attributes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from channels.connectors.amazon.schema.vocabulary import validator
from channels.connectors.base import Definition

FOLDER = Path(__file__).parent / "product_types"
# Takes every attribute; Amazon accepts it in patches of price and stock.
ANY = "PRODUCT"


@cache
def known() -> dict[str, bytes]:
    """The definitions by product type, byte for byte as they are downloaded."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}


def served(name: str, also_required: list[str]) -> bytes:
    """The definition as it is downloaded, with what Amazon newly requires."""
    data = known()[name]
    if not also_required:
        return data
    held = json.loads(data)
    held["required"] = [*held["required"], *also_required]
    return json.dumps(held).encode()


def checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


@cache
def definition(name: str) -> Definition:
    data = known()[name]
    return Definition(name, checksum(data), json.loads(data))


def issues(name: str, attributes: dict[str, Any], requirements: str) -> list[dict[str, Any]]:
    """What Amazon answers: each missing attribute by name, all others that do not pass in one issue.

    Codes and words as in the examples of listingsItems 2021-08-01.
    """
    if name not in known():
        return [_issue("90000900", f"The product type {name} is not known.", [], "INVALID_ATTRIBUTE")]
    body = definition(name)
    found, wrong = [], []
    for error in validator(body).iter_errors(attributes):
        place = next((str(part) for part in error.absolute_path), "")
        if error.validator == "required" and not place:
            missing = [n for n in error.validator_value if n not in attributes and error.message.startswith(repr(n))]
            found += [unsupplied(n) for n in missing if _is_asked(n, requirements)]
        elif error.validator == "anyOf" and not place:
            found.append(unsupplied("externally_assigned_product_identifier"))
        elif error.validator == "additionalProperties" and not place:
            wrong += [n for n in attributes if n not in body.body["properties"]]
        else:
            wrong.append(place)
    if wrong:
        found.append(
            _issue("90000900", "The attributes are invalid.", sorted(set(filter(None, wrong))), "INVALID_ATTRIBUTE")
        )
    return found


def _is_asked(name: str, requirements: str) -> bool:
    """Of product facts alone, the terms of sale are not asked."""
    sales = ("purchasable_offer", "fulfillment_availability", "condition_type", "list_price")
    return requirements != "LISTING_PRODUCT_ONLY" or name not in sales


def unsupplied(name: str) -> dict[str, Any]:
    return _issue("90220", f"'{name}' is required but not supplied.", [name], "MISSING_ATTRIBUTE")


def _issue(code: str, message: str, names: list[str], category: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": names,
        "categories": [category],
        "enforcements": {"actions": [{"action": "LISTING_SUPPRESSED"}], "exemption": {"status": "NOT_EXEMPT"}},
    }
