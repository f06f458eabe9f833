"""Put a channel back: for any set of products, what it had accepted at a moment, until somebody lets go of it.

What was accepted is told by the publications up to that moment, facet by facet, as hashes of the very bodies. Prices
follow their owner unless they are asked for; stock always does, as yesterday's stock would sell what is gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import transaction

from catalog import events
from catalog.models import Product, User
from channels.connectors.base import Facet
from channels.connectors.outcome import Verdict
from channels.models import Channel, MappingVersion, Match, Pin, Placement, Publication
from channels.publishing import holds
from channels.publishing.request import OVERTAKES, make_due
from governance.models import Revision, Standing
from pimhub.foundation import audit

TAKEN = (Verdict.ACCEPTED, Verdict.SUPERSEDED)
DEFAULT_FACETS = tuple(str(f) for f in Facet if f not in (Facet.OFFER, Facet.STOCK))
WITH_PRICES = (*DEFAULT_FACETS, str(Facet.OFFER))
_CHUNK = 200

Rows = dict[str, dict[str, str]]  # {row: {facet: hash}}


class Effect(StrEnum):
    SAME = "same"  # the channel holds just that already
    CHANGES = "changes"
    RETURNS = "returns"  # was there then, and is not now
    GOES = "goes"  # was not there then
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Then:
    """What a channel had accepted of a product at a moment."""

    rows: Rows = field(default_factory=dict)
    revision: Revision | None = None
    mapping: MappingVersion | None = None


@dataclass(frozen=True, slots=True)
class Line:
    placement: Placement
    effect: Effect
    then: Then
    facets: tuple[str, ...] = ()  # those that change
    gone: tuple[str, ...] = ()  # variants that are there now, and were not then
    why: str = ""  # it cannot


def plan(
    *, channel: Channel, at: dt.datetime, product_ids: Collection[int] | None, facets: Sequence[str]
) -> list[Line]:
    """What putting back would do, product by product. Changes nothing. None: all products of the channel."""
    query = Placement.objects.filter(channel=channel).select_related("product", "channel")
    if product_ids is not None:
        query = query.filter(product_id__in=product_ids)
    found: list[Line] = []
    for placements in _chunks(query.order_by("pk").prefetch_related("listings")):
        then = accepted_at(placements, at)
        standings = {s.product_id: s for s in Standing.objects.filter(product__in=[p.product_id for p in placements])}
        found += [_line(p, then[p.pk], standings.get(p.product_id), facets, at) for p in placements]
    return found


def accepted_at(placements: Sequence[Placement], at: dt.datetime) -> dict[int, Then]:
    """By placement, what its publications up to the moment come to."""
    rows: dict[int, Rows] = {p.pk: {} for p in placements}
    last: dict[int, Publication] = {}
    done = Publication.objects.filter(placement__in=placements, finished_at__lte=at).order_by("pk")
    for call in done.select_related("revision", "mapping").iterator():
        held = rows[call.placement_id]
        if call.verdict == Verdict.GONE or (call.removal and call.verdict in TAKEN):
            held.clear()
        elif call.verdict in TAKEN:
            last[call.placement_id] = call
            for row, facets in call.carries.items():
                merged = {f: h for f, h in (held.get(row, {}) | facets).items() if h}
                held.pop(row, None)
                if merged:
                    held[row] = merged
    return {
        pk: Then(held, last[pk].revision, last[pk].mapping) if held and pk in last else Then()
        for pk, held in rows.items()
    }


def put_back(*, lines: Iterable[Line], at: dt.datetime, facets: Sequence[str], reason: str, user: User) -> int:
    """Do what a plan showed; how many products. What is the same already stays as it is, and is held there too."""
    done: dict[int, list[int]] = {}
    channels: dict[int, Channel] = {}
    for line in lines:
        if line.effect is Effect.CANNOT:
            continue
        placement = line.placement
        with transaction.atomic():
            Pin.objects.update_or_create(
                placement=placement,
                defaults={
                    "at": at,
                    "revision": line.then.revision,
                    "mapping": line.then.mapping,
                    "bodies": line.then.rows,
                    "facets": list(facets),
                    "reason": reason[:300],
                    "by": user,
                },
            )
            if line.effect is Effect.GOES:
                holds.allow_removal(placement, user)
            audit.record(
                "channel.put_back",
                f"product:{placement.product.code}",
                channel=placement.channel.code,
                to=at.isoformat(),
                revision=line.then.revision.number if line.then.revision else None,
                reason=reason[:300],
            )
        channels[placement.channel_id] = placement.channel
        done.setdefault(placement.channel_id, []).append(placement.product_id)
    for pk, ids in done.items():
        make_due(channel=channels[pk], product_ids=ids, priority=OVERTAKES)
    events.ring("dispatch")
    return sum(map(len, done.values()))


def let_go(*, pins: Iterable[Pin], user: User) -> int:
    """Have the products follow their live revision again; how many."""
    count = 0
    for pin in pins:
        with transaction.atomic():
            placement = Placement.objects.select_related("channel", "product").get(pk=pin.placement_id)
            audit.record("channel.let_go", f"product:{placement.product.code}", channel=placement.channel.code)
            pin.delete()
            make_due(channel=placement.channel, product_ids=[placement.product_id])
        count += 1
    events.ring("dispatch")
    return count


def _line(placement: Placement, then: Then, standing: Standing | None, facets: Sequence[str], at: dt.datetime) -> Line:
    product: Product = placement.product
    now: Rows = {x.sku: dict(x.accepted) for x in placement.listings.all() if x.accepted}
    if not then.rows and now and _was_foreign(placement, at):
        why = "It was taken over later: what the channel showed before is not known here."
        return Line(placement, Effect.CANNOT, then, why=why)
    if not then.rows:
        return Line(placement, Effect.GOES if now else Effect.SAME, then)
    if product.trashed_at is not None:
        return Line(placement, Effect.CANNOT, then, why="It is in the trash. Restore it first.")
    if standing is None or standing.live is None:
        return Line(placement, Effect.CANNOT, then, why="It is archived, or not approved. Have it approved first.")
    if not now:
        return Line(placement, Effect.RETURNS, then)
    changed = {
        f
        for row in then.rows.keys() | now.keys()
        for f in facets
        if then.rows.get(row, {}).get(f) != now.get(row, {}).get(f)
    }
    gone = tuple(sorted(row for row in now.keys() - then.rows.keys() if row))
    effect = Effect.CHANGES if changed or gone else Effect.SAME
    return Line(placement, effect, then, tuple(sorted(changed)), gone)


def _was_foreign(placement: Placement, at: dt.datetime) -> bool:
    taken = Match.objects.filter(placement=placement, state__in=(Match.State.TAKEN, Match.State.DONE))
    return taken.filter(decided_at__gt=at).exists()


def _chunks(query: Iterable[Placement]) -> Iterator[list[Placement]]:
    rows = list(query)
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]
