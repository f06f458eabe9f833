"""How endpoints describe themselves for OpenAPI: parameters, bodies and answers, as JSON Schema (2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework.serializers import BaseSerializer

from catalog.api.formats import NDJSON
from pimhub.foundation.jsonvalue import JSON

Schema = Mapping[str, JSON]
Shape = Schema | type[BaseSerializer[Any]]  # serializers become components of the document
Query = Mapping[str, str | tuple[str, Schema]]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ANY: Schema = {}
OBJECT: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}
LABELS: Schema = {"type": "object", "additionalProperties": TEXT, "description": "texts by language"}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def thing(required: str = "", /, **properties: Schema) -> Schema:
    """An object; `required` names what is always there, parted by spaces ("*" = all)."""
    names = list(properties) if required == "*" else required.split()
    return {"type": "object", "properties": properties, **({"required": names} if names else {})}


def page_of(item: Shape) -> Schema:
    return thing(
        "results next",
        results={"type": "array", "items": item},
        next=maybe(TEXT),
        count=thing("*", value=NUMBER, exact=FLAG),
    )


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. `query`: parameter → what it says. `answers`: status → schema, None = no body."""

    query: Query = field(default_factory=dict)
    body: Shape | None = None
    body_type: str = "application/json"
    answers: Mapping[int, Shape | None] = field(default_factory=dict)
    answer_type: str = "application/json"
    if_match: bool = False


PAGING: Query = {
    "limit": ("rows a page, up to 200", {"type": "integer", "minimum": 1, "maximum": 200}),
    "cursor": "where to go on: from `next`",
    "count": ("also say how many there are: exact up to 10,000", FLAG),
}
ERROR = thing("key code message", key=TEXT, code=TEXT, message=TEXT, sku=TEXT, value=TEXT)
LINE = thing(
    "line code status result errors",
    line=NUMBER,
    code=TEXT,
    status=NUMBER,
    result={"type": "string", "enum": ["created", "updated", "unchanged", "rejected", "failed"]},
    errors=array(ERROR),
    version=NUMBER,
    applied=FLAG,
)


def lines_of(body: Shape, **query: str | tuple[str, Schema]) -> Op:
    """NDJSON in, a result a line out."""
    return Op(query=query, body=body, body_type=NDJSON, answers={200: LINE}, answer_type=NDJSON)


def parameters(op: Op) -> list[dict[str, Any]]:
    found = []
    for name, given in op.query.items():
        words, schema = (given, TEXT) if isinstance(given, str) else given
        found.append({"name": name, "in": "query", "description": words, "schema": dict(schema)})
    if op.if_match:
        words = "The ETag that the writer saw; 412 if it is another one now."
        found.append({"name": "If-Match", "in": "header", "description": words, "schema": dict(TEXT)})
    return found
