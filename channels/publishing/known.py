"""What we know of the channel's side: remote ids and accepted bodies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog import blobs
from channels.connectors.base import Known
from channels.models import Placement, RemoteLink
from channels.publishing import leased
from pimhub.foundation.jsonvalue import JSON

NOTHING: Mapping[str, JSON] = MappingProxyType({})


def known(placement: Placement, bodies: Mapping[str, JSON] = NOTHING) -> Known:
    """What we know before the next call for this product (which may not be placed yet). `bodies` by hash, where they
    are at hand."""
    links = list(RemoteLink.objects.filter(channel_id=placement.channel_id, placement__isnull=True))
    number, accepted = 0, {}
    if placement.pk:
        number = placement.number
        accepted = {x.sku: x.accepted for x in leased.listings(placement) if x.accepted}
        links += leased.links(placement)
    found = blobs.get_all({h for facets in accepted.values() for h in facets.values()} - bodies.keys())
    return Known(
        links={x.key: x.remote_id for x in links},
        accepted={row: {f: _of(h, bodies, found) for f, h in facets.items()} for row, facets in accepted.items()},
        number=number + 1,
    )


def _of(hash: str, bodies: Mapping[str, JSON], found: Mapping[str, JSON]) -> JSON:
    return bodies[hash] if hash in bodies else found[hash]
