"""Errors of a product type's definition, in a merchandiser's words: which attribute, what is there, what helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jsonschema import ValidationError

from channels.connectors.amazon import shape
from channels.connectors.amazon.interpret import field_of
from channels.connectors.amazon.render import EXEMPTION, IDENTIFIER
from channels.connectors.base import Definition
from channels.connectors.outcome import Issue, Row
from pimhub.foundation.jsonvalue import JSON

_MOST = 12  # choices named in one sentence


def problems(error: ValidationError, row: Row, definition: Definition) -> Iterator[Issue]:
    """What one error of the validator means; those of an alternative are told as one."""
    name = next((str(part) for part in error.absolute_path), "")
    body, kind = definition.body, definition.name
    match error.validator:
        case "required" if not name:
            missing = [n for n in error.validator_value if n not in error.instance]
            # The validator reports each name by itself; its message begins with the one it means.
            for one in [n for n in missing if error.message.startswith(repr(n))] or missing:
                message = f"Amazon needs “{shape.label(body, one)}” ({one}) for {kind}, and nothing fills it."
                yield _issue("required", message, one, row)
        case "anyOf" | "oneOf" if not name:
            yield _alternatives(error, row, definition)
        case "not":
            yield _not(error, row, definition, name)
        case "additionalProperties":
            message = f"{kind} does not know {error.message.partition('(')[2].rstrip(')') or 'a field'}."
            yield _issue("unknown", message, name, row)
        case _:
            label = shape.label(body, name)
            yield _issue(_code(error), f"{label} “{_short(error.instance)}” {_words(error)}", name, row)


def _issue(code: str, message: str, name: str, row: Row) -> Issue:
    return Issue(code=code, message=message, field=field_of(name), sku=row)


def _alternatives(error: ValidationError, row: Row, definition: Definition) -> Issue:
    """One of several attributes is needed."""
    wanted = [n for inner in error.context or () for n in _required(inner)]
    if IDENTIFIER in wanted:
        message = (
            f"Amazon needs a GTIN for {definition.name}. Enter it, or name the ASIN of a page that shows this very "
            "product; with an exemption for the brand, say so in the channel's settings (gtin_exempt)."
        )
        return _issue("gtin_missing", message, IDENTIFIER, row)
    labels = [shape.label(definition.body, n) for n in dict.fromkeys(wanted) if n != EXEMPTION]
    message = f"Amazon needs one of these for {definition.name}: {', '.join(labels) or error.message}."
    return _issue("required", message, wanted[0] if wanted else "", row)


def _required(error: ValidationError) -> Sequence[str]:
    return [str(n) for n in error.validator_value] if error.validator == "required" else []


def _not(error: ValidationError, row: Row, definition: Definition, name: str) -> Issue:
    """Attributes that may not be there: of a parent, what only a variant has."""
    unwanted = _named(error.validator_value)
    there = [n for n in unwanted if isinstance(error.instance, dict) and n in error.instance] or unwanted
    labels = ", ".join(shape.label(definition.body, n) for n in there)
    message = f"{labels or name or 'This'} may not be given here, by Amazon's definition of {definition.name}."
    return _issue("not_allowed", message, there[0] if there else name, row)


def _named(rule: Any) -> list[str]:
    """Every attribute that a rule requires, however deep."""
    if isinstance(rule, dict):
        own = [str(n) for n in rule.get("required", ())]
        return own + [n for key in ("anyOf", "allOf", "oneOf") for one in rule.get(key, ()) for n in _named(one)]
    return []


def _code(error: ValidationError) -> str:
    return {
        "maxLength": "too_long",
        "maxUtf8ByteLength": "too_long",
        "maxUniqueItems": "too_many",
        "enum": "choice",
        "required": "required",
    }.get(str(error.validator), "invalid")


def _words(error: ValidationError) -> str:
    limit = error.validator_value
    match error.validator:
        case "maxLength":
            return f"has {len(error.instance)} characters, Amazon takes {limit}. Shorten it."
        case "minLength":
            return f"has {len(error.instance)} characters, Amazon wants at least {limit}."
        case "enum":
            choices = [str(one) for one in limit]
            named = ", ".join(choices[:_MOST])
            more = f" and {len(choices) - _MOST} more" if len(choices) > _MOST else ""
            return f"is none of {named}{more}. Choose one of these, or adjust the mapping."
        case "type":
            return f"is not what Amazon reads there ({limit}). Correct it, or adjust the mapping."
        case "required":
            return f"lacks {', '.join(map(str, limit))}, which Amazon needs with it."
        case "anyOf" | "oneOf":
            return "is nothing that Amazon takes there. Correct it, or adjust the mapping."
        case "maxUtf8ByteLength" | "minUtf8ByteLength" | "maxUniqueItems" | "minUniqueItems" | "multipleOf":
            return f"{error.message}."
    return f"does not pass: {error.message[:200]}."


def _short(value: JSON) -> str:
    if isinstance(value, list):
        value = next((each.get("value") for each in value if isinstance(each, dict) and "value" in each), value)
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
