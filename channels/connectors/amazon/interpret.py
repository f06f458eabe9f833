"""From an answer to an outcome. ACCEPTED is not live: Amazon works on the item afterwards, and may find issues then."""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.amazon import errors, wire
from channels.connectors.amazon.plan import DELETE, PAGES, RESTRICTIONS
from channels.connectors.amazon.rates import told
from channels.connectors.amazon.render import EXEMPTION, IDENTIFIER, MAIN_IMAGE, OFFER, OTHER_IMAGES, STOCK
from channels.connectors.amazon.settings import item_link, page_link, sent_link
from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Outcome, Verdict
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON

DEFAULT_WAIT = 2.0  # seconds; Amazon refills some calls a second
_SEVERITY = {"ERROR": "error", "WARNING": "warning"}
# Amazon's attribute → our field, where they differ.
_FIELDS = {OFFER: "price", STOCK: "stock", IDENTIFIER: "gtin", EXEMPTION: "gtin", MAIN_IMAGE: "media"} | dict.fromkeys(
    OTHER_IMAGES, "media"
)


def interpret(operation: Operation, response: Response) -> Outcome:
    """1. Errors in Amazon's form: by the tables. 2. A submission: by its status. 3. No answer: by the status code."""
    body = wire.decode(response)
    found = errors.refusals(body)
    row = str(operation.context["row"])
    if operation.name == RESTRICTIONS and response.status == 200 and body is not None:
        told = restricted(body.get("restrictions"), row, by=str(operation.context["by"]))
        verdict = Verdict.REJECTED if told else Verdict.ACCEPTED
    elif operation.name == PAGES and response.status == 200 and body is not None:
        verdict, told = Verdict.ACCEPTED, ()
    elif response.status == 200 and body is not None and "status" in body:
        verdict = Verdict.REJECTED if body["status"] == "INVALID" else Verdict.ACCEPTED
        told = issues(body.get("issues"), row)
    elif 200 <= response.status < 300 or response.status == 0:
        # A call that does no harm twice is tried again; a line of a feed that broke off is read first.
        verdict = Verdict.TRANSIENT if operation.idempotent or not response.sent else Verdict.UNKNOWN
        told = (_unanswered(response),)
    elif operation.name == DELETE and response.status == 404:
        verdict, told = Verdict.ACCEPTED, ()
    else:
        verdict = errors.meaning(response.status, found)
        words = " ".join(f.message for f in found)
        told = (Issue(_code(found, response), f"Amazon: {words}", sku=row),) if words else (_unanswered(response),)
    return Outcome(
        verdict=verdict,
        issues=told,
        links=_links(operation, verdict, response, body),
        dropped_links=tuple(operation.context.get("dropped", ())) if verdict is Verdict.ACCEPTED else (),
        retry_after=_wait(response) if verdict is Verdict.THROTTLED else None,
        request_id=response.headers.get("x-amzn-requestid", ""),
        response=body,
    )


def issues(given: JSON, row: str, *, marketplace: str = "") -> tuple[Issue, ...]:
    """Amazon's issues with an item, for people: errors block, warnings are shown, the rest is Amazon's own notes."""
    found = []
    for issue in given if isinstance(given, list) else ():
        severity = _SEVERITY.get(str(issue.get("severity")))
        places = issue.get("marketplaceIds") or [marketplace]
        if severity is None or (marketplace and marketplace not in places):
            continue
        name = next(iter(issue.get("attributeNames") or ()), "")
        found.append(
            Issue(
                code=str(issue.get("code") or "issue"),
                message=f"Amazon: {issue.get('message') or 'no reason given'}{_enforced(issue)}",
                field=field_of(name),
                sku=row,
                severity=severity,
            )
        )
    return tuple(dict.fromkeys(found))


def restricted(given: JSON, row: str, *, by: str) -> tuple[Issue, ...]:
    """Why the seller may not list on a page, each reason with the link at which Amazon lets them ask for it."""
    found = []
    for restriction in given if isinstance(given, list) else ():
        for reason in restriction.get("reasons") or [{"message": "The listing is restricted."}]:
            link = next((str(each["resource"]) for each in reason.get("links") or () if each.get("resource")), "")
            remedy = " Ask for approval at the link." if link else ""
            code, message = str(reason.get("reasonCode") or "RESTRICTED"), f"Amazon: {reason['message']}{remedy}"
            found.append(Issue(code, message, field=field_of(by), sku=row, url=link))
    return tuple(dict.fromkeys(found))


def field_of(attribute: str) -> str:
    """The field of ours behind one of Amazon's attributes."""
    return _FIELDS.get(attribute, attribute)


def _enforced(issue: Mapping[str, JSON]) -> str:
    """What Amazon did about it, e.g. LISTING_SUPPRESSED."""
    enforcements = issue.get("enforcements") or {}
    if (enforcements.get("exemption") or {}).get("status") == "EXEMPT":
        return ""
    actions = [str(each.get("action", "")) for each in enforcements.get("actions") or ()]
    return f" ({', '.join(a.replace('_', ' ').lower() for a in actions if a)})" if any(actions) else ""


def _links(
    operation: Operation, verdict: Verdict, response: Response, body: Mapping[str, JSON] | None
) -> dict[str, str]:
    """What is there now, and after a lost answer what may be there: it must be found when it is to go."""
    row, sku = str(operation.context["row"]), str(operation.context["sku"])
    if operation.name == PAGES:
        found = [str(item["asin"]) for item in (body or {}).get("items") or ()]
        # Of several pages Amazon chooses one by the item; none of them is asked for.
        page = f"{operation.context['gtin']}={found[0] if len(found) == 1 else ''}"
        return {page_link(row): page} if verdict is Verdict.ACCEPTED else {}
    if operation.asks:
        return dict(operation.context["links"]) if verdict is Verdict.ACCEPTED else {}
    if operation.name == DELETE or verdict not in (Verdict.ACCEPTED, Verdict.TRANSIENT, Verdict.UNKNOWN):
        return {}
    links = {item_link(row): sku}
    if verdict is Verdict.ACCEPTED:
        links[sent_link(row)] = f"{response.headers.get('date', '')}|{(body or {}).get('submissionId', '')}"
    return links


def _unanswered(response: Response) -> Issue:
    said = response.error or f"status {response.status} without a reason"
    return Issue(f"http_{response.status}", f"Amazon gave no answer to go by: {said}.")


def _code(found: tuple[errors.Refusal, ...], response: Response) -> str:
    return found[0].code if found and found[0].code else f"http_{response.status}"


def _wait(response: Response) -> float:
    """Seconds; by the rate that Amazon names, where it names one (it does not on every 429)."""
    given = response.headers.get("retry-after", "")
    if given.isdecimal():
        return float(given)
    rate = told(response)
    return max(1 / rate, DEFAULT_WAIT) if rate else DEFAULT_WAIT
