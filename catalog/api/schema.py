"""The OpenAPI 3.1 document, from the code: what views declare, and the answers that all have in common."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import BaseSerializer

from catalog.api.describe import parameters
from pimhub.foundation.jsonvalue import JSON

PROBLEM: JSON = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "for machines; stays the same"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "key": {"type": "string", "description": "value key, part, or place in the body"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "sku": {"type": "string"},
                    "value": {"type": "string", "description": "as it was given"},
                },
                "required": ["key", "code", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "errors"],
}
ALWAYS = {"400": "cannot be read", "401": "sign in", "406": "no such representation", "429": "too many calls"}
GUARDED = {"403": "a right or scope is missing"}
NAMED = {"404": "there is no such thing"}
UNSAFE = {
    "409": "collides with the present state",
    "412": "changed meanwhile",
    "413": "too much at once",
    "415": "media type not read",
    "422": "cannot be",
}
IDEMPOTENCY: JSON = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and call give the same answer for 24 hours; another call with it is a 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class Schema(AutoSchema):
    """Takes an operation from what its view says of itself (`describe.Op`); serializers become components."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        op = self.view.operation(method.upper()) if hasattr(self.view, "operation") else None
        if not operation or op is None:
            return operation
        in_path = [p for p in operation.get("parameters", []) if p["in"] == "path"]
        operation["parameters"] = [*in_path, *parameters(op)]
        operation.pop("requestBody", None)
        if op.body is not None:
            content = {op.body_type: {"schema": self._shape(op.body, "request")}}
            operation["requestBody"] = {"required": True, "content": content}
        operation["responses"] = {}
        for status, shape in op.answers.items():
            answer: dict[str, Any] = {"description": ANSWERS.get(status, "Done")}
            if shape is not None:
                answer["content"] = {op.answer_type: {"schema": self._shape(shape, "response")}}
            operation["responses"][str(status)] = answer
        return operation

    def _shape(self, schema: Any, direction: Any) -> Any:
        """A copy with serializer classes in it resolved to their components."""
        if isinstance(schema, type) and issubclass(schema, BaseSerializer):
            serializer: Any = schema()
            return self.resolve_serializer(serializer, direction).ref
        if isinstance(schema, Mapping):
            return {key: self._shape(value, direction) for key, value in schema.items()}
        return [self._shape(each, direction) for each in schema] if isinstance(schema, list) else schema

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return None

    def get_operation_id(self) -> str:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self.view).__name__).lower()
        return f"{name}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "resource", "api")]

    def get_auth(self) -> list[dict[str, list[str]]]:
        if not getattr(self.view, "authentication_classes", ()):
            return []
        return [{"token": []}]

    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular asks without arguments
        method = getattr(self.view, self.method.lower(), None)
        return (method.__doc__ if method else None) or inspect.getdoc(type(self.view)) or ""


ANSWERS = {200: "Done", 201: "Made", 202: "Begun", 204: "Done; nothing to say"}


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what every operation has: problem answers, the sign-in, the header that makes repeats safe."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    nowhere = [path for path in result["paths"] if path.startswith("/api/{") or path == "/api/"]
    for path in nowhere:
        del result["paths"][path]  # the address of what there is not
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            answers = dict(ALWAYS) | (GUARDED if operation.get("security") else {})
            answers |= NAMED if "{" in path or method == "get" else {}
            if method == "get":
                operation["responses"].setdefault("304", {"description": "Not changed since `If-None-Match`"})
            answers |= {"410": "no longer kept"} if path.endswith("/events/") else {}
            if method != "get":
                answers |= UNSAFE
                operation.setdefault("parameters", []).append(IDEMPOTENCY)
            for status, words in answers.items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": words.capitalize(),
                        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                )
    return result
