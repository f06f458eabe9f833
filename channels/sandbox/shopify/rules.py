"""The run-time wall: what Shopify refuses although its schema allows it.

Sources: shopify.dev "GraphQL Admin API rate limits" (input arrays, query cost) and
"Making idempotency mandatory" (2026-04).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_directive_values,
    get_named_type,
)

from channels.sandbox.shopify.graph import Info, api_error
from channels.sandbox.shopify.wall import Error, Illegal, Root

LONGEST_ARRAY = 250
MOST_VARIANTS = 2_048
# Arrays that a product's variants run through are bounded by the number of variants instead.
_LONG_ARRAYS = {
    ("ProductSetInput", "variants"): MOST_VARIANTS,
    ("productVariantsBulkUpdate", "variants"): MOST_VARIANTS,
    ("OptionSetInput", "values"): MOST_VARIANTS,
}

_GID = re.compile(r"gid://[a-z][\w-]*/\w+/[^/\s]+")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?")


def check(root: Root) -> None:
    """Refuse oversized arrays and scalars that the published schema leaves open. Raises Illegal."""
    for name, value in root.args.items():
        _walk(value, root.definition.args[name].type, [root.name, name], root.name)


def _walk(value: Any, kind: Any, path: list[str | int], owner: str) -> None:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        field = next(str(part) for part in reversed(path) if isinstance(part, str))
        most = _LONG_ARRAYS.get((owner, field), LONGEST_ARRAY)
        if len(value) > most:
            message = f"The input array size of {len(value)} is greater than the maximum allowed of {most}."
            raise Illegal([_error(message, "MAX_INPUT_SIZE_EXCEEDED", path)])
        for index, item in enumerate(value):
            _walk(item, kind.of_type, [*path, index], owner)
    elif isinstance(kind, GraphQLInputObjectType):
        for name, item in value.items():
            _walk(item, kind.fields[name].type, [*path, name], kind.name)
    elif (problem := _scalar_problem(value, get_named_type(kind).name)) is not None:
        raise Illegal([_error(problem, "INVALID_VARIABLE", path)])


def _scalar_problem(value: Any, kind: str) -> str | None:
    """Why the vendor's own scalar type would refuse `value`; None when it would not."""
    if kind in ("Money", "Decimal"):
        try:
            fine = isinstance(value, str | int | float) and Decimal(str(value)).is_finite()
        except InvalidOperation:
            fine = False
        return None if fine else f"{kind} cannot be {value!r}: send a decimal number such as '19.99'"
    if kind == "ID":
        return None if _GID.fullmatch(str(value)) else f"Invalid global id '{value}'"
    if kind == "DateTime":
        return None if _STAMP.fullmatch(str(value)) else f"Invalid date and time '{value}'"
    if kind in ("URL", "HTML"):
        return None if isinstance(value, str) else f"{kind} must be a string, not {value!r}"
    return None


def _error(message: str, code: str, path: list[str | int]) -> Error:
    return {"message": message, "path": path, "extensions": {"code": code}}


def idempotency_key(info: Info) -> str:
    """The key of `@idempotent`, which the schema does not demand and the shop does (2026-04)."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    if given is None:
        raise api_error("The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST")
    key = str(given["key"]).strip()
    if not key or len(key) > 255:
        raise api_error("The key of @idempotent must have 1 to 255 characters.", "BAD_REQUEST")
    return key
