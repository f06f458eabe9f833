"""Fields of products that channels know of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.products import represent
from channels.access import reached
from channels.models import Listing, Placement
from pimhub.foundation.jsonvalue import JSON

# Worst first: what the listings of a product on a channel come to as a whole.
STATES = ("failed", "rejected", "blocked", "held", "drifted", "queued", "accepted", "live", "off")


def worst(states: Sequence[str]) -> str:
    return next((state for state in STATES if state in states), "")


def published(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    """{"channels": {channel: state}} by product."""
    rows = reached(Listing.objects.filter(placement__product_id__in=ids), "placement__channel__code")
    found: dict[int, dict[str, list[str]]] = {pk: {} for pk in ids}
    for pk, channel, state in rows.values_list("placement__product_id", "placement__channel__code", "state"):
        found[pk].setdefault(channel, []).append(state)
    return {
        pk: {"channels": {channel: worst(states) for channel, states in sorted(held.items())}}
        for pk, held in found.items()
    }


def shown(ids: Sequence[int]) -> Mapping[int, Mapping[str, JSON]]:
    """{"published": {channel: {state, revision rendered last, since when it was seen live}}} by product."""
    rows = reached(Placement.objects.filter(product_id__in=ids), "channel__code")
    rows = rows.select_related("channel", "revision").prefetch_related("listings").order_by("channel__code")
    found: dict[int, dict[str, JSON]] = {pk: {} for pk in ids}
    for row in rows:
        listings = list(row.listings.all())
        seen = [x.verified_at for x in listings if x.verified_at]
        state = worst([x.state for x in listings])
        found[row.product_id][row.channel.code] = {
            "state": state,
            "revision": row.revision.number if row.revision else None,
            "live_since": max(seen).isoformat() if seen and state == Listing.State.LIVE else None,
        }
    return {pk: {"published": channels} for pk, channels in found.items()}


def plug_in() -> None:
    represent.plug_in("channels.shown", ("published",), shown)
    represent.plug_in("channels.published", ("channels",), published)
