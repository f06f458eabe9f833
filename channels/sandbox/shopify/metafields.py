"""Metafields and their definitions, and the custom ids built on them.

Rules: shopify.dev "Working with custom IDs", "Metafield data types", MetafieldDefinitionInput.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    connection,
    mutation,
    refuse_unsupported,
    user_error,
)
from channels.sandbox.store import Document
from channels.sandbox.world import APP_NAMESPACE

_KEY = re.compile(r"[\w-]+", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SIMPLE_TYPES = {
    "single_line_text_field": re.compile(r"[^\r\n]+"),
    "multi_line_text_field": re.compile(r".+", re.S),
    "id": re.compile(r"[^\r\n]{1,255}"),
    "number_integer": re.compile(r"-?\d{1,16}"),
    "number_decimal": _NUMBER,
    "boolean": re.compile(r"true|false"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date_time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"),
    "url": re.compile(r"(https?|mailto|sms|tel):\S+"),
    "color": re.compile(r"#[0-9a-fA-F]{6}"),
}
_JSON_TYPES = frozenset({"json", "rich_text_field", "dimension", "volume", "weight", "money", "rating", "link"})
_REFERENCE_TYPES = frozenset(
    f"{name}_reference" for name in ("product", "variant", "file", "collection", "page", "metaobject", "mixed")
)
_UNIQUE_TYPES = frozenset({"id", "single_line_text_field", "url", "number_integer"})
_DEFINITION_INPUTS = frozenset(
    {"key", "name", "namespace", "ownerType", "type", "description", "pin", "capabilities", "access"}
    | {"useAsCollectionCondition"}
)


def namespace_of(given: str | None) -> str:
    """`$app` and an omitted namespace are the app's own; `$app:x` is a room within it."""
    if given is None or given == "$app":
        return APP_NAMESPACE
    return f"{APP_NAMESPACE}--{given[5:]}" if given.startswith("$app:") else given


def definition_of(context: Context, owner: str, namespace: str, key: str) -> Document | None:
    return context.store.get("definition", f"{owner}/{namespace}/{key}")


def write_metafields(
    context: Context,
    existing: Sequence[Document],
    inputs: Sequence[Arguments],
    *,
    owner: str,
    field: Sequence[str | int],
    replace: bool,
) -> list[Document]:
    """The metafields after the write: `replace` drops those not listed, else they stay.

    `owner` is PRODUCT or PRODUCTVARIANT. Raises Refused for values their type does not allow.
    """
    before = {(item["namespace"], item["key"]): item for item in existing}
    after = {} if replace else dict(before)
    for index, given in enumerate(inputs):
        where = [*field, index]
        if given.get("key") is None:
            raise Refused(user_error([*where, "key"], "Key can't be blank", "INVALID_METAFIELD"))
        place = (namespace_of(given.get("namespace")), given["key"])
        old = before.get(place)
        kind = _type(context, given, old, owner, place, where)
        value = given.get("value")
        if problem := value_problem(kind, value):
            raise Refused(user_error([*where, "value"], problem, "INVALID_METAFIELD"))
        if old is not None and (old["value"], old["type"]) == (value, kind):
            after[place] = old
            continue
        after[place] = {
            "id": old["id"] if old else context.new_id("Metafield"),
            "namespace": place[0],
            "key": place[1],
            "type": kind,
            "value": value,
            "ownerType": owner,
            "createdAt": old["createdAt"] if old else context.stamp,
            "updatedAt": context.stamp,
        }
    return list(after.values())


def _type(
    context: Context,
    given: Arguments,
    old: Document | None,
    owner: str,
    place: tuple[str, str],
    where: Sequence[str | int],
) -> str:
    definition = definition_of(context, owner, *place)
    kind = given.get("type")
    if definition is not None:
        if kind not in (None, definition["_type"]):
            message = f"Type '{kind}' must be consistent with the definition's type: '{definition['_type']}'."
            raise Refused(user_error([*where, "type"], message, "INVALID_METAFIELD"))
        return str(definition["_type"])
    if kind is None and old is None:
        raise Refused(user_error([*where, "type"], "Type can't be blank", "INVALID_METAFIELD"))
    return str(kind if kind is not None else old["type"])  # type: ignore[index]


def value_problem(kind: str, value: Any) -> str | None:
    """Why a metafield of type `kind` cannot hold the text `value`; None when it can."""
    if not known_type(kind):
        return f"Type {kind!r} is not a metafield type."
    if not isinstance(value, str) or value == "":
        return "Value can't be blank."
    if kind.startswith("list."):
        return _list_problem(kind.removeprefix("list."), value)
    if kind in _SIMPLE_TYPES:
        return None if _SIMPLE_TYPES[kind].fullmatch(value) else f"Value {value!r} is no {kind}."
    if kind in _REFERENCE_TYPES:
        return None if value.startswith("gid://shopify/") else f"Value {value!r} is no {kind}."
    try:
        json.loads(value)
    except ValueError:
        return f"Value must be valid JSON for type {kind}."
    return None


def _list_problem(kind: str, value: str) -> str | None:
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list):
        return f"Value must be a JSON array for type list.{kind}."
    texts = (item if isinstance(item, str) else json.dumps(item) for item in items)
    return next((problem for text in texts if (problem := value_problem(kind, text))), None)


