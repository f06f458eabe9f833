"""Shopify's own schema of the Admin API 2026-10, and checks against it.

`admin-2026-10.introspection.json.gz` is the unmodified introspection that Shopify ships in the npm
package `@shopify/dev-mcp` 1.16.0 (`dist/data/admin_2026-10.json.gz`), ISC licence, text alongside.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, build_client_schema, parse, validate
from graphql.execution.values import get_variable_values

from pimhub.foundation.jsonvalue import JSON

FILE = Path(__file__).with_name("admin-2026-10.introspection.json.gz")
SHA256 = "d7d1125fee471dfa305861b08f735ea36005b071b6870bbd99f6e2ef568928ae"

MAX_ERRORS = 50

_REPORT = re.compile(r"Variable '\$(?P<name>\w+)' has invalid value(?: at (?P<path>\S+))?: (?P<reason>.*)", re.DOTALL)


@cache
def official_schema() -> GraphQLSchema:
    """The schema, built once per process (about half a second and 90 MB).

    It is taken as valid: Shopify's own introspection breaks a few rules on deprecated arguments
    that graphql-core would refuse.
    """
    with gzip.open(FILE, "rb") as file:
        introspection = json.load(file)
    return build_client_schema(introspection["data"], assume_valid=True)


def check_document(document: str) -> list[str]:
    """What Shopify would refuse in a query, one sentence per error."""
    try:
        return [error.message for error in validate(official_schema(), parse(document))]
    except GraphQLError as error:
        return [error.message]


def check_variables(document: str, variables: Mapping[str, JSON]) -> list[str]:
    """What Shopify would refuse in the variables of `document`: "input.variants[0].price: why"."""
    [operation] = [node for node in parse(document).definitions if isinstance(node, OperationDefinitionNode)]
    found = get_variable_values(
        official_schema(), operation.variable_definitions or (), dict(variables), max_errors=MAX_ERRORS
    )
    if not isinstance(found, list):
        return []
    return [_sentence(error.message) for error in found]


def _sentence(message: str) -> str:
    report = _REPORT.fullmatch(message)
    if report is None:
        return message
    return f"{report['name']}{report['path'] or ''}: {report['reason']}"
