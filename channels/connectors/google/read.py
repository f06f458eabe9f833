"""Reading back: what Google shows, in the very bodies that `render` writes.

Google processes an input for seconds or minutes before it shows it. The version that it shows tells an
offer that is not there yet from one that was changed or taken away:

not found, or shown in an older version than Google last took → pending
not found although that version was seen before               → gone
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Rendered
from channels.connectors.google import canonical, errors, names, wire
from channels.connectors.google.attributes import AVAILABILITY, OFFER, field_of
from channels.connectors.google.settings import offer_link, seen_link, sent_link
from channels.connectors.outcome import Issue, RemoteState, Row
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

_IDENTITY = ("offerId", "contentLanguage", "feedLabel", "dataSource")
_SEVERITY = {"DISAPPROVED": "error", "DEMOTED": "warning", "SEVERITY_UNSPECIFIED": "warning"}


def read(rendered: Rendered, connection: Connection) -> list[Request]:
    """One call per offer, in the order of the rows."""
    return [wire.get(bodies[Facet.CONTENT], connection) for bodies in rendered.bodies.values()]


def interpret_read(rendered: Rendered, known: Known, responses: Sequence[Response]) -> RemoteState:
    """Google's side. An answer that says nothing is pending, never an absent offer."""
    bodies: dict[Row, dict[str, JSON]] = {}
    links: dict[str, str] = {}
    issues: list[Issue] = []
    raw: dict[Row, JSON] = {}
    pending = False
    for row, response in zip(rendered.bodies, responses, strict=True):
        answer = wire.decode(response)
        raw[row] = answer
        refused = errors.refusal(answer)
        if response.status == 200 and answer is not None and refused is None:
            version = _number(answer.get("versionNumber"))
            if 0 < version < _number(known.links.get(sent_link(row))):
                pending = True
                continue
            bodies[row] = project(rendered.bodies[row], answer)
            links |= _links(row, rendered.bodies[row][Facet.CONTENT], version, known)
            issues += item_issues(row, answer)
        elif refused is not None and refused.status == "NOT_FOUND":
            pending = pending or _is_expected(row, known)
        else:
            pending = True
            issues.append(_unread(row, response, refused))
    return RemoteState(bodies=bodies, links=links, issues=tuple(issues), pending=pending, raw=raw)


def project(wanted: Mapping[str, Any], product: Mapping[str, Any]) -> dict[str, JSON]:
    """The three bodies of a processed product: only what we own, in our form."""
    shown = canonical.from_answer("ProductAttributes", product.get("productAttributes") or {})
    ours = wanted[Facet.CONTENT]["productAttributes"]
    content = {name: product[name] for name in _IDENTITY if product.get(name)}
    content["productAttributes"] = {name: shown[name] for name in ours if name in shown}
    return {
        Facet.CONTENT.value: content,
        Facet.OFFER.value: {name: shown[name] for name in OFFER if name in shown},
        Facet.STOCK.value: {AVAILABILITY: shown[AVAILABILITY]} if AVAILABILITY in shown else {},
    }


def item_issues(row: Row, product: Mapping[str, Any]) -> list[Issue]:
    """What Google holds against an offer: each thing once, however many places it is shown in."""
    found: dict[tuple[str, str, str], Issue] = {}
    for issue in (product.get("productStatus") or {}).get("itemLevelIssues") or ():
        severity = _SEVERITY.get(str(issue.get("severity") or "SEVERITY_UNSPECIFIED"))
        if severity is None:
            continue
        code, attribute = str(issue.get("code") or "issue"), str(issue.get("attribute") or "")
        words = [str(issue[name]).strip() for name in ("description", "detail") if issue.get(name)]
        key = (code, attribute, " ".join(words))
        if key not in found or severity == "error":
            found[key] = Issue(
                code=code,
                message=f"Google: {'. '.join(w.rstrip('.') for w in dict.fromkeys(words)) or code}.",
                field=field_of(attribute),
                sku=row,
                severity=severity,
                url=str(issue.get("documentation") or ""),
            )
    return list(found.values())


def _links(row: Row, content: Mapping[str, JSON], version: int, known: Known) -> dict[str, str]:
    """What is news: that an offer exists, and in which version it is shown."""
    links = {}
    if offer_link(row) not in known.links:
        links[offer_link(row)] = names.address(content)
    if version and known.links.get(seen_link(row)) != str(version):
        links[seen_link(row)] = str(version)
    return links


def _is_expected(row: Row, known: Known) -> bool:
    """Whether an offer that is not found was taken, and not yet seen in that version."""
    if not known.accepted.get(row):
        return False
    seen = _number(known.links.get(seen_link(row)))
    return not seen or seen < _number(known.links.get(sent_link(row)))


def _number(text: JSON) -> int:
    return int(text) if text else 0


def _unread(row: Row, response: Response, refused: errors.Refusal | None) -> Issue:
    said = refused.message if refused else response.error or f"status {response.status}"
    return Issue("read_failed", f"Google did not say what it shows ({said}).", sku=row, severity="warning")
