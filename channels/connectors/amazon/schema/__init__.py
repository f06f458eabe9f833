"""Amazon's own descriptions of the Selling Partner API, and checks of calls against them.

The Swagger 2.0 documents are unmodified from github.com/amzn/selling-partner-api-models at
34dc93fe45f37c9a0b2e56823c808f68b4f81754 (2026-08-05), Apache-2.0, text alongside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft4Validator, Draft7Validator

HERE = Path(__file__).parent
SHA256 = {
    "listingsItems_2021-08-01.json": "ddba7322661a227b6148dabadaf93da15dde6dfe0eb828c04e9f8b653b8d2557",
    "definitionsProductTypes_2020-09-01.json": "9f54478fd9c145be65fd5b266d13770e4eb41f3d19f1ade5342ce64786af0aaa",
    "feeds_2021-06-30.json": "ab235b4a0e5ce21083b885dd4f2b8cae7a6f597d7adf2647b47b90d6f5098a16",
    "reports_2021-06-30.json": "d72db9e5280262a92933a0e45e2207c150272f1d66177b2517c20671d69c732c",
    "listingsRestrictions_2021-08-01.json": "7ff539631a6b3ba915134c430424717e1e5fe058bc6450297d84ced4675c9535",
    "catalogItems_2022-04-01.json": "1a029b01df1d847d3057740a6e877f89f2ab78104b5b4d8f4b839f8d00f600c2",
    "listings-feed-schema-v2.json": "9f6c00a109f086c269427ae1bc4afe1f9ba49ff8df46de9de939fa2c9f00e1ef",
    "listings-feed-processing-report-schema-v2.json": (
        "03daac9d3fa97d729efb3f3c2836c664036a8ef32a9829363d8026bb097178fd"
    ),
}
LISTINGS, DEFINITIONS, FEEDS, REPORTS, RESTRICTIONS, CATALOG, FEED_FILE, FEED_REPORT = (
    name.removesuffix(".json") for name in SHA256
)

Schema = Mapping[str, Any]
# (where, such as "marketplaceIds" or "patches/0/op", and what is wrong there)
Problem = tuple[str, str]


@cache
def document(name: str) -> Schema:
    """A Swagger document, read once per process."""
    found: Schema = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found


def operation_at(name: str, verb: str, path: str) -> tuple[Schema, dict[str, str]] | None:
    """The operation at a path that is still encoded, and the parameters in it; None when there is none."""
    for shape, operations in document(name)["paths"].items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(shape))
        if (found := re.fullmatch(pattern, path)) and verb.lower() in operations:
            return operations[verb.lower()], {key: unquote(value) for key, value in found.groupdict().items()}
    return None


def check_query(operation: Schema, query: Sequence[tuple[str, str]]) -> list[Problem]:
    """What the document refuses in the query parameters."""
    known = {rule["name"]: rule for rule in operation["parameters"] if rule["in"] == "query"}
    given = dict(query)
    found = [(n, "is required") for n, rule in known.items() if rule.get("required") and not given.get(n)]
    for name, value in query:
        if name not in known:
            found.append((name, "is no parameter of this operation"))
        else:
            found += [(name, problem) for problem in _parameter(known[name], value)]
    return found


def _parameter(rule: Schema, value: str) -> Iterator[str]:
    values = value.split(",") if rule["type"] == "array" else [value]
    if "maxItems" in rule and len(values) > rule["maxItems"]:
        yield f"takes at most {rule['maxItems']}"
    inner = rule.get("items", rule)
    for one in values:
        if "enum" in inner and one not in inner["enum"]:
            yield f"{one!r} is none of {', '.join(inner['enum'])}"
        if inner.get("type") == "integer":
            if not re.fullmatch(r"-?[0-9]{1,9}", one):
                yield f"{one!r} is no whole number"
            elif int(one) > inner.get("maximum", int(one)):
                yield f"{one} is above {inner['maximum']}"


def check_body(name: str, operation: Schema, body: Any) -> list[Problem]:
    """What the document refuses in a decoded body; of one where none belongs, that it is there."""
    rule = next((p["schema"] for p in operation["parameters"] if p["in"] == "body"), None)
    if rule is None:
        # Amazon's own client sends {} with every call that is no GET.
        return [("", "takes no body")] if body not in (None, "", {}) else []
    return _problems(name, rule, body)


def check_answer(name: str, operation: Schema, status: int, body: Any) -> list[Problem]:
    """What the document refuses in an answer."""
    rule = operation["responses"].get(str(status))
    if rule is None:
        return [("", f"has no answer {status}")]
    return _problems(name, rule["schema"], body) if "schema" in rule else []


def check_file(name: str, value: Any) -> Iterator[Problem]:
    """What the schema of a file (FEED_FILE, FEED_REPORT) refuses in its decoded content."""
    for error in Draft7Validator(document(name)).iter_errors(value):
        yield "/".join(map(str, error.absolute_path)), error.message


def _problems(name: str, rule: Schema, value: Any) -> list[Problem]:
    whole = {**rule, "definitions": document(name)["definitions"]}
    return [("/".join(map(str, e.absolute_path)), e.message) for e in Draft4Validator(whole).iter_errors(value)]
