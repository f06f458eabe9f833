"""Bulk operations: one mutation for each line of an uploaded file, five at a time, told when they are done.

Rules: shopify.dev "Bulk import data" (five at a time since 2026-01, 100 MB, one connection) and the user errors that
the shop answers with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, GraphQLSyntaxError, OperationDefinitionNode, parse
from graphql.language import DocumentNode, SelectionSetNode

from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    UserError,
    answers,
    connection,
    mutation,
    number_of,
    user_error,
)
from channels.sandbox.shopify.staged import LARGEST_BULK_FILE, staged_file
from channels.sandbox.store import Document, Store

AT_ONCE = 5
RESULTS = "/bulk/"
LONGEST_MUTATION = 65_535
_SHORTEST_NAME, _LONGEST_NAME = 10, 255
_UNDER_WAY = ("CREATED", "RUNNING", "CANCELING")
_NOT_IN_BULK = ("bulkOperationRunMutation", "bulkOperationRunQuery", "bulkOperationCancel", "stagedUploadsCreate")
_NO_FILE = (
    "The JSONL file could not be found. Try uploading the file again, and check that you've entered the URL correctly "
    "for the stagedUploadPath mutation argument."
)


@mutation("bulkOperationRunMutation", "bulkOperation")
def run_mutation(_: Any, info: Info, args: Arguments) -> Document:
    """In the shop's order: the mutation itself, the file, then how many are under way."""
    context: Context = info.context
    text = args["mutation"]
    problem = _mutation_problem(text) or _name_problem(args.get("clientIdentifier"))
    if problem is not None:
        context.record.violate(problem["code"] or "INVALID", f"bulkOperationRunMutation: {problem['message']}")
        raise Refused(problem)
    found = staged_file(context.store, args["stagedUploadPath"])
    if found is None or found["resource"] != "BULK_MUTATION_VARIABLES":
        raise Refused(user_error(None, _NO_FILE, "NO_SUCH_FILE"))
    if not found["bytes"]:
        raise Refused(user_error(None, "The input file is empty.", "INVALID_STAGED_UPLOAD_FILE"))
    if found["bytes"] > LARGEST_BULK_FILE:
        raise Refused(user_error(None, "The input file is too large.", "INVALID_STAGED_UPLOAD_FILE"))
    running = [each["id"] for each in under_way(context.store)]
    if len(running) >= AT_ONCE:
        message = f"A bulk mutation operation for this app and shop is already in progress: {', '.join(running)}."
        raise Refused(user_error(None, message, "OPERATION_IN_PROGRESS"))
    operation: Document = {
        "__typename": "BulkOperation",
        "id": context.new_id("BulkOperation"),
        "status": "CREATED",
        "type": "MUTATION",
        "errorCode": None,
        "createdAt": context.stamp,
        "completedAt": None,
        "objectCount": "0",
        "rootObjectCount": "0",
        "fileSize": None,
        "query": text,
        "_path": args["stagedUploadPath"],
        "_done": 0,
        "_origin": context.origin,
    }
    context.store.put("bulk", operation["id"], operation)
    context.record.effect("bulk.created", operation["id"])
    return {"bulkOperation": operation, "userErrors": []}


@mutation("bulkOperationCancel", "bulkOperation")
def cancel(_: Any, info: Info, args: Arguments) -> Document:
    found = info.context.store.get("bulk", args["id"])
    if found is None:
        raise Refused(user_error(["id"], "Bulk operation does not exist"))
    if found["status"] not in _UNDER_WAY:
        message = f"A bulk operation cannot be canceled when it is {found['status'].lower()}"
        raise Refused(user_error(None, message))
    found["status"] = "CANCELING"
    info.context.store.put("bulk", found["id"], found)
    return {"bulkOperation": found, "userErrors": []}


@answers("QueryRoot", "bulkOperation")
def bulk_operation(_: object, info: Info, args: Arguments) -> Document | None:
    found: Document | None = info.context.store.get("bulk", args["id"])
    return found


