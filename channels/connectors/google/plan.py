"""The calls that are missing: one insert per offer that differs, one delete per offer that is no more.

An insert replaces the whole input, so it carries every facet of its row. Its `versionNumber` keeps an
older call from undoing a newer one, in whatever order they arrive.
"""

from __future__ import annotations

from channels.connectors.base import Connection, Facet, Known, Operation, Rendered
from channels.connectors.google import names, settings, wire
from channels.connectors.google.errors import DELETE, INSERT
from channels.connectors.google.settings import OFFER, offer_link, seen_link, sent_link
from channels.connectors.outcome import Row

FACETS = (Facet.CONTENT, Facet.OFFER, Facet.STOCK)

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
        if any(known.accepted.get(row, {}).get(facet) != bodies[facet] for facet in FACETS):
            calls.append(_insert(rendered, row, address, known, connection))
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
    version = str(known.number)
    return Operation(
        name=INSERT,
        request=wire.insert(rendered.bodies[row], known.number, connection),
        carries=tuple((row, facet) for facet in FACETS),
        then=_THEN,
        context={"row": row, "links": {offer_link(row): address, sent_link(row): version}},
    )


def _delete(row: Row, address: str, connection: Connection, *, carries: tuple[Facet, ...]) -> Operation:
    return Operation(
        name=DELETE,
        request=wire.delete(address, connection),
        carries=tuple((row, facet) for facet in carries),
        destructive=True,
        context={"row": row, "dropped": [offer_link(row), sent_link(row), seen_link(row)]},
    )


def _row(call: Operation) -> Row:
    return str(call.context["row"])


def _is_ours(address: str, connection: Connection) -> bool:
    """Offers of an account that the channel was moved away from are left to expire."""
    return address.startswith(f"accounts/{settings.read(connection).account}/")
