"""The calls that are missing: an item that is not there is put whole, one that differs is patched.

A patch names only the attributes that differ. So it leaves alone what others keep at the item (repricers, Amazon's
own fulfilment), and does not send the relationship to the parent again, for which Amazon has a slow lane.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from channels.connectors.amazon import settings, shape, wire
from channels.connectors.amazon.render import IDENTIFIER, PARENT
from channels.connectors.amazon.settings import ITEM, item_link, links_of, may_link, page_link, seen_link, valid_link
from channels.connectors.base import Connection, Facet, Known, Operation, Rendered
from channels.connectors.outcome import Row
from pimhub.foundation.jsonvalue import JSON

PUT, PATCH, DELETE = "putListingsItem", "patchListingsItem", "deleteListingsItem"
PREVIEW, RESTRICTIONS, PAGES = "putListingsItem.preview", "getListingsRestrictions", "searchCatalogItems"

SUGGESTED = "merchant_suggested_asin"
_PROCESSED = "Amazon processes the item, which takes up to some minutes; then it is read back."
_AFTER_PARENT = "The variants follow once Amazon shows their parent: without it they would be listed alone."


def plan(rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
    """The parent first, then its variants, then what is no more. An item that gets another SKU leaves its old one."""
    calls: list[Operation] = []
    for row, bodies in rendered.bodies.items():
        content = bodies[Facet.CONTENT]
        old = known.links.get(item_link(row), "")
        if old and old != content["sku"]:
            # It carries nothing: the row itself goes on under its new SKU.
            calls.append(_delete(row, old, connection, carries=()))
        held = known.accepted.get(row, {}) if old in ("", content["sku"]) else {}
        waits = _waits(row, rendered, known)
        if not held.get(Facet.CONTENT) or _is_another(held[Facet.CONTENT], content):
            put = _put(row, bodies, connection, waits)
            calls.append(_asked(row, content, put, known, connection) or put)
        elif differing := [facet for facet in bodies if held.get(facet) != bodies[facet]]:
            calls.append(_patch(row, bodies, held, differing, connection, waits))
    return calls + [call for call in plan_removal(known, connection) if str(call.context["row"]) not in rendered.bodies]


def plan_removal(known: Known, connection: Connection) -> list[Operation]:
    """A delete for every item that we know or suspect to be there, the parent after its variants."""
    found = {row: str(b[Facet.CONTENT]["sku"]) for row, b in known.accepted.items() if b.get(Facet.CONTENT)}
    found |= {key.removeprefix(ITEM): sku for key, sku in known.links.items() if key.startswith(ITEM)}
    rows = sorted(found, key=lambda row: (row == PARENT, row))
    return [_delete(row, found[row], connection, carries=_facets(row)) for row in rows]


def _facets(row: Row) -> tuple[Facet, ...]:
    return (Facet.CONTENT,) if row == PARENT else (Facet.CONTENT, Facet.OFFER, Facet.STOCK)


def _waits(row: Row, rendered: Rendered, known: Known) -> tuple[Row, ...]:
    parent = rendered.bodies.get(PARENT)
    if row == PARENT or parent is None:
        return ()
    return () if known.links.get(seen_link(PARENT)) == parent[Facet.CONTENT]["sku"] else (PARENT,)


def _is_another(held: Mapping[str, JSON], wanted: Mapping[str, JSON]) -> bool:
    """Another item, or another kind of item: Amazon asks for it whole."""
    return any(held.get(name) != wanted[name] for name in ("sku", "productType", "requirements"))


def _definition(content: Mapping[str, JSON], connection: Connection) -> shape.Schema:
    held: shape.Schema = connection.definitions[content["productType"]].body
    return held


def _put(row: Row, bodies: Mapping[str, JSON], connection: Connection, waits: tuple[Row, ...]) -> Operation:
    content = bodies[Facet.CONTENT]
    attributes = {**content["attributes"], **bodies.get(Facet.OFFER, {}), **bodies.get(Facet.STOCK, {})}
    body = {
        "productType": content["productType"],
        "requirements": content["requirements"],
        "attributes": shape.to_wire(_definition(content, connection), attributes),
    }
    return Operation(
        name=PUT,
        request=wire.put(content["sku"], body, connection),
        carries=tuple((row, Facet(facet)) for facet in bodies),
        then=(_PROCESSED, _AFTER_PARENT) if row == PARENT else (_PROCESSED,),
        context={"row": row, "sku": content["sku"]},
        waits_for=waits,
    )


def _asked(
    row: Row, content: Mapping[str, JSON], put: Operation, known: Known, connection: Connection
) -> Operation | None:
    """What Amazon is asked before an item is put, and has not answered yet: on which page, may we, and would it do?"""
    given, held = settings.read(connection), content["attributes"]
    asin, condition = _first(held, SUGGESTED), _first(held, "condition_type")
    gtin = _first(held, IDENTIFIER)
    if given.check_restrictions and gtin and not asin:
        of, _, asin = known.links.get(page_link(row), "").partition("=")
        if of != gtin:
            request = wire.pages(gtin, _first(held, IDENTIFIER, "type"), connection)
            return replace(put, name=PAGES, request=request, asks=True, context={**put.context, "gtin": gtin})
    if given.check_restrictions and asin and known.links.get(may_link(row)) != f"{asin} {condition}".strip():
        by = SUGGESTED if _first(held, SUGGESTED) else IDENTIFIER
        context = {**put.context, "links": {may_link(row): f"{asin} {condition}".strip()}, "by": by}
        request = wire.restrictions(asin, condition, connection)
        return replace(put, name=RESTRICTIONS, request=request, asks=True, context=context)
    checked = hashlib.sha256(put.request.body).hexdigest()
    if given.preview and known.links.get(valid_link(row)) != checked:
        return replace(
            put,
            name=PREVIEW,
            request=wire.previewed(put.request),
            asks=True,
            context={**put.context, "links": {valid_link(row): checked}},
        )
    return None


def _first(attributes: Mapping[str, JSON], name: str, part: str = "value") -> str:
    return next((str(entry.get(part, "")) for entry in attributes.get(name, ())), "")


def _patch(
    row: Row,
    bodies: Mapping[str, JSON],
    held: Mapping[str, JSON],
    differing: list[str],
    connection: Connection,
    waits: tuple[Row, ...],
) -> Operation:
    content = bodies[Facet.CONTENT]
    patches: list[JSON] = []
    for facet in differing:
        ours, theirs = _said(facet, bodies[facet]), _said(facet, held.get(facet) or {})
        wanted = shape.to_wire(_definition(content, connection), ours)
        gone = shape.to_wire(_definition(content, connection), {n: v for n, v in theirs.items() if n not in ours})
        patches += [
            {"op": "replace", "path": f"/attributes/{name}", "value": wanted[name]}
            for name, value in ours.items()
            if theirs.get(name) != value
        ]
        patches += [{"op": "delete", "path": f"/attributes/{name}", "value": value} for name, value in gone.items()]
    body = {"productType": content["productType"], "patches": patches}
    return Operation(
        name=PATCH,
        request=wire.patch(content["sku"], body, connection),
        carries=tuple((row, Facet(facet)) for facet in differing),
        then=(_PROCESSED,),
        context={"row": row, "sku": content["sku"]},
        waits_for=waits,
    )


def _said(facet: str, body: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The attributes in a body."""
    return body.get("attributes", {}) if facet == Facet.CONTENT else body


def _delete(row: Row, sku: str, connection: Connection, *, carries: tuple[Facet, ...]) -> Operation:
    return Operation(
        name=DELETE,
        request=wire.delete(sku, connection),
        carries=tuple((row, facet) for facet in carries),
        destructive=True,
        context={"row": row, "sku": sku, "dropped": list(links_of(row))},
    )
