"""Google's error body: `{error: {code, message, status, details}}`.

Source: google.rpc.Status and ErrorInfo, developers.google.com/merchant/api, "Handle errors".
"""

from __future__ import annotations

from collections.abc import Sequence

from channels.sandbox.http import Reply, json_reply

_STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
}


class Failed(Exception):
    """A call that changes nothing. `fault`: the client broke the contract, record it."""

    def __init__(
        self,
        status: str,
        message: str,
        *,
        reason: str = "",
        fields: Sequence[tuple[str, str]] = (),
        fault: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or status.lower()
        self.fields = fields
        self.fault = fault


def error_reply(failed: Failed) -> Reply:
    code = _STATUS[failed.status]
    details: list[dict[str, object]] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": failed.reason,
            "domain": "merchantapi.googleapis.com",
        }
    ]
    if failed.fields:
        violations = [{"field": name, "description": text} for name, text in failed.fields]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    error = {"code": code, "message": failed.message, "status": failed.status, "details": details}
    return json_reply(code, {"error": error})
