"""What a channel is to show otherwise than the live revision says: put back by a person, or left to the channel."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from catalog import blobs
from channels.connectors.outcome import Bodies
from channels.models import Channel, Drift, Pin
from channels.publishing.pointers import put
from governance.models import Standing

Overlay = Callable[[Bodies], Bodies]


def pin_of(channel: Channel, standing: Standing) -> Pin | None:
    query = Pin.objects.select_related("revision", "mapping")
    return query.filter(placement__channel=channel, placement__product_id=standing.product_id).first()


def pinned(pin: Pin | None) -> Iterator[Overlay]:
    """The rows of that moment, its facets byte by byte; facets that are not put back stay as they are rendered now."""
    if pin is None:
        return
    documents = blobs.get_all(h for facets in pin.bodies.values() for h in facets.values())

    def overlay(bodies: Bodies) -> Bodies:
        found = {}
        for row, held in pin.bodies.items():
            now = {f: body for f, body in bodies.get(row, {}).items() if f not in pin.facets}
            found[row] = now | {f: documents[h] for f, h in held.items() if f in pin.facets}
        return found

    yield overlay


def handed_over(channel: Channel, product_id: int) -> Overlay:
    """Fields that were left to the channel stay as it shows them."""
    rows = Drift.objects.filter(
        placement__channel=channel, placement__product_id=product_id, state=Drift.State.HANDED_OVER
    )
    left = list(rows.values_list("sku", "facet", "path", "theirs"))

    def overlay(bodies: Bodies) -> Bodies:
        if not left:
            return bodies
        found: dict[str, Any] = {row: dict(facets) for row, facets in bodies.items()}
        for row, facet, path, theirs in left:
            if facet in found.get(row, {}):
                found[row][facet] = put(copy.deepcopy(found[row][facet]), path, theirs)
        return found

    return overlay
