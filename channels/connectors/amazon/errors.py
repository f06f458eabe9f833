"""What Amazon's refusals mean. A repeated put, patch or delete does no harm, so a lost answer is simply tried again.

Sources: the responses of the Swagger documents; developer-docs.amazon.com/sp-api, "Usage plans and rate limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.connectors.outcome import Verdict
from pimhub.foundation.jsonvalue import JSON

# `errors[].code`, asked first.
CODES: Mapping[str, Verdict] = {
    "QuotaExceeded": Verdict.THROTTLED,
    "Unauthorized": Verdict.AUTH,
    "InternalFailure": Verdict.TRANSIENT,
    "ServiceUnavailable": Verdict.TRANSIENT,
}

HTTP: Mapping[int, Verdict] = {
    400: Verdict.REJECTED,
    401: Verdict.AUTH,
    403: Verdict.AUTH,
    404: Verdict.GONE,  # of a write: the item is not there
    408: Verdict.TRANSIENT,
    413: Verdict.CONTRACT,
    415: Verdict.CONTRACT,
    429: Verdict.THROTTLED,
}

# Words of a 400 that are not the item's fault.
_CONFIG = ("marketplace", "sellerid", "seller id", "merchant")
_CONTRACT = ("path provided in patch", "malformed", "could not match input", "unrecognized field", "invalid json")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of Amazon's `errors`."""

    code: str
    message: str


def refusals(body: Mapping[str, JSON] | None) -> tuple[Refusal, ...]:
    given = (body or {}).get("errors")
    if not isinstance(given, list):
        return ()
    return tuple(
        Refusal(str(e.get("code") or ""), " ".join(str(e[n]) for n in ("message", "details") if e.get(n)))
        for e in given
        if isinstance(e, dict)
    )


def meaning(status: int, found: tuple[Refusal, ...]) -> Verdict:
    for refusal in found:
        if refusal.code in CODES:
            return CODES[refusal.code]
    words = " ".join(refusal.message for refusal in found).casefold()
    if status == 400 and any(word in words for word in _CONTRACT):
        return Verdict.CONTRACT
    if status == 400 and any(word in words for word in _CONFIG):
        return Verdict.CONFIG
    if status in HTTP:
        return HTTP[status]
    return Verdict.CONTRACT if 400 <= status < 500 else Verdict.TRANSIENT