@answers("QueryRoot", "bulkOperations")
def bulk_operations(_: object, info: Info, args: Arguments) -> Document:
    """Newest first. Of the search only the terms that the connector uses are understood."""
    every = list(reversed(info.context.store.all("bulk")))
    for term in str(args.get("query") or "").split():
        name, _sep, wanted = term.partition(":")
        if name == "operation_type":
            every = [each for each in every if each["type"].lower() == wanted]
        elif name == "status":
            every = [each for each in every if each["status"].lower() == wanted]
    return connection(every, args)


@answers("BulkOperation", "url")
def url(source: Document, info: Info, args: Arguments) -> str | None:
    return _result_address(source) if source["status"] == "COMPLETED" and source["_done"] else None


@answers("BulkOperation", "partialDataUrl")
def partial_data_url(source: Document, info: Info, args: Arguments) -> str | None:
    return _result_address(source) if source["status"] in ("FAILED", "CANCELED") and source["_done"] else None


def _result_address(source: Document) -> str:
    return f"{source['_origin']}/shopify{RESULTS}{number_of(source['id'])}.jsonl"


def under_way(store: Store) -> list[Document]:
    return [each for each in store.all("bulk") if each["status"] in _UNDER_WAY]


def results(store: Store, call: Call, record: Record) -> Reply:
    """The file of results, a line each."""
    record.operation = "bulk_result"
    number = call.path.removeprefix(RESULTS).removesuffix(".jsonl")
    operation = store.get("bulk", f"gid://shopify/BulkOperation/{number}")
    if operation is None:
        return json_reply(404, {"error": "NoSuchKey"})
    rows = store.children("bulk_row", operation["id"])
    body = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return Reply(200, body.encode(), content_type="application/jsonl")


# ---- what a mutation in bulk may be ------------------------------------------------------------------


def _mutation_problem(text: str) -> UserError | None:
    size = len(text.encode())
    if size > LONGEST_MUTATION:
        message = f"is too large ({size} bytes; maximum is {LONGEST_MUTATION} bytes)"
        return user_error(["query"], message, "INVALID_MUTATION")
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        place = error.locations[0] if error.locations else None
        at = f" at [{place.line}, {place.column}]" if place else ""
        message = f"Failed to parse the mutation - syntax error, unexpected end of file{at}"
        return user_error(None, message, "INVALID_MUTATION")
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    if operation.operation.value != "mutation":
        message = "Invalid operation type. Only `mutation` operations are supported."
        return user_error(None, message, "INVALID_MUTATION")
    roots = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    if len(roots) != 1:
        return user_error(["mutation"], "You must specify a single top level mutation.")
    if roots[0].name.value in _NOT_IN_BULK:
        return user_error(["mutation"], "You must use an allowed mutation name.")
    if sum(1 for _ in _connections(roots[0], document)) > 1:
        return user_error(["mutation"], "Bulk mutations cannot contain more than 1 connection.")
    return None


def _connections(node: FieldNode, document: DocumentNode) -> Iterator[FieldNode]:
    if any(argument.name.value in ("first", "last") for argument in node.arguments or ()):
        yield node
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for child in _fields(node.selection_set, fragments):
        yield from _connections(child, document)


def _fields(selections: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    for child in selections.selections if selections else ():
        if isinstance(child, FieldNode):
            yield child
            continue
        inner = getattr(child, "selection_set", None)
        yield from _fields(inner or fragments[child.name.value].selection_set, fragments)  # type: ignore[attr-defined]


def _name_problem(name: str | None) -> UserError | None:
    if name is not None and len(name) < _SHORTEST_NAME:
        message = f"is too short (minimum is {_SHORTEST_NAME} characters)"
        return user_error(["clientIdentifier"], message, "INVALID_MUTATION")
    if name is not None and len(name) > _LONGEST_NAME:
        message = f"is too long (maximum is {_LONGEST_NAME} characters)"
        return user_error(["clientIdentifier"], message, "INVALID_MUTATION")
    return None
