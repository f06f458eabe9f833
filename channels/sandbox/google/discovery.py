"""The schema wall: requests against Google's official discovery document of products/v1.

Format: developers.google.com/discovery/v1/type-format. Enums arrive as names or, from Google's
own client libraries, as their numbers; int64 travels as a string.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

Schema = dict[str, Any]

_INT64 = re.compile(r"-?\d{1,19}")


@functools.cache
def document() -> Schema:
    path = resources.files("channels.connectors.google") / "schema" / "products_v1.json"
    found: Schema = json.loads(path.read_text(encoding="utf-8"))
    return found


@functools.cache
def methods() -> tuple[Schema, ...]:
    """Every method of the API, whichever resource it belongs to."""

    def walk(resource: Schema) -> Iterator[Schema]:
        yield from resource.get("methods", {}).values()
        for inner in resource.get("resources", {}).values():
            yield from walk(inner)

    return tuple(walk(document()))


def method_for(verb: str, path: str) -> tuple[Schema, str] | None:
    """The method at `path` (without a leading slash) and the resource name in it, or None."""
    for method in methods():
        [name] = re.findall(r"\{\+(\w+)\}", method["path"])
        pattern = method["parameters"][name]["pattern"].strip("^$")
        shape = re.escape(method["path"]).replace(re.escape("{+" + name + "}"), f"({pattern})")
        if method["httpMethod"] == verb and (found := re.fullmatch(shape, path)):
            return method, found[1]
    return None


def query_problems(method: Schema, query: Sequence[tuple[str, str]]) -> list[str]:
    """Unknown parameters and values of another type; `alt` may carry Google's own suffix."""
    known = document()["parameters"] | {
        name: rule for name, rule in method["parameters"].items() if rule["location"] == "query"
    }
    problems = []
    for name, value in query:
        name = "alt" if name == "$alt" else name
        rule = known.get(name)
        if rule is None:
            problems.append(f'Unknown name "{name}": Cannot bind query parameter.')
        elif rule["type"] == "integer" and not re.fullmatch(r"-?\d{1,10}", value):
            problems.append(f"Invalid value at '{name}' (TYPE_INT32), \"{value}\"")
        elif "enum" in rule and value.partition(";")[0] not in rule["enum"]:
            problems.append(f"Invalid value at '{name}' (TYPE_ENUM), \"{value}\"")
    return problems


def body_problems(schema_name: str, value: Any) -> list[str]:
    return list(_problems({"$ref": schema_name}, value, ""))


def read_only(schema_name: str, value: Schema) -> list[str]:
    """The output-only fields that a request carries although only the server writes them."""
    properties = document()["schemas"][schema_name]["properties"]
    return [name for name in value if properties.get(name, {}).get("readOnly")]


def with_enum_names(schema_name: str, value: Schema) -> Schema:
    """The same body with enum numbers turned into names, as Google answers it."""
    named: Schema = _named({"$ref": schema_name}, value)
    return named


def _resolve(schema: Schema) -> Schema:
    found: Schema = document()["schemas"][schema["$ref"]] if "$ref" in schema else schema
    return found


def _problems(schema: Schema, value: Any, path: str) -> Iterator[str]:
    schema = _resolve(schema)
    kind = schema.get("type", "object")
    if kind == "object":
        if not isinstance(value, dict):
            yield f"Invalid value at '{path}' (object), {json.dumps(value)}"
            return
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            rule = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if rule is None:
                unknown = f"Unknown name \"{name}\" at '{path}': Cannot find field."
                yield f"Invalid JSON payload received. {unknown}"
            elif item is not None:  # null is an absent field in proto3 JSON
                yield from _problems(rule, item, inner)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"Invalid value at '{path}' (array), {json.dumps(value)}"
            return
        for index, item in enumerate(value):
            yield from _problems(schema["items"], item, f"{path}[{index}]")
    elif not _fits(schema, kind, value):
        name = "TYPE_ENUM" if "enum" in schema else schema.get("format", kind)
        yield f"Invalid value at '{path}' ({name}), {json.dumps(value)}"


def _fits(schema: Schema, kind: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if "enum" in schema:
        if number:
            return isinstance(value, int) and 0 <= value < len(schema["enum"])
        return value in schema["enum"]
    form = schema.get("format")
    if form == "int64":
        text = value if isinstance(value, str) else str(value) if number else ""
        return bool(_INT64.fullmatch(text)) and -(2**63) <= int(text) < 2**63
    if form == "google-datetime":
        return isinstance(value, str) and _is_timestamp(value)
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return number and float(value).is_integer()
    return number and math.isfinite(value)


def _is_timestamp(text: str) -> bool:
    """RFC 3339 with a zone, as protobuf reads it."""
    try:
        return dt.datetime.fromisoformat(text).tzinfo is not None and "T" in text
    except ValueError:
        return False


def _named(schema: Schema, value: Any) -> Any:
    schema = _resolve(schema)
    if isinstance(value, dict):
        rules = schema.get("properties", {})
        return {name: _named(rules.get(name, {}), item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_named(schema.get("items", {}), item) for item in value]
    if "enum" in schema and isinstance(value, int):
        return schema["enum"][value]
    if schema.get("format") == "int64":
        return str(value)
    return value
