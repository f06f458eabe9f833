"""What a listing should show, what the channel accepted, and what was read back: the three bodies side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog import blobs
from channels.models import Listing
from pimhub.foundation.jsonvalue import JSON, digest

MOST = 30  # items of a product that are told field by field, those that differ first


@dataclass(frozen=True, slots=True)
class Side:
    """A field as one of the three bodies has it. `there`: whether there is such a body at all."""

    value: JSON
    there: bool
    same: bool  # as it should be


@dataclass(frozen=True, slots=True)
class Field:
    place: str
    desired: JSON
    accepted: Side
    live: Side

    @property
    def same(self) -> bool:
        return self.accepted.same and self.live.same


@dataclass(frozen=True, slots=True)
class Sides:
    """One item. `differ` and `same` hold its fields, both empty where the item is not told field by field."""

    row: Listing
    facets: list[tuple[str, str]]  # in words: live, accepted, shown otherwise, to be sent, to be taken away
    differ: list[Field]
    same: list[Field]


def sides(listings: Sequence[Listing], *, fields: bool) -> list[Sides]:
    """Of each listing; without `fields`, only the words for its facets."""
    told = sorted(listings, key=_is_equal)[: MOST if fields else 0]
    hashes = {h for x in told for held in (x.desired, x.accepted, x.verified) for h in held.values()}
    bodies = blobs.get_all(hashes) if hashes else {}
    chosen = {x.pk for x in told}
    return [_of(x, bodies if x.pk in chosen else None) for x in listings]


def _is_equal(listing: Listing) -> bool:
    return bool(listing.desired == listing.accepted == listing.verified)


def _of(listing: Listing, bodies: Mapping[str, JSON] | None) -> Sides:
    facets = sorted(listing.desired.keys() | listing.accepted.keys())
    found = [field for facet in facets for field in _fields(listing, facet, bodies)] if bodies is not None else []
    return Sides(
        listing,
        [(facet, _state(listing, facet)) for facet in facets],
        [field for field in found if not field.same],
        [field for field in found if field.same],
    )


def _state(listing: Listing, facet: str) -> str:
    wanted = listing.desired.get(facet)
    if wanted is None:
        return "to be taken away"
    shown = listing.verified.get(facet)
    if shown == wanted:
        return "live"
    if listing.accepted.get(facet) != wanted:
        return "to be sent"
    return "shown otherwise" if shown else "accepted"


def _fields(listing: Listing, facet: str, bodies: Mapping[str, JSON]) -> Iterator[Field]:
    held = [side.get(facet) for side in (listing.desired, listing.accepted, listing.verified)]
    there = [h in bodies for h in held]
    for place, (ours, taken, shown) in _leaves([bodies.get(h or "") for h in held], facet):
        accepted = Side(taken, there[1], there[1] and digest(taken) == digest(ours))
        yield Field(place, ours, accepted, Side(shown, there[2], there[2] and digest(shown) == digest(ours)))


def _leaves(bodies: Sequence[JSON], place: str) -> Iterator[tuple[str, Sequence[JSON]]]:
    """(words for the place, what stands there in each) of the innermost named fields. Lists of objects are compared
    entry by entry where they are as long; else as a whole."""
    present = [body for body in bodies if body is not None]
    if present and all(isinstance(body, dict) for body in present):
        parts = [body if isinstance(body, dict) else {} for body in bodies]
        for name in dict.fromkeys(name for part in parts for name in part):
            yield from _leaves([part.get(name) for part in parts], f"{place}.{name}")
        return
    lists = [body for body in present if isinstance(body, list) and body and all(isinstance(e, dict) for e in body)]
    if present and len(lists) == len(present) and len({len(entries) for entries in lists}) == 1:
        several = len(lists[0]) > 1
        for n in range(len(lists[0])):
            entries = [body[n] if isinstance(body, list) else None for body in bodies]
            yield from _leaves(entries, f"{place}[{n}]" if several else place)
        return
    yield place, bodies
