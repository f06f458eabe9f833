"""Read a product back from its channel: *accepted* becomes *live* only here."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from catalog import blobs
from channels import connections
from channels.connectors.base import Connection, Connector, Rendered
from channels.connectors.outcome import RemoteState
from channels.models import ChannelIssue, Listing, Placement
from channels.publishing import drift, lease, leased, meeting, pointers, shelf, taken
from channels.publishing.desire import Desired, record_issues
from channels.publishing.known import known
from channels.publishing.request import STOCK
from channels.publishing.send import keep_links, lag, under_way
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON, digest

S = Listing.State


def look(placement: Placement, desired: Desired) -> RemoteState | None:
    """What the channel shows of the product now; None when it could not be read. Changes nothing. Raises Wait."""
    return read_all(placement, desired.connector, desired.connection, desired.rendered)


def read_all(
    placement: Placement, connector: Connector, connection: Connection, rendered: Rendered
) -> RemoteState | None:
    """The same for the rows of `rendered`, whatever is wanted of them. Raises Wait."""
    facts = known(placement)
    responses: list[Response] = []
    for request in connector.read(rendered, facts, connection):
        response = connections.ask(
            placement.channel, request, timeout=connector.deadline, operation="read", placement=placement
        )
        if response.status == 0 or response.status == 429 or response.status >= 500:
            return None
        responses.append(response)
    return connector.interpret_read(rendered, facts, responses, connection)


def read_back(placement: Placement, desired: Desired, *, adopt: bool) -> RemoteState | None:
    """Read the product and settle what was seen, fenced by the lease; None when it could not be read.

    With `adopt` the channel's side was uncertain: what is seen becomes what we know to be accepted,
    so that the next plan starts from the truth.
    """
    state = look(placement, desired)
    if state is None:
        return None
    foreign = meeting.is_foreign(placement)
    adopt = adopt or foreign  # nothing of ours was sent: what is there is what there is to know
    with transaction.atomic():
        lease.guard(placement)
        lease.renew(placement, read_at=timezone.now())
        if adopt and not state.bodies and not state.pending and under_way(placement) is None:
            placement.links.all().delete()  # the product is gone there; its ids are dead
            leased.forget(placement, "links")
        keep_links(placement, state.links, dropped=state.dropped_links)
        _settle(placement, desired, state, adopt=adopt)
        if foreign:
            meeting.note(placement, desired)
        elif adopt and not state.pending:
            drift.count_as_taken(placement, desired, state)
        elif not adopt and not state.pending:
            drift.note(placement, desired, state)
        record_issues(placement, state.issues, source=ChannelIssue.Source.READ_BACK, desired=desired)
    return state


def _settle(placement: Placement, desired: Desired, state: RemoteState, *, adopt: bool) -> None:
    now = timezone.now()
    wanted = desired.hashes
    gone = taken.taken_away(placement, state.bodies) if adopt else {}
    moved = []
    listings = leased.listings(placement)
    hashes = {x.sku: {str(f): digest(b) for f, b in state.bodies.get(x.sku, {}).items()} for x in listings}
    # What is wanted is kept already.
    kept = {h for x in listings for h in x.desired.values()}
    blobs.put_all(b for x in listings for f, b in state.bodies.get(x.sku, {}).items() if hashes[x.sku][f] not in kept)
    for listing in listings:
        seen = bodies = hashes[listing.sku]
        # A channel may show facets that we never wanted here; only ours are compared.
        ours = {f: h for f, h in seen.items() if f in wanted.get(listing.sku, {})}
        ours = taken.without(ours, gone.get(listing.sku, ()))
        if adopt and not state.pending:
            sold = shelf.sold_there(listing, wanted.get(listing.sku, {}), ours)
            listing.accepted = ours | {STOCK: listing.accepted[STOCK]} if sold else ours
            listing.accepted_at = listing.accepted_at or now
        if not bodies and state.pending:
            continue
        listing.verified, listing.verified_at = ours, now
        moved.append(listing)
        if listing.state == S.REJECTED and not adopt:
            continue  # what the channel refused stays refused until it changes
        listing.state = _state(listing, wanted.get(listing.sku, {}), exists=bool(bodies))
        if listing.state == S.LIVE and listing.wanted:
            listing.lag_live, listing.wanted = lag(listing, listing.wanted, now), {}
    leased.write(moved)


def _state(listing: Listing, wanted: Mapping[str, str], *, exists: bool) -> str:
    if not exists:
        return S.QUEUED if listing.accepted != wanted else S.DRIFTED
    if all(listing.verified.get(f) == h for f, h in wanted.items()):
        return S.LIVE
    return S.QUEUED if listing.accepted != wanted else S.DRIFTED


def differences(desired: Desired, state: RemoteState) -> list[tuple[str, str, object, object]]:
    """(sku, "facet.field", ours, theirs) for every field of ours that the channel shows differently."""
    found = []
    for row, facets in desired.rendered.bodies.items():
        theirs_row = state.bodies.get(row)
        if theirs_row is not None:
            for facet, ours in facets.items():
                found += [(row, *each) for each in apart(str(facet), ours, theirs_row.get(facet))]
    return found


def apart(path: str, ours: JSON, theirs: JSON) -> list[tuple[str, JSON, JSON]]:
    """(words for the place, ours, theirs) of the innermost named fields in which two bodies differ."""
    return [(each.words, each.ours, each.theirs) for each in pointers.differences(ours, theirs, words=path)]
