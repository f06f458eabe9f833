"""Google's own description of the Merchant API, and checks of calls against it.

`products_v1.json` (revision 20261106) and `datasources_v1.json` are the unmodified discovery documents
that Google ships in the PyPI package `google-api-python-client` 2.202.0, Apache-2.0, text alongside.
The form: developers.google.com/discovery/v1/type-format.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pimhub.foundation.jsonvalue import JSON

HERE = Path(__file__).parent
SHA256 = {
    "products_v1.json": "b64fcb1515599f430eba09b8ff64e8d1763c9a43ed81b2ec3867b7bae1ba274c",
    "datasources_v1.json": "2d8cfd3d2ff8f47458ab8738ded76ab87c9d71ccd3e339e53d4309f980de696e",
}

Schema = Mapping[str, Any]
# (path such as "productAttributes.gtins[0]", what is wrong there)
Problem = tuple[str, str]

_INT64 = re.compile(r"-?[0-9]{1,19}")
# The documents say in words what a call must hold.
_REQUIRED = "Required."


@cache
def document(name: str = "products_v1") -> Schema:
    """A discovery document, read once per process."""
    found: Schema = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def methods() -> Mapping[str, Schema]:
    """Every method of products/v1 by its id, e.g. "merchantapi.accounts.productInputs.insert"."""

    def walk(resource: Schema) -> Iterator[Schema]:
        yield from resource.get("methods", {}).values()
        for inner in resource.get("resources", {}).values():
            yield from walk(inner)

    return {method["id"]: method for method in walk(document())}


def resolve(schema: Schema) -> Schema:
    """The schema behind a `$ref`, or the schema itself."""
    found: Schema = document()["schemas"][schema["$ref"]] if "$ref" in schema else schema
    return found


# ---- checks --------------------------------------------------------------------------------------


def check(schema_name: str, value: JSON, *, answer: bool = False) -> list[Problem]:
    """What the document refuses in a body that we send; with `answer`, in one that Google sends."""
    return list(_problems(document()["schemas"][schema_name], value, "", answer))


def check_query(method_id: str, params: Mapping[str, str]) -> list[Problem]:
    """What the document refuses in the query parameters of a method."""
    own = {n: rule for n, rule in methods()[method_id]["parameters"].items() if rule["location"] == "query"}
    known = {**document()["parameters"], **own}
    found: list[Problem] = []
    for name, rule in own.items():
        if _is_required(rule) and not params.get(name):
            found.append((name, "is required"))
    for name, value in params.items():
        if name not in known:
            found.append((name, "is no parameter of this method"))
        elif known[name]["type"] == "integer" and not re.fullmatch(r"-?[0-9]{1,10}", value):
            found.append((name, f"{value!r} is no whole number"))
        elif "enum" in known[name] and value not in known[name]["enum"]:
            found.append((name, f"{value!r} is none of {', '.join(known[name]['enum'])}"))
    return found


def check_call(method_id: str, verb: str, url: str, body: bytes) -> list[Problem]:
    """What the document refuses in a whole call; `url` may stand below any base."""
    method, parts = methods()[method_id], urlsplit(url)
    found = check_query(method_id, dict(parse_qsl(parts.query, keep_blank_values=True)))
    if verb != method["httpMethod"]:
        found.append(("", f"the method is called with {method['httpMethod']}, not {verb}"))
    shape = re.escape(method["path"])
    for name, rule in method["parameters"].items():
        if rule["location"] == "path":
            shape = shape.replace(re.escape("{+" + name + "}"), rule["pattern"].strip("^$"))
    if not re.search(f"/{shape}$", unquote(parts.path)):
        found.append(("", f"{parts.path} does not end as {method['path']}"))
    if "request" not in method:
        return [*found, ("", "takes no body")] if body else found
    return found + check(method["request"]["$ref"], json.loads(body))


def _problems(schema: Schema, value: JSON, path: str, answer: bool) -> Iterator[Problem]:
    schema = resolve(schema)
    if schema["type"] == "object":
        yield from _object_problems(schema, value, path, answer)
    elif schema["type"] == "array":
        if not isinstance(value, list):
            yield path, f"{value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _problems(schema["items"], item, f"{path}[{index}]", answer)
    elif (message := _scalar_problem(schema, value)) is not None:
        yield path, message


def _object_problems(schema: Schema, value: JSON, path: str, answer: bool) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield path, f"{value!r} is no object"
        return
    properties: Schema = schema.get("properties", {})
    for name in () if answer else _required(schema):
        if value.get(name) in (None, ""):
            yield _join(path, name), "is required"
    for name, item in value.items():
        rule = properties.get(name)
        if rule is None:
            yield _join(path, name), "is unknown to Google"
        elif rule.get("readOnly") and not answer:
            yield _join(path, name), "is written by Google only"
        else:
            yield from _problems(rule, item, _join(path, name), answer)


def _scalar_problem(schema: Schema, value: JSON) -> str | None:
    """What is wrong with a value that is neither object nor list, or None."""
    kind, form = schema["type"], schema.get("format")
    if "enum" in schema:
        return None if value in schema["enum"] else f"{value!r} is none of {', '.join(schema['enum'])}"
    if kind == "boolean":
        return None if isinstance(value, bool) else f"{value!r} is neither true nor false"
    if kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return None if number else f"{value!r} is no number"
    if not isinstance(value, str):
        return f"{value!r} is no text"
    if form == "int64" and not (_INT64.fullmatch(value) and -(2**63) <= int(value) < 2**63):
        return f"{value!r} is no whole number of 64 bits"
    if form == "google-datetime" and not _is_timestamp(value):
        return f"{value!r} is no moment such as 2026-01-31T08:00:00Z"
    return None


_required_names: dict[int, tuple[str, ...]] = {}  # by the identity of a schema: the document lives for ever


def _required(schema: Schema) -> tuple[str, ...]:
    names = _required_names.get(id(schema))
    if names is None:
        found = (name for name, rule in schema.get("properties", {}).items() if _is_required(rule))
        names = _required_names[id(schema)] = tuple(found)
    return names


def _is_required(rule: Schema) -> bool:
    return str(rule.get("description", "")).startswith(_REQUIRED)


def _is_timestamp(text: str) -> bool:
    try:
        return "T" in text and dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
