"""The shape of Amazon's attributes: lists of objects that carry marketplace and language beside the value.

The definition of the product type says the shape, the mapping the content. A body holds decimals as text; they
become JSON numbers on the wire, where the definition says number.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import InvalidOperation
from typing import Any

from channels.connectors.amazon.settings import Settings
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

Schema = Mapping[str, Any]

# Our units as Amazon spells them; what is not here goes out as it is and the definition decides.
UNITS: Mapping[str, str] = {
    "kg": "kilograms", "g": "grams", "mg": "milligrams", "t": "tons", "lb": "pounds", "oz": "ounces",
    "m": "meters", "cm": "centimeters", "mm": "millimeters", "in": "inches", "ft": "feet",
    "l": "liters", "ml": "milliliters", "cl": "centiliters", "w": "watts", "v": "volts", "a": "amps",
}  # fmt: skip


def attribute(definition: Schema, name: str, value: JSON, given: Settings) -> list[JSON]:
    """One attribute of a listing, shaped as the definition says; [] when the definition does not know it.

    A value that is an object already (a constant of the mapping) keeps its own fields.
    """
    rule = definition["properties"].get(name)
    if rule is None or value in (None, "", []):
        return []
    entry = resolve(definition, rule.get("items", {}))
    known = {n: resolve(definition, one) for n, one in entry.get("properties", {}).items()}
    base: dict[str, JSON] = {}
    if "marketplace_id" in known:
        base["marketplace_id"] = given.marketplace
    if "language_tag" in known:
        base["language_tag"] = given.language
    values = value if isinstance(value, list) else [value]
    return [{**base, **_content(known, one)} for one in values if one not in (None, "")]


def _content(known: Schema, value: JSON) -> dict[str, JSON]:
    if isinstance(value, dict) and "amount" in value and "unit" in known:
        unit = str(value.get("unit"))
        return {"value": decimal_text(value["amount"]), "unit": UNITS.get(unit, unit)}
    if isinstance(value, dict):
        return value
    holder = "value" if "value" in known or "name" not in known else "name"
    return {holder: _one(known.get(holder, {}), value)}


def _one(rule: Schema, value: JSON) -> JSON:
    """A value as the rule wants it: labels become their codes, words their truth, numbers their text."""
    known = choices(rule)
    if known and value not in known.values() and isinstance(value, str):
        value = known.get(value.strip().casefold(), value)
    kind = rule.get("type")
    if kind == "string" and value is not None and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "number":
        return decimal_text(value)
    if kind == "integer" and isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value.strip() if isinstance(value, str) else value


def choices(rule: Schema) -> dict[str, JSON]:
    """{what people may write, in lower case: the code}, of a closed list or of one that is open ("anyOf")."""
    found: dict[str, JSON] = {}
    for part in (rule, *rule.get("anyOf", ()), *rule.get("oneOf", ())):
        codes = part.get("enum", ())
        found |= {str(name).casefold(): code for name, code in zip(part.get("enumNames", ()), codes, strict=False)}
        found |= {str(code).casefold(): code for code in codes}
    return found


def terms(field: str, definitions: Mapping[str, JSON]) -> dict[str, str]:
    """{code: its name} of what an attribute may hold in these product types; of the product type, which there are."""
    if field == "product_type":
        return {name: name.replace("_", " ").capitalize() for name in definitions}
    found: dict[str, str] = {}
    for definition in definitions.values():
        entry = resolve(definition, _rule(definition, field).get("items", {})).get("properties", {})
        for holder in ("value", "name"):
            rule = resolve(definition, entry.get(holder, {}))
            for part in (rule, *rule.get("anyOf", ()), *rule.get("oneOf", ())):
                codes = part.get("enum", ())
                found |= {str(code): str(code) for code in codes if str(code) not in found}
                found |= {str(code): str(n) for code, n in zip(codes, part.get("enumNames", ()), strict=False)}
    return found


def decimal_text(value: JSON) -> JSON:
    """The shortest text of a number; what is none stays, for the definition to refuse."""
    if isinstance(value, bool):
        return value
    try:
        number = written_out(str(value))
    except InvalidOperation:
        return value
    return format(number.normalize(), "f") if number.is_finite() else value


# ---- on the wire, and back ---------------------------------------------------------------------


def to_wire(definition: Schema, attributes: Mapping[str, JSON]) -> dict[str, JSON]:
    """Attributes as they are sent: text of decimals becomes numbers."""
    return {n: _walk(definition, _rule(definition, n), v, _number) for n, v in attributes.items()}


def from_answer(definition: Schema, attributes: Mapping[str, JSON]) -> dict[str, JSON]:
    """Attributes as Amazon shows them, in the form of our bodies."""
    return {n: _walk(definition, _rule(definition, n), v, _text) for n, v in attributes.items()}


def _rule(definition: Schema, name: str) -> Schema:
    found: Schema = definition.get("properties", {}).get(name, {})
    return found


def _walk(definition: Schema, rule: Schema, value: JSON, convert: Any) -> JSON:
    rule = resolve(definition, rule)
    if isinstance(value, dict):
        known = rule.get("properties", {})
        return {n: _walk(definition, known.get(n, {}), one, convert) for n, one in value.items()}
    if isinstance(value, list):
        return [_walk(definition, rule.get("items", {}), one, convert) for one in value]
    return convert(rule, value)


def _number(rule: Schema, value: JSON) -> JSON:
    if rule.get("type") != "number" or not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    # Beyond what a binary fraction holds exactly, Amazon would read another number than we approved.
    return number if decimal_text(repr(number)) == decimal_text(value) else value


def _text(rule: Schema, value: JSON) -> JSON:
    if rule.get("type") == "integer" and isinstance(value, str) and value.isdecimal():
        return int(value)
    return decimal_text(value) if rule.get("type") == "number" else value


def resolve(definition: Schema, rule: Schema) -> Schema:
    """The rule behind a reference within the definition, or the rule itself."""
    held: Schema = rule
    if "$ref" in rule:
        held = definition
        for part in str(rule["$ref"]).removeprefix("#/").split("/"):
            held = held[part]
    return held


def is_fixed(definition: Schema, name: str) -> bool:
    """Whether Amazon keeps the attribute as it was when the item was created (`editable: false`)."""
    known = _rule(definition, name).get("items", {}).get("properties", {})
    values = [resolve(definition, known[n]) for n in ("value", "name") if n in known]
    return bool(values) and all(rule.get("editable") is False for rule in values)


def label(definition: Schema, name: str) -> str:
    """What people call the attribute."""
    return str(_rule(definition, name).get("title") or name)


def like(ours: JSON, theirs: JSON) -> JSON:
    """Of what the channel shows, the parts that we speak of too."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {n: like(one, theirs[n]) for n, one in ours.items() if n in theirs}
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) == len(theirs):
            return [like(a, b) for a, b in zip(ours, theirs, strict=True)]
        first = ours[0] if ours else None
        return [like(first, each) for each in theirs]
    return theirs
