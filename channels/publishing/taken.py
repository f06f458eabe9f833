"""What calls took away from a channel: it counts as not there, whoever's answer was lost and whatever is still shown.

A channel goes on showing what was deleted for some minutes, and a delete may take effect although nobody said so. Sent
once more, what was there all along is no different; believed to be there, it would be missing for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from channels.connectors.outcome import Verdict
from channels.models import Listing, Placement
from channels.publishing import leased

# Of these it is certain that the channel did nothing.
WITHOUT_EFFECT = (
    Verdict.REJECTED,
    Verdict.THROTTLED,
    Verdict.QUOTA,
    Verdict.AUTH,
    Verdict.CONFIG,
    Verdict.CONTRACT,
)
# Of these nobody knows whether it took effect: no answer came, or the channel failed amid the call.
UNHEARD = ("", Verdict.UNKNOWN, Verdict.TRANSIENT)


def was_leaving(placement: Placement) -> bool:
    """Whether the last call was one of taking the product off, and something of it still counts as there."""
    if "removals" in placement.lacks:
        return False
    last = placement.publications.order_by("-pk").first()
    return last is not None and last.removal and any(x.accepted for x in leased.listings(placement))


def forget(placement: Placement) -> None:
    """What was taken away is neither accepted nor live any more."""
    listings = {x.sku: x for x in leased.listings(placement)}
    gone = taken_away(placement, {row: x.accepted.keys() | x.verified.keys() for row, x in listings.items()})
    for row, facets in gone.items():
        listing = listings[row]
        listing.accepted, listing.verified = without(listing.accepted, facets), without(listing.verified, facets)
        if listing.state == Listing.State.LIVE:
            listing.state = Listing.State.QUEUED
        listing.save(update_fields=["accepted", "verified", "state"])


def taken_away(placement: Placement, facets: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Of the facets of each row those which the last call that carried them took away."""
    gone: dict[str, set[str]] = {}
    for row, facet, carried, _ in _last_calls(placement, facets):
        if not carried:
            gone.setdefault(row, set()).add(facet)
    return gone


def assume_the_worst(placement: Placement, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """What is wanted again as it was before a call that nobody heard of: that call counts as having taken effect.

    Else the channel would be believed to show what is wanted, and show what the call carried for good.
    """
    if "publications" in placement.lacks:
        return
    if not placement.publications.filter(verdict__in=UNHEARD, removal=False).exists():
        return
    held = {x.sku: x for x in leased.listings(placement) if x.sku in wanted}
    settled = {row: [f for f, h in wanted[row].items() if x.accepted.get(f) == h] for row, x in held.items()}
    worse: dict[str, dict[str, str]] = {}
    for row, facet, carried, verdict in _last_calls(placement, settled):
        if verdict in UNHEARD and carried != wanted[row][facet]:
            worse.setdefault(row, {})[facet] = carried
    for row, facets in worse.items():
        listing = held[row]
        listing.accepted = without(listing.accepted, facets) | {f: h for f, h in facets.items() if h}
        listing.verified = without(listing.verified, facets)
        if listing.state == Listing.State.LIVE:
            listing.state = Listing.State.QUEUED
        listing.save(update_fields=["accepted", "verified", "state"])


def _last_calls(
    placement: Placement, facets: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str, str, Verdict | str]]:
    """(row, facet, hash, verdict) of the last call that carried each of these facets and may have taken effect."""
    open_ = {(row, facet) for row, named in facets.items() for facet in named}
    calls = placement.publications.exclude(verdict__in=WITHOUT_EFFECT).order_by("-pk")
    for carries, verdict in calls.values_list("carries", "verdict").iterator(chunk_size=100):
        if not open_:
            break
        for row, taken in carries.items():
            for facet in open_ & {(row, facet) for facet in taken}:
                open_.discard(facet)
                yield row, facet[1], taken[facet[1]], verdict


def without(hashes: Mapping[str, str], facets: Iterable[str]) -> dict[str, str]:
    return {facet: held for facet, held in hashes.items() if facet not in facets}
