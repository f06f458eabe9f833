"""What Google's refusals mean: tables from status, reason and words to a verdict.

Sources: google.rpc.Code and ErrorInfo; "Handle errors" and "Quotas and limits" of the Merchant API
(developers.google.com/merchant/api). A repeated insert or delete does no harm, so whatever may have
been lost on the way is simply tried again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from channels.connectors.outcome import Verdict
from pimhub.foundation.jsonvalue import JSON

INSERT, PATCH, DELETE = "productInputs.insert", "productInputs.patch", "productInputs.delete"

# ---- `error.details[].reason` --------------------------------------------------------------------

REASONS: Mapping[str, Verdict] = {
    "quota/request_rate_too_high": Verdict.THROTTLED,
    "quota/daily_limit_exceeded": Verdict.QUOTA,
    "RATE_LIMIT_EXCEEDED": Verdict.THROTTLED,
    "version_number_too_low": Verdict.SUPERSEDED,
    "data_source_not_found": Verdict.CONFIG,
    "data_source_mismatch": Verdict.CONFIG,
    "GCP_NOT_REGISTERED": Verdict.CONFIG,
    "too_many_items": Verdict.CONFIG,  # the account's limit of offers: only its owner can raise it
}

# ---- `error.status` with its words: the first row that holds decides -----------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """`words` is a pattern found anywhere in the message, in any case; "" holds always."""

    status: str
    verdict: Verdict
    words: str = ""

    def holds(self, status: str, message: str) -> bool:
        return self.status == status and (not self.words or re.search(self.words, message, re.IGNORECASE) is not None)


STATUSES: Sequence[Row] = (
    Row("ABORTED", Verdict.SUPERSEDED, r"version"),
    Row("ABORTED", Verdict.TRANSIENT),  # two calls for the same offer at once
    Row("NOT_FOUND", Verdict.CONFIG),  # of an insert: no such data source, or no such account
    Row("INVALID_ARGUMENT", Verdict.CONTRACT, r"invalid json|unknown name|cannot bind|output only"),
    Row("INVALID_ARGUMENT", Verdict.CONFIG, r"data ?source|\[account\]"),
    Row("INVALID_ARGUMENT", Verdict.REJECTED),
    Row("FAILED_PRECONDITION", Verdict.CONFIG, r"data ?source|account|registered"),
    Row("FAILED_PRECONDITION", Verdict.REJECTED),
    Row("OUT_OF_RANGE", Verdict.REJECTED),
    Row("ALREADY_EXISTS", Verdict.REJECTED),
    Row("RESOURCE_EXHAUSTED", Verdict.QUOTA, r"per day|daily"),
    Row("RESOURCE_EXHAUSTED", Verdict.THROTTLED),
    Row("PERMISSION_DENIED", Verdict.AUTH),
    Row("UNAUTHENTICATED", Verdict.AUTH),
    Row("UNIMPLEMENTED", Verdict.CONTRACT),
    Row("INTERNAL", Verdict.TRANSIENT),
    Row("UNAVAILABLE", Verdict.TRANSIENT),
    Row("DEADLINE_EXCEEDED", Verdict.TRANSIENT),
    Row("CANCELLED", Verdict.TRANSIENT),
    Row("UNKNOWN", Verdict.TRANSIENT),
    Row("DATA_LOSS", Verdict.TRANSIENT),
)

# ---- HTTP status, asked only when the body is none of Google's -----------------------------------

HTTP: Mapping[int, Verdict] = {
    401: Verdict.AUTH,
    403: Verdict.AUTH,
    404: Verdict.CONFIG,  # no such API at this address
    408: Verdict.TRANSIENT,
    409: Verdict.TRANSIENT,
    410: Verdict.CONFIG,  # this version of the API has ended
    429: Verdict.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Google's error body, read. `fields` are (path, what is wrong there)."""

    status: str
    message: str
    reasons: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = field(default=())
    retry_after: float | None = None  # seconds


def refusal(body: Mapping[str, JSON] | None) -> Refusal | None:
    """The refusal in an answer; None when the body holds none in Google's form."""
    error = (body or {}).get("error")
    if not isinstance(error, Mapping) or not error.get("status"):
        return None
    details = [d for d in error.get("details") or () if isinstance(d, Mapping)]
    delays = [str(d["retryDelay"]).removesuffix("s") for d in details if d.get("retryDelay")]
    return Refusal(
        status=str(error["status"]),
        message=str(error.get("message") or error["status"]),
        reasons=tuple(str(d["reason"]) for d in details if d.get("reason")),
        fields=tuple(
            (str(v.get("field") or ""), str(v.get("description") or ""))
            for d in details
            for v in d.get("fieldViolations") or ()
        ),
        retry_after=float(delays[0]) if delays and re.fullmatch(r"[0-9.]+", delays[0]) else None,
    )


def meaning(operation: str, found: Refusal) -> Verdict:
    if operation == DELETE and found.status == "NOT_FOUND":
        return Verdict.ACCEPTED  # whatever is missing, the offer is not there: that was wanted
    for reason in found.reasons:
        if reason in REASONS:
            return REASONS[reason]
    if operation == PATCH and found.status == "NOT_FOUND":
        return Verdict.GONE  # the offer that was to be patched is no more: it is inserted anew
    for row in STATUSES:
        if row.holds(found.status, found.message):
            return row.verdict
    return Verdict.TRANSIENT


def meaning_of_http(status: int) -> Verdict:
    if status in HTTP:
        return HTTP[status]
    return Verdict.CONTRACT if 400 <= status < 500 else Verdict.TRANSIENT
