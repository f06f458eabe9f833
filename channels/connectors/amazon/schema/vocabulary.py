"""Amazon's vocabulary of JSON Schema, for the definitions of product types.

Source: "Amazon Product Type Definitions Meta-Schema (v1)", developer-docs.amazon.com/sp-api. The definitions are of
the draft 2019-09; the addresses of the meta-schema and of the vocabulary are names, nothing lies there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft201909Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from channels.connectors.base import Definition

Schema = Mapping[str, Any]


def _counts(instance: list[Any], selectors: list[str]) -> list[int]:
    """How many entries each combination of selectors (marketplace, language, currency …) has."""
    found: dict[str, int] = {}
    for item in instance:
        chosen = {k: item.get(k) for k in selectors} if isinstance(item, dict) else {}
        key = json.dumps(chosen, sort_keys=True, default=str)
        found[key] = found.get(key, 0) + 1
    return list(found.values())


def _max_unique(validator: Any, limit: int, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        most = max(_counts(instance, schema.get("selectors", [])), default=0)
        if most > limit:
            yield ValidationError(f"holds {most} values, at most {limit} are allowed")


def _min_unique(validator: Any, limit: int, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        least = min(_counts(instance, schema.get("selectors", [])), default=0)
        if least < limit:
            yield ValidationError(f"holds {least} values, at least {limit} are needed")


def _max_bytes(validator: Any, limit: int, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, str) and (length := len(instance.encode())) > limit:
        yield ValidationError(f"has {length} bytes in UTF-8, at most {limit} are allowed")


def _min_bytes(validator: Any, limit: int, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, str) and (length := len(instance.encode())) < limit:
        yield ValidationError(f"has {length} bytes in UTF-8, at least {limit} are needed")


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    # Binary fractions would say that 79.99 is no multiple of 0.01.
    number = isinstance(instance, int | float | Decimal) and not isinstance(instance, bool)
    if number and Decimal(str(instance)) % Decimal(str(step)):
        yield ValidationError(f"{instance} is no multiple of {step}")


AmazonValidator: type[Validator] = extend(
    Draft201909Validator,
    {
        "maxUniqueItems": _max_unique,
        "minUniqueItems": _min_unique,
        "maxUtf8ByteLength": _max_bytes,
        "minUtf8ByteLength": _min_bytes,
        "multipleOf": _multiple_of,
    },
)


_by_checksum: dict[str, Validator] = {}


def validator(definition: Definition) -> Validator:
    """The compiled definition, made once per process and version of it."""
    found = _by_checksum.get(definition.checksum)
    if found is None:
        schema = {k: v for k, v in definition.body.items() if k not in ("$schema", "$id")}
        found = AmazonValidator(schema)
        if len(_by_checksum) >= 64:
            _by_checksum.clear()
        _by_checksum[definition.checksum] = found
    return found