def known_type(kind: str) -> bool:
    base = kind.removeprefix("list.")
    return base in _SIMPLE_TYPES or base in _JSON_TYPES or base in _REFERENCE_TYPES


def check_unique(context: Context, product: Document) -> None:
    """Refuse a value that another product holds in a metafield with unique values."""
    for item in product["_metafields"]:
        definition = definition_of(context, "PRODUCT", item["namespace"], item["key"])
        if definition is None or not definition["_unique"]:
            continue
        other = find_by_metafield(context, item["namespace"], item["key"], item["value"])
        if other is not None and other["id"] != product["id"]:
            message = f"Value '{item['value']}' is already assigned to another metafield and must be unique."
            raise Refused(user_error(["input", "metafields"], message, "CAPABILITY_VIOLATION"))


def find_by_metafield(context: Context, namespace: str, key: str, value: str) -> Document | None:
    held = context.store.get("custom_id", f"{namespace}/{key}/{value}")
    return context.store.get("product", held["product"]) if held else None


def index_custom_ids(context: Context, before: Document | None, after: Document | None) -> None:
    """Keep the look-up from custom id to product; products may be many."""
    for product, put in ((before, False), (after, True)):
        for item in product["_metafields"] if product else ():
            place = f"{item['namespace']}/{item['key']}/{item['value']}"
            definition = definition_of(context, "PRODUCT", item["namespace"], item["key"])
            if definition is not None and definition["_unique"]:
                if put:
                    context.store.put("custom_id", place, {"product": product["id"]})  # type: ignore[index]
                else:
                    context.store.delete("custom_id", place)


@mutation("metafieldDefinitionCreate", "createdDefinition")
def create_definition(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    given = args["definition"]
    refuse_unsupported(given, _DEFINITION_INPUTS, "MetafieldDefinitionInput")
    namespace, key, owner = namespace_of(given.get("namespace")), given["key"], given["ownerType"]
    for name, value, least, most in (("namespace", namespace, 3, 255), ("key", key, 2, 64)):
        if len(value) < least:
            raise Refused(user_error(["definition", name], f"{name} is too short (minimum is {least})", "TOO_SHORT"))
        if len(value) > most:
            raise Refused(user_error(["definition", name], f"{name} is too long (maximum is {most})", "TOO_LONG"))
        if not _KEY.fullmatch(value):
            message = f"{name} contains one or more invalid characters."
            raise Refused(user_error(["definition", name], message, "INVALID_CHARACTER"))
    if not known_type(given["type"]):
        message = f"Type name {given['type']} is not a valid type."
        raise Refused(user_error(["definition", "type"], message, "INCLUSION"))
    if definition_of(context, owner, namespace, key) is not None:
        message = f"Key is in use for {owner} metafields on the '{namespace}' namespace."
        raise Refused(user_error(["definition", "key"], message, "TAKEN"))
    definition = _definition(context, given, owner, namespace, key)
    context.store.put("definition", f"{owner}/{namespace}/{key}", definition)
    if owner == "PRODUCT" and definition["_unique"]:
        for product in context.store.all("product"):
            index_custom_ids(context, None, product)
    context.record.effect("definition.created", definition["id"])
    return {"createdDefinition": definition, "userErrors": []}


def _definition(context: Context, given: Arguments, owner: str, namespace: str, key: str) -> Document:
    asked = bool(((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled"))
    if asked and given["type"] not in _UNIQUE_TYPES:
        message = "The capability unique_values is not valid for this definition."
        raise Refused(user_error(["definition"], message, "INVALID_CAPABILITY"))
    return {
        "__typename": "MetafieldDefinition",
        "id": context.new_id("MetafieldDefinition"),
        "name": given["name"],
        "namespace": namespace,
        "key": key,
        "ownerType": owner,
        "description": given.get("description"),
        "pinnedPosition": 1 if given.get("pin") else None,
        "validations": [],
        "validationStatus": "ALL_VALID",
        "_type": given["type"],
        # Definitions of type `id` hold unique values without being asked.
        "_unique": asked or given["type"] == "id",
    }


@answers("MetafieldDefinition", "type")
def definition_type(source: Document, info: Info, args: Arguments) -> Document:
    return {"name": source["_type"]}


@answers("MetafieldDefinition", "capabilities")
def definition_capabilities(source: Document, info: Info, args: Arguments) -> Document:
    return {"uniqueValues": {"enabled": source["_unique"], "eligible": source["_type"] in _UNIQUE_TYPES}}


@answers("QueryRoot", "metafieldDefinitions")
def definitions(_: Any, info: Info, args: Arguments) -> Document:
    refuse_unsupported(
        args,
        frozenset({"ownerType", "namespace", "key", "first", "last", "after", "before", "reverse"})
        | {"pinnedStatus", "sortKey"},
        "metafieldDefinitions",
    )
    found = [
        item
        for item in info.context.store.all("definition")
        if item["ownerType"] == args["ownerType"]
        and ("namespace" not in args or item["namespace"] == namespace_of(args["namespace"]))
        and ("key" not in args or item["key"] == args["key"])
    ]
    return connection(found, args)
