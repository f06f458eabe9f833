"""The schema wall: the official schema parses, validates and executes every request.

Errors take the shapes of the vendor (`extensions.code`, `problems`), see shopify.dev, "Errors".
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.language import SelectionSetNode
from graphql.pyutils import Undefined, inspect
from graphql.utilities import validate_input_value

from channels.connectors.shopify import schema as shopify_schema
from channels.sandbox.shopify.graph import Arguments, Context, resolve

log = logging.getLogger(__name__)

Error = dict[str, Any]

_building = threading.Lock()


class Illegal(Exception):
    """The request never reaches the shop. `errors` are in the vendor's shape."""

    def __init__(self, errors: list[Error]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Root:
    """One field of the operation itself, e.g. `productSet`, with its coerced arguments."""

    name: str
    node: FieldNode
    definition: GraphQLField
    args: Arguments


@dataclass(frozen=True, slots=True)
class Request:
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    values: VariableValues
    roots: tuple[Root, ...]

    @property
    def mutates(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


def official_schema() -> GraphQLSchema:
    """The official schema; threads that ask while it is built wait instead of building another."""
    with _building:
        return shopify_schema.official_schema()


def read_request(query: str, variables: dict[str, Any], operation_name: str | None) -> Request:
    """Everything that the official schema can say before anything happens. Raises Illegal."""
    schema = official_schema()
    document, errors = _document(query)
    if document is None or errors:
        raise Illegal(list(errors))
    operation = _operation(document, operation_name)
    _check_variables(schema, operation, variables)
    values = get_variable_values(schema, operation.variable_definitions or (), variables)
    if isinstance(values, list):
        raise Illegal([_plain(error, "INVALID_VARIABLE") for error in values])
    return Request(document, operation, variables, values, _roots(schema, document, operation, values))


def run(request: Request, context: Context) -> tuple[dict[str, Any] | None, list[Error]]:
    """Execute on the store. Non-null result fields are enforced by the schema itself."""
    result = execute_sync(
        official_schema(),
        request.document,
        context_value=context,
        variable_values=request.variables,
        operation_name=request.operation.name.value if request.operation.name else None,
        field_resolver=resolve,
    )
    return result.data, [_executed(error, context) for error in result.errors or []]


@functools.lru_cache(maxsize=512)
def _document(query: str) -> tuple[DocumentNode | None, tuple[Error, ...]]:
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, (_plain(error, "PARSE_ERROR"),)
    schema = official_schema()
    return document, tuple(_invalid(error) for error in validate(schema, document, hide_suggestions=True))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        found = [node for node in found if node.name and node.name.value == name]
    if len(found) != 1:
        message = f"No operation named {name!r}" if name else "An operation name is required"
        raise Illegal([{"message": message, "extensions": {"code": "BAD_REQUEST"}}])
    return found[0]


def _check_variables(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, Any]) -> None:
    errors = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind: Any = type_from_ast(schema, definition.type)
        value = variables.get(name, Undefined)
        if value is Undefined and definition.default_value is not None:
            continue
        problems: list[dict[str, Any]] = []
        if value is Undefined:
            if str(kind).endswith("!"):
                problems.append({"path": [], "explanation": "Expected value to not be null"})
        else:
            validate_input_value(value, kind, functools.partial(_note, problems), hide_suggestions=True)
        if problems:
            told = ", ".join(
                f"{'.'.join(map(str, problem['path']))} ({problem['explanation']})".strip() for problem in problems
            )
            extensions = {
                "code": "INVALID_VARIABLE",
                "value": None if value is Undefined else value,
                "problems": problems,
            }
            message = f"Variable ${name} of type {kind} was provided invalid value for {told}"
            errors.append({"message": message, "locations": _locations(definition), "extensions": extensions})
    if errors:
        raise Illegal(errors)


def _note(problems: list[dict[str, Any]], error: GraphQLError, path: list[str | int]) -> None:
    """The vendor points at the field itself where graphql-core points at the object around it."""
    place, told = list(path), error.message
    if found := re.match(r"Expected value of type '(\w+)' not to include unknown field '(\w+)'", told):
        place, told = [*place, found[2]], f"Field is not defined on {found[1]}"
    elif found := re.match(r"Expected value of type '\w+' to include required field '(\w+)'", told):
        place, told = [*place, found[1]], "Expected value to not be null"
    problems.append({"path": place, "explanation": told})


def _roots(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    values: VariableValues,
) -> tuple[Root, ...]:
    kind = schema.get_root_type(operation.operation)
    assert kind is not None
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def fields(selections: SelectionSetNode) -> list[FieldNode]:
        found: list[FieldNode] = []
        for node in selections.selections:
            if isinstance(node, FieldNode):
                found.append(node)
            elif (inner := getattr(node, "selection_set", None)) is not None:
                found += fields(inner)
            else:
                found += fields(fragments[node.name.value].selection_set)  # type: ignore[attr-defined]
        return found

    roots = []
    for node in fields(operation.selection_set):
        definition = kind.fields.get(node.name.value)
        if definition is not None:  # absent for __typename
            try:
                args = get_argument_values(definition, node, values)
            except GraphQLError as error:
                raise Illegal([_plain(error, "argumentLiteralsIncompatible")]) from error
            roots.append(Root(node.name.value, node, definition, args))
    return tuple(roots)


def _invalid(error: GraphQLError) -> Error:
    """An error of document validation under the vendor's code."""
    message = error.message
    if found := re.match(r"Cannot query field '(\w+)' on type '(\w+)'", message):
        field, kind = found[1], found[2]
        extensions = {"code": "undefinedField", "typeName": kind, "fieldName": field}
        text = f"Field '{field}' doesn't exist on type '{kind}'"
        return {"message": text, "locations": _places(error), "extensions": extensions}
    if found := re.match(r"Unknown argument '(\w+)' on field '(?:\w+\.)?(\w+)'", message):
        extensions = {"code": "argumentNotAccepted", "name": found[2], "argumentName": found[1]}
        text = f"Field '{found[2]}' doesn't accept argument '{found[1]}'"
        return {"message": text, "locations": _places(error), "extensions": extensions}
    codes = (
        (
            r"Argument '.*' of type '.*' is required|Field .* argument .* is required",
            "missingRequiredArguments",
        ),
        (r"Unknown type", "undefinedType"),
        (r"Unknown directive", "undefinedDirective"),
        (r"Variable '.*' of type", "variableMismatch"),
        (r"Variable '.*' is not defined", "variableNotDefined"),
        (r"Variable '.*' is never used", "variableNotUsed"),
        (r"Field '.*' of type '.*' must have a selection", "selectionMismatch"),
    )
    code = next((code for pattern, code in codes if re.match(pattern, message)), "argumentLiteralsIncompatible")
    return _plain(error, code)


def _executed(error: GraphQLError, context: Context) -> Error:
    code = (error.extensions or {}).get("code")
    if code is None:
        # Not one of ours: the sandbox broke or would have answered against the schema.
        log.error("sandbox failure in %s", inspect(error.path), exc_info=error.original_error or error)
        code = "INTERNAL_SERVER_ERROR"
    context.record.violate(str(code), error.message)
    return _plain(error, str(code)) | ({"path": error.path} if error.path else {})


def _plain(error: GraphQLError, code: str) -> Error:
    return {"message": error.message, "locations": _places(error), "extensions": {"code": code}}


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or []]


def _locations(node: Any) -> list[dict[str, int]]:
    token = node.loc.start_token if node.loc else None
    return [{"line": token.line, "column": token.column}] if token else []
