"""From an answer to an outcome: the verdict, the ids learnt, and what a person has to mend."""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Operation
from channels.connectors.google import errors, wire
from channels.connectors.google.attributes import field_of
from channels.connectors.google.errors import DELETE, Refusal
from channels.connectors.google.settings import offer_link, patched_link, sent_link, unsure_link
from channels.connectors.outcome import Issue, Outcome, Verdict
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON

DEFAULT_WAIT = 10.0  # seconds; Google's quotas are per minute


def interpret(operation: Operation, response: Response) -> Outcome:
    """1. Refused in Google's form: by the tables. 2. Taken. 3. No or another answer: by the status code."""
    body = wire.decode(response)
    found = errors.refusal(body)
    if found is not None:
        verdict = errors.meaning(operation.name, found)
        issues = _issues(operation, verdict, found)
    elif 200 <= response.status < 300 and _is_answer(operation, response, body):
        verdict, issues = Verdict.ACCEPTED, ()
    else:
        garbled = 200 <= response.status < 300
        verdict = Verdict.TRANSIENT if garbled else errors.meaning_of_http(response.status)
        said = response.error or f"status {response.status} without a reason"
        issues = (Issue(code=f"http_{response.status}", message=f"Google gave no answer to go by: {said}."),)
    waits = verdict in (Verdict.THROTTLED, Verdict.QUOTA)
    return Outcome(
        verdict=verdict,
        issues=issues,
        links=_links(operation, verdict, response),
        dropped_links=tuple(operation.context.get("dropped", ())) if verdict is Verdict.ACCEPTED else (),
        retry_after=_wait(verdict, response, found) if waits else None,
        request_id=response.headers.get("x-request-id", ""),
        response=body,
    )


def _is_answer(operation: Operation, response: Response, body: Mapping[str, JSON] | None) -> bool:
    """Whether Google says so itself: a delete is answered with nothing, all else with the input's name."""
    if operation.name == DELETE:
        return not response.body or body == {}
    return bool(body and body.get("name"))


def _links(operation: Operation, verdict: Verdict, response: Response) -> dict[str, str]:
    """What is there now, and after a lost answer what may be there: it must be found when it is to go."""
    links = dict(operation.context.get("links", {}))
    row = str(operation.context["row"])
    if verdict is Verdict.ACCEPTED and links:
        clock = response.headers.get("date", "")
        return links | ({patched_link(row): clock} if clock and sent_link(row) not in links else {})
    if verdict is Verdict.TRANSIENT and operation.name != DELETE:
        return {offer_link(row): links[offer_link(row)], unsure_link(row): "1"}
    return {}


def _issues(operation: Operation, verdict: Verdict, found: Refusal) -> tuple[Issue, ...]:
    if verdict in (Verdict.ACCEPTED, Verdict.SUPERSEDED, Verdict.THROTTLED):
        return ()
    row = str(operation.context["row"])
    code = (found.reasons[0] if found.reasons else found.status).lower()
    if verdict is not Verdict.REJECTED or not found.fields:
        return (Issue(code=code, message=f"Google: {found.message}", field=_field(found.message), sku=row),)
    return tuple(
        Issue(
            code=code,
            message=f"Google refuses this: {words or found.message}",
            field=field_of(path) or _field(words),
            sku=row,
        )
        for path, words in found.fields
    )


def _field(message: str) -> str:
    """The field that a message names as “[gtin] …”, as Google's older messages do."""
    head, closed, _ = message.partition("]")
    return field_of(head.removeprefix("[")) if closed and message.startswith("[") else ""


def _wait(verdict: Verdict, response: Response, found: Refusal | None) -> float | None:
    """Seconds to wait; None for a day's quota without a hint."""
    if found is not None and found.retry_after is not None:
        return found.retry_after
    header = response.headers.get("retry-after", "")
    if header.isdecimal():
        return float(header)
    return DEFAULT_WAIT if verdict is Verdict.THROTTLED else None
