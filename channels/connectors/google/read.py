"""Reading back: what Google shows, in the very bodies that `render` writes.

Google processes an input for seconds or minutes before it shows it. The version that it shows tells an
offer that is not there yet from one that was changed or taken away:

not found, or shown in an older version than Google last took → pending
not found although that version was seen before               → gone
otherwise than a patch of the last half hour left it           → pending
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Rendered
from channels.connectors.google import canonical, errors, names, settings, wire
from channels.connectors.google.attributes import AVAILABILITY, OFFER, field_of
from channels.connectors.google.settings import offer_link, patched_link, seen_link, sent_link
from channels.connectors.outcome import Issue, RemoteState, Row
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

_IDENTITY = ("offerId", "contentLanguage", "feedLabel", "dataSource")
# "It may take several minutes before the processed product can be retrieved": some more, to be sure.
PATCHED, FACETS = (Facet.OFFER, Facet.STOCK), (Facet.CONTENT, Facet.OFFER, Facet.STOCK)
NO_PRIMARY = "Google has no such offer yet that this could supplement. It must come from a primary data source."
PROCESSING = dt.timedelta(minutes=30)
_SEVERITY = {"DISAPPROVED": "error", "DEMOTED": "warning", "SEVERITY_UNSPECIFIED": "warning"}


def read(rendered: Rendered, connection: Connection) -> list[Request]:
    """One call per offer, in the order of the rows."""
    return [wire.get(bodies[Facet.CONTENT], connection) for bodies in rendered.bodies.values()]


def interpret_read(
    rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
) -> RemoteState:
    """Google's side. An answer that says nothing is pending, never an absent offer."""
    bodies: dict[Row, dict[str, JSON]] = {}
    links: dict[str, str] = {}
    issues: list[Issue] = []
    raw: dict[Row, JSON] = {}
    pending, supplemental = False, bool(settings.read(connection).supplements)
    for row, response in zip(rendered.bodies, responses, strict=True):
        answer = wire.decode(response)
        raw[row] = answer
        refused = errors.refusal(answer)
        if response.status == 200 and answer is not None and answer.get("offerId"):
            version = _number(answer.get("versionNumber"))
            # A supplemented offer shows the version and the data source of the one that it is based on.
            if supplemental:
                answer["dataSource"] = rendered.bodies[row][Facet.CONTENT]["dataSource"]
            elif 0 < version < _number(known.links.get(sent_link(row))):
                pending = True
                continue
            found = project(rendered.bodies[row], answer)
            if _is_being_patched(row, found, known, response, FACETS if supplemental else PATCHED):
                pending = True
                continue
            bodies[row] = found
            links |= _links(row, rendered.bodies[row][Facet.CONTENT], version, known)
            issues += [*item_issues(row, answer), *destination_issues(row, answer)]
        elif refused is not None and refused.status == "NOT_FOUND":
            pending = pending or supplemental or _is_expected(row, known)
            if supplemental:
                issues.append(Issue("no_primary", NO_PRIMARY, sku=row, severity="warning"))
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
        Facet.OFFER.value: {name: shown[name] for name in OFFER if name in shown and wanted[Facet.OFFER]},
        Facet.STOCK.value: {AVAILABILITY: shown[AVAILABILITY]} if AVAILABILITY in shown and wanted[Facet.STOCK] else {},
    }


def item_issues(row: Row, product: Mapping[str, Any]) -> list[Issue]:
    """What Google holds against an offer: each thing once, with all the places and countries that it is shown in."""
    found: dict[tuple[str, str, str], Issue] = {}
    places: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for issue in (product.get("productStatus") or {}).get("itemLevelIssues") or ():
        severity = _SEVERITY.get(str(issue.get("severity") or "SEVERITY_UNSPECIFIED"))
        if severity is None:
            continue
        code, attribute = str(issue.get("code") or "issue"), str(issue.get("attribute") or "")
        words = [str(issue[name]).strip() for name in ("description", "detail") if issue.get(name)]
        key = (code, attribute, " ".join(words))
        context = str(issue.get("reportingContext") or "")
        places.setdefault(key, {}).setdefault(context, []).extend(issue.get("applicableCountries") or ())
        if key not in found or severity == "error":
            found[key] = Issue(
                code=code,
                message=f"Google: {'. '.join(w.rstrip('.') for w in dict.fromkeys(words)) or code}",
                field=field_of(attribute),
                sku=row,
                severity=severity,
                url=str(issue.get("documentation") or ""),
            )
    return [replace(one, message=f"{one.message}{_where(places[key])}.") for key, one in found.items()]


def destination_issues(row: Row, product: Mapping[str, Any]) -> list[Issue]:
    """Where the offer is refused without an issue that says so, and where Google has not decided yet."""
    status = product.get("productStatus") or {}
    blamed = {
        country
        for issue in status.get("itemLevelIssues") or ()
        if issue.get("severity") == "DISAPPROVED"
        for country in issue.get("applicableCountries") or ()
    }
    refused: dict[str, list[str]] = {}
    waiting: dict[str, list[str]] = {}
    for each in status.get("destinationStatuses") or ():
        place = str(each.get("reportingContext") or "")
        unsaid = [c for c in each.get("disapprovedCountries") or () if c not in blamed]
        refused |= {place: unsaid} if unsaid else {}
        waiting |= {place: each["pendingCountries"]} if each.get("pendingCountries") else {}
    found = []
    if refused:
        found.append(Issue("disapproved", f"Google does not show the offer{_where(refused)}.", sku=row))
    if waiting:
        message = f"Google had not yet approved the offer when it was last read{_where(waiting)}."
        found.append(Issue("pending_approval", message, sku=row, severity="warning"))
    return found


def _where(places: Mapping[str, Iterable[str]]) -> str:
    """“ (shopping ads: AT, DE; free listings: DE)”; the countries once where they are the same everywhere."""
    named = {p.replace("_", " ").lower(): ", ".join(sorted(set(c))) for p, c in places.items() if p or c}
    if not named:
        return ""
    if len(set(named.values())) == 1:
        countries = next(iter(named.values()))
        label = ", ".join(n for n in named if n)
        return f" ({': '.join(part for part in (label, countries) if part)})"
    return f" ({'; '.join(f'{name}: {countries}' for name, countries in named.items())})"


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


def _is_being_patched(
    row: Row, found: Mapping[str, JSON], known: Known, response: Response, facets: Iterable[Facet]
) -> bool:
    """Whether Google still shows the state from before a call without a version. Both moments are of Google's clock."""
    try:
        took = parsedate_to_datetime(known.links.get(patched_link(row), ""))
        now = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return False
    if now - took > PROCESSING:
        return False
    accepted = known.accepted.get(row, {})
    return any(accepted.get(facet) != found[facet] for facet in facets)


def _number(text: JSON) -> int:
    return int(text) if text else 0


def _unread(row: Row, response: Response, refused: errors.Refusal | None) -> Issue:
    said = refused.message if refused else response.error or f"status {response.status}"
    return Issue("read_failed", f"Google did not say what it shows ({said}).", sku=row, severity="warning")
