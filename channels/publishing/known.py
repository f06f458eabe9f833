"""What we know of the channel's side: remote ids and accepted bodies."""

from __future__ import annotations

from django.db.models import Q

from catalog import blobs
from channels.connectors.base import Known
from channels.models import Placement, RemoteLink


def known(placement: Placement) -> Known:
    """What we know before the next call for this product (which may not be placed yet)."""
    number, accepted, own = 0, {}, Q(placement__isnull=True)
    if placement.pk:
        number = Placement.objects.values_list("number", flat=True).get(pk=placement.pk)
        accepted = {x.sku: x.accepted for x in placement.listings.all() if x.accepted}
        own |= Q(placement=placement)
    links = RemoteLink.objects.filter(own, channel_id=placement.channel_id)
    bodies = blobs.get_all(h for facets in accepted.values() for h in facets.values())
    return Known(
        links={x.key: x.remote_id for x in links},
        accepted={row: {f: bodies[h] for f, h in facets.items()} for row, facets in accepted.items()},
        number=number + 1,
    )
