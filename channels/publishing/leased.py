"""The rows of a placement as the turn at hand knows them: read once, and read anew before they are written.

No other worker touches them while the lease is held. People do write to listings meanwhile (what was refused is tried
again, a field is left to the channel), and make the placement due with it. So what a turn reads may be as old as its
beginning, and what it writes is read within the transaction that writes: `lease.guard` forgets.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import prefetch_related_objects

from channels.models import Listing, Placement, RemoteLink
from pimhub.foundation import bulk


def listings(placement: Placement) -> list[Listing]:
    """The placement's listings, the same objects for the whole turn: whoever changes a row changes it here."""
    prefetch_related_objects([placement], "listings")
    return list(placement.listings.all())


def links(placement: Placement) -> list[RemoteLink]:
    """What the product is known by on the channel."""
    prefetch_related_objects([placement], "links")
    return list(placement.links.all())


def forget(placement: Placement, *names: str) -> None:
    """They ("listings", "links") were changed otherwise, or are about to be: they are read anew."""
    placement.refresh_from_db(fields=names or ("listings", "links"))


def write(listings: Sequence[Listing]) -> None:
    """Keep every field of these listings, in one statement."""
    bulk.update_objects(listings, _FIELDS)


_FIELDS = [f.attname for f in Listing._meta.concrete_fields if f.attname not in ("id", "placement_id", "sku")]
