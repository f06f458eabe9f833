"""The calls that are missing: an insert or a patch per offer that differs, a delete per offer that is no more.

An insert replaces the whole input, so it carries every facet of its row. Its `versionNumber` keeps an
older call from undoing a newer one, in whatever order they arrive. Where only price or stock moved, a patch names
just these: it is small, and leaves the content's version alone. Patches have no version, so after a lost answer the
offer is inserted.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Connection, Facet, Known, Operation, Rendered
from channels.connectors.google import names, settings, wire
from channels.connectors.google.attributes import AVAILABILITY
from channels.connectors.google.attributes import OFFER as OFFER_ATTRIBUTES
from channels.connectors.google.errors import DELETE, INSERT, PATCH
from channels.connectors.google.settings import OFFER, links_of, offer_link, patched_link, sent_link, unsure_link
from channels.connectors.outcome import Row

FACETS = (Facet.CONTENT, Facet.OFFER, Facet.STOCK)
# What a patch of a facet names: all that the facet may hold, so that what is gone is taken away.
MASKS: Mapping[Facet, tuple[str, ...]] = {Facet.OFFER: OFFER_ATTRIBUTES, Facet.STOCK: (AVAILABILITY,)}

_THEN = ("Google processes the offer, which takes up to some minutes; then it is read back.",)


def plan(rendered: Rendered, known: Known, connection: Connection) -> list[Operation]:
    """Row by row what differs, then what is no more. A row that gets another name leaves its old one first."""
    calls: list[Operation] = []
    for row, bodies in rendered.bodies.items():
        address = names.address(bodies[Facet.CONTENT])
        old = known.links.get(offer_link(row), "")
        if old and names.name_of(old) != names.name_of(address) and _is_ours(old, connection):
            # It carries nothing: the row itself goes on under its new name.
            calls.append(_delete(row, old, connection, carries=()))
        held, unsure = known.accepted.get(row, {}), unsure_link(row) in known.links
        differing = [facet for facet in FACETS if held.get(facet) != bodies[facet]]
        if unsure or Facet.CONTENT in differing or (differing and not old):
            calls.append(_insert(rendered, row, address, known, connection))
        elif differing:
            calls.append(_patch(rendered, row, differing, connection))
    return calls + [call for call in plan_removal(known, connection) if _row(call) not in rendered.bodies]


def plan_removal(known: Known, connection: Connection) -> list[Operation]:
    """A delete for every offer that we know or suspect to be there."""
    found = {
        row: names.address(bodies[Facet.CONTENT]) for row, bodies in known.accepted.items() if bodies.get(Facet.CONTENT)
    }
    found |= {key.removeprefix(OFFER): held for key, held in known.links.items() if key.startswith(OFFER)}
    return [
        _delete(row, address, connection, carries=FACETS)
        for row, address in sorted(found.items())
        if _is_ours(address, connection)
    ]


def _insert(rendered: Rendered, row: Row, address: str, known: Known, connection: Connection) -> Operation:
    if settings.read(connection).supplements:
        ids, dropped = {offer_link(row): address}, [unsure_link(row)]
    else:
        ids = {offer_link(row): address, sent_link(row): str(known.number)}
        dropped = [patched_link(row), unsure_link(row)]
    return Operation(
        name=INSERT,
        request=wire.insert(rendered.bodies[row], known.number, connection),
        carries=tuple((row, facet) for facet in FACETS),
        then=_THEN,
        context={"row": row, "links": ids, "dropped": dropped},
    )


def _patch(rendered: Rendered, row: Row, facets: list[Facet], connection: Connection) -> Operation:
    bodies = rendered.bodies[row]
    content = bodies[Facet.CONTENT]
    attributes = {name: value for facet in facets for name, value in bodies[facet].items()}
    mask = [name for facet in facets for name in MASKS[facet]]
    return Operation(
        name=PATCH,
        request=wire.patch(content, attributes, mask, connection),
        carries=tuple((row, facet) for facet in facets),
        renews=False,
        then=_THEN,
        context={"row": row, "links": {offer_link(row): names.address(content)}},
    )


def _delete(row: Row, address: str, connection: Connection, *, carries: tuple[Facet, ...]) -> Operation:
    return Operation(
        name=DELETE,
        request=wire.delete(address, connection),
        carries=tuple((row, facet) for facet in carries),
        destructive=True,
        context={"row": row, "dropped": links_of(row)},
    )


def _row(call: Operation) -> Row:
    return str(call.context["row"])


def _is_ours(address: str, connection: Connection) -> bool:
    """Offers of an account that the channel was moved away from are left to expire."""
    return address.startswith(f"accounts/{settings.read(connection).account}/")
