"""The OpenAPI 3.1 document, from the code: what views declare, and the answers that all have in common."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

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
    """Names operations and groups them by resource; leaves the shapes to the views."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "resource", "api")]

    def get_auth(self) -> list[dict[str, list[str]]]:
        if not getattr(self.view, "authentication_classes", ()):
            return []
        return [{"token": []}]

    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular asks without arguments
        method = getattr(self.view, self.method.lower(), None)
        return (method.__doc__ if method else None) or type(self.view).__doc__ or ""


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what every operation has: problem answers, the sign-in, the header that makes repeats safe."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            answers = dict(ALWAYS) | (GUARDED if operation.get("security") else {})
            answers |= NAMED if "{" in path or method == "get" else {}
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
