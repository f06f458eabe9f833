"""Amazon's error body, `{errors: [{code, message, details}]}`, and the headers of every answer."""

from __future__ import annotations

import uuid

from channels.sandbox.http import Reply, json_reply


class Failed(Exception):
    """A call that changes nothing. `fault`: the client broke the contract, record it."""

    def __init__(self, status: int, code: str, message: str, *, details: str = "", fault: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.fault = fault


def error_reply(failed: Failed) -> Reply:
    error = {"code": failed.code, "message": failed.message, "details": failed.details}
    return json_reply(failed.status, {"errors": [error]}, x_amzn_RequestId=str(uuid.uuid4()))


def bad(message: str, *, details: str = "", fault: bool = True) -> Failed:
    return Failed(400, "InvalidInput", message, details=details, fault=fault)
