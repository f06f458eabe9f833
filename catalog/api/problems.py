"""Errors as problem details (RFC 9457): what, where, the value given, and what would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from catalog.products.changes import ChangeError
from catalog.products.wire import BadForm
from catalog.structure.problems import CannotBe
from pimhub.foundation.jsonvalue import JSON

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "Sign in",
    403: "A right is missing",
    404: "There is no such thing",
    405: "This cannot be done here",
    406: "No such representation",
    409: "It collides with the present state",
    410: "No longer there",
    412: "It was changed meanwhile",
    413: "Too much at once",
    415: "This media type is not read",
    422: "What was sent cannot be",
    429: "Too many calls",
    500: "Our mistake",
    503: "Not now",
}


class Problem(exceptions.APIException):
    """An answer other than success. `errors` are {key, code, message, …} of single places."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Iterable[dict[str, JSON]] = (),
        headers: dict[str, str] | None = None,
        **more: JSON,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.text = detail
        self.errors = list(errors)
        self.headers = headers or {}
        self.more = more


def told(error: ChangeError) -> dict[str, JSON]:
    """An error of the write door as the API says it."""
    found: dict[str, JSON] = {"key": error.key, "code": error.code, "message": error.message}
    found |= {"sku": error.sku} if error.sku else {}
    found |= {"value": error.value} if error.value else {}
    return found | {"current": error.current} if error.code == "conflict" else found


# Codes of the write door that are no bad input but a collision.
COLLISIONS = {
    "conflict": 409,
    "exists": 409,
    "version_changed": 412,
    "in_trash": 409,
    "in_use": 409,
    "forbidden": 403,
    "owned": 403,
}


def status_of(errors: Iterable[ChangeError]) -> int:
    """The HTTP status that a refused change gets."""
    codes = [COLLISIONS.get(e.code, 422) for e in errors]
    return min(codes, default=422) if codes and 422 not in codes else 422


def status_of_form(error: BadForm) -> int:
    """The HTTP status of what cannot even be read as what it should be."""
    code = error.errors[0].code
    unreadable = ("not_json", "not_utf8", "too_deep", "key_twice", "bad_character")
    return 413 if code == "too_large" else 400 if code in unreadable else status_of(error.errors)


def refused(errors: list[ChangeError], detail: str = "") -> Problem:
    """The problem that a refused change of one product is."""
    status = status_of(errors)
    return Problem(
        status,
        errors[0].code if len({e.code for e in errors}) == 1 else "refused",
        detail or "; ".join(e.message for e in errors[:3]),
        errors=[told(e) for e in errors],
    )


def body(
    status: int, code: str, detail: str, *, errors: Iterable[dict[str, JSON]] = (), **more: JSON
) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "type": f"urn:pimhub:problem:{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return found | {"errors": list(errors)} | more


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal has the one form; None leaves real faults to the log and a 500."""
    if isinstance(error, Http404):
        error = Problem(404, "not_found", str(error) or "There is no such thing.")
    elif isinstance(error, DjangoPermissionDenied):
        error = Problem(403, "forbidden", str(error) or "You do not have the right to do this.")
    elif isinstance(error, BadForm):
        first, told_all = error.errors[0], [told(e) for e in error.errors]
        error = Problem(status_of_form(error), first.code, first.message, errors=told_all)
    elif isinstance(error, RequestDataTooBig):
        text = (
            "With an Idempotency-Key, a body has at most as many bytes as memory holds. Send it without, or in parts."
        )
        error = Problem(413, "too_large", text)
    elif isinstance(error, SuspiciousOperation):
        error = Problem(400, "bad_request", "This request cannot be read.")
    elif isinstance(error, CannotBe):
        status = 409 if any(w.code in ("in_use", "in_trash") for w in error.wrong) else 422
        wrong: list[dict[str, JSON]] = [{"key": w.field, "code": w.code, "message": w.message} for w in error.wrong]
        error = Problem(status, error.wrong[0].code, str(error), errors=wrong)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers = dict(getattr(error, "headers", {}))
    if sign_in := getattr(error, "auth_header", ""):  # set by DRF
        headers["WWW-Authenticate"] = sign_in
    if isinstance(error, Problem):
        data = body(error.status_code, error.code, error.text, errors=error.errors, **error.more)
    else:
        data = body(error.status_code, _code(error), _detail(error), errors=flat_errors(error))
    response = Response(data, status=error.status_code, headers=headers)
    response["Content-Type"] = response.content_type = CONTENT_TYPE
    return response


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _detail(error: exceptions.APIException) -> str:
    if isinstance(error.detail, str):
        return str(error.detail)
    return "; ".join(f"{e['key']}: {e['message']}" if e["key"] else str(e["message"]) for e in flat_errors(error)[:3])


def flat_errors(error: exceptions.APIException) -> list[dict[str, JSON]]:
    """The errors of a serializer, flat: {key, code, message} each."""
    if not isinstance(error, exceptions.ValidationError):
        return []
    found: list[dict[str, JSON]] = []

    def walk(detail: JSON, key: str) -> None:
        if isinstance(detail, dict):
            for name, inner in detail.items():
                walk(inner, "" if name == "non_field_errors" else f"{key}.{name}".lstrip("."))
        elif isinstance(detail, list):
            for i, inner in enumerate(detail):
                walk(inner, key if isinstance(inner, str) else f"{key}[{i}]")
        else:
            found.append({"key": key, "code": getattr(detail, "code", "invalid"), "message": str(detail)})

    walk(error.detail, "")
    return found
