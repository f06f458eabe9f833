"""Reading back: what Amazon holds, in the very bodies that `render` writes.

Amazon works on an item for seconds or minutes before it shows it. By Amazon's own clock, a row is pending while what
was last taken is younger than a quarter of an hour and neither that nor what should be there is shown; after that,
what differs has drifted. Once that was shown, whatever differs later has drifted at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from channels.connectors.amazon import errors, settings, shape, wire
from channels.connectors.amazon.interpret import issues
from channels.connectors.amazon.render import OFFER, RELATION, STOCK
from channels.connectors.amazon.settings import asin_link, done_link, item_link, seen_link, sent_link
from channels.connectors.base import Connection, Facet, Known, Rendered
from channels.connectors.outcome import Issue, RemoteState, Row
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON

AT_ONCE = 20  # SKUs of one search, listingsItems 2021-08-01
PROCESSING = dt.timedelta(minutes=15)


def read(rendered: Rendered, connection: Connection) -> list[Request]:
    """A search for every twenty rows; an item by itself where there is one, or a comma in its SKU."""
    found = []
    for rows in groups(rendered):
        skus = [sku_of(rendered, row) for row in rows]
        found.append(wire.get(skus[0], connection) if len(rows) == 1 else wire.search(skus, connection))
    return found


def groups(rendered: Rendered) -> Iterator[list[Row]]:
    plain = [row for row in rendered.bodies if "," not in sku_of(rendered, row)]
    for start in range(0, len(plain), AT_ONCE):
        yield plain[start : start + AT_ONCE]
    yield from ([row] for row in rendered.bodies if row not in plain)


def sku_of(rendered: Rendered, row: Row) -> str:
    return str(rendered.bodies[row][Facet.CONTENT]["sku"])


def interpret_read(
    rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
) -> RemoteState:
    """Amazon's side. An answer that says nothing is pending, never an absent item."""
    bodies: dict[Row, dict[str, JSON]] = {}
    links: dict[str, str] = {}
    told: list[Issue] = []
    raw: dict[Row, JSON] = {}
    pending = False
    for rows, response in zip(groups(rendered), responses, strict=True):
        items = items_in(response)
        for row in rows:
            item = None if items is None else items.get(sku_of(rendered, row))
            sent = known.links.get(sent_link(row), "")
            fresh = sent != known.links.get(done_link(row), "") and _is_fresh(sent, response)
            if items is None:
                pending = True
                told.append(_unread(row, response))
            elif item is None:
                # Taken a moment ago and never seen: not there yet. Seen before: it is gone.
                pending = pending or (fresh and seen_link(row) not in known.links)
            else:
                raw[row] = item
                if fresh and not _is_settled(row, item, rendered, known, connection):
                    pending = True
                    continue
                bodies[row] = project(rendered.bodies[row], item, connection)
                links |= _links(row, item, known, connection)
                told += issues(item.get("issues"), row, marketplace=settings.read(connection).marketplace)
    return RemoteState(bodies=bodies, links=links, issues=tuple(told), pending=pending, raw=raw)


def _is_settled(row: Row, item: Mapping[str, Any], rendered: Rendered, known: Known, connection: Connection) -> bool:
    """Whether the item shows what was last taken, or what should be there: else Amazon is still at work on it."""
    held = known.accepted.get(row, {})
    candidates = [rendered.bodies[row], *([held] if held.get(Facet.CONTENT) else [])]
    return any(project(wanted, item, connection) == wanted for wanted in candidates)


def project(wanted: Mapping[str, Any], item: Mapping[str, Any], connection: Connection) -> dict[str, JSON]:
    """The bodies of a shown item: only what we own, in our form."""
    content = wanted[Facet.CONTENT]
    held = connection.definitions.get(content["productType"])  # of an earlier product type there is none
    definition = held.body if held else {}
    shown = shape.from_answer(definition, _ours(item.get("attributes") or {}, connection))
    attributes = {n: shape.like(v, shown[n]) for n, v in content["attributes"].items() if n in shown}
    for name in attributes:
        # What Amazon keeps as it was at the beginning is no drift: nobody could put it right.
        if shape.is_fixed(definition, name):
            attributes[name] = content["attributes"][name]
    if RELATION in attributes and not _is_related(content, item, connection):
        del attributes[RELATION]
    summary = _summary(item, connection)
    made: dict[str, JSON] = {
        Facet.CONTENT.value: {
            "sku": item.get("sku", ""),
            "productType": summary.get("productType") or content["productType"],
            "requirements": content["requirements"],
            "attributes": attributes,
        }
    }
    for facet, name in ((Facet.OFFER, OFFER), (Facet.STOCK, STOCK)):
        if facet in wanted:
            ours = wanted[facet].get(name)
            there = shown.get(name)
            made[facet.value] = {} if not there else {name: shape.like(ours, there) if ours else there}
    return made


def _ours(attributes: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    """Without the entries for other marketplaces."""
    place = settings.read(connection).marketplace
    found = {}
    for name, entries in attributes.items():
        kept = [e for e in entries if not isinstance(e, dict) or e.get("marketplace_id", place) == place]
        if kept:
            found[name] = kept
    return found


def _is_related(content: Mapping[str, Any], item: Mapping[str, Any], connection: Connection) -> bool:
    """Whether Amazon ties a variant to its parent. It says nothing of a parent that has no variants yet."""
    parent = next((e.get("parent_sku") for e in content["attributes"][RELATION]), None)
    if not parent or "relationships" not in item:
        return True
    place = settings.read(connection).marketplace
    return any(
        parent in (relation.get("parentSkus") or ())
        for group in item["relationships"]
        if group.get("marketplaceId") == place
        for relation in group.get("relationships") or ()
    )


def _summary(item: Mapping[str, Any], connection: Connection) -> Mapping[str, Any]:
    place = settings.read(connection).marketplace
    found: Mapping[str, Any] = next((s for s in item.get("summaries") or () if s.get("marketplaceId") == place), {})
    return found


def _links(row: Row, item: Mapping[str, Any], known: Known, connection: Connection) -> dict[str, str]:
    """What is news: that the item exists, and the page that it is on."""
    sku, asin = str(item.get("sku", "")), str(_summary(item, connection).get("asin") or "")
    found = {item_link(row): sku, seen_link(row): sku, done_link(row): known.links.get(sent_link(row), "")}
    found |= {asin_link(row): asin} if asin else {}
    return {key: value for key, value in found.items() if known.links.get(key, "") != value}


def items_in(response: Response) -> dict[str, Mapping[str, Any]] | None:
    """Items by SKU; {} when there is none, None when the answer says nothing."""
    body = wire.decode(response)
    if response.status == 404 and errors.refusals(body):
        return {}
    if response.status != 200 or body is None:
        return None
    if isinstance(body.get("items"), list):
        return {str(item.get("sku")): item for item in body["items"]}
    return {str(body["sku"]): body} if body.get("sku") else None


def _is_fresh(sent: str, response: Response) -> bool:
    """Whether what was taken at `sent` may still be in the works, by the clock of the answers."""
    try:
        taken, now = (
            parsedate_to_datetime(sent.partition("|")[0]),
            parsedate_to_datetime(response.headers.get("date", "")),
        )
    except ValueError:
        return False
    return now - taken < PROCESSING


def _unread(row: Row, response: Response) -> Issue:
    found = errors.refusals(wire.decode(response))
    said = " ".join(f.message for f in found) or response.error or f"status {response.status}"
    return Issue("read_failed", f"Amazon did not say what it shows ({said}).", sku=row, severity="warning")
