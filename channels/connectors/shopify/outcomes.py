"""What every interpretation of an answer ends with: the verdict on a call, in the one form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Outcome, Verdict
from channels.connectors.shopify import errors
from channels.connectors.shopify.settings import API_VERSION
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON

DEFAULT_WAIT = 2.0  # seconds, when a throttled answer does not say


def outcome_of(
    operation: Operation,
    response: Response,
    body: JSON,
    meaning: errors.Meaning,
    issues: Sequence[Issue],
    *,
    links: Mapping[str, str] | None = None,
    dropped: Sequence[str] = (),
    retry_after: float | None = None,
) -> Outcome:
    return Outcome(
        verdict=verdict_of(meaning, operation),
        issues=(*issues, *_version_alarm(response)),
        links=links or {},
        dropped_links=tuple(dropped),
        retry_after=retry_after,
        request_id=response.headers.get("x-request-id", ""),
        response=body,
    )


def verdict_of(meaning: errors.Meaning, operation: Operation) -> Verdict:
    if isinstance(meaning, Verdict):
        return meaning
    return Verdict.TRANSIENT if operation.idempotent else Verdict.UNKNOWN


def wait(body: Mapping[str, Any], response: Response) -> float:
    """Seconds until the bucket holds what the call costs; the header's word where there is no bucket."""
    cost = (body.get("extensions") or {}).get("cost") or {}
    bucket = cost.get("throttleStatus") or {}
    rate = float(bucket.get("restoreRate") or 0)
    if rate and cost.get("requestedQueryCost") is not None:
        lacking = float(cost["requestedQueryCost"]) - float(bucket.get("currentlyAvailable") or 0)
        return max(math.ceil(lacking / rate * 10) / 10, 0.1)
    try:
        return max(float(response.headers.get("retry-after", DEFAULT_WAIT)), 0.1)
    except ValueError:
        return DEFAULT_WAIT


def _version_alarm(response: Response) -> tuple[Issue, ...]:
    """Shopify serves the oldest version left when the one we ask for has ended."""
    served = response.headers.get("x-shopify-api-version", API_VERSION)
    if served == API_VERSION:
        return ()
    return (
        issue_of(
            "api_version",
            f"Shopify answered as version {served}; this connector is written for {API_VERSION}. "
            "Update PIMHub before fields go missing.",
            severity="warning",
        ),
    )


def issue_of(code: str, message: str, *, field: str = "", sku: str = "", severity: str = "error") -> Issue:
    return Issue(code=code, message=message, field=field, sku=sku, severity=severity)
