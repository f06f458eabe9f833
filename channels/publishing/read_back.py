"""Read a product back from its channel: *accepted* becomes *live* only here."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from catalog import blobs
from channels import connections
from channels.connectors.outcome import RemoteState
from channels.models import ChannelIssue, Listing, Placement
from channels.publishing import lease
from channels.publishing.desire import Desired, record_issues
from channels.publishing.known import known
from channels.publishing.send import keep_links, under_way
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON, digest

S = Listing.State


def look(placement: Placement, desired: Desired) -> RemoteState | None:
    """What the channel shows of the product now; None when it could not be read. Changes nothing. Raises Wait."""
    facts = known(placement)
    responses: list[Response] = []
    for request in desired.connector.read(desired.rendered, facts, desired.connection):
        connections.await_turn(placement.channel, request)
        response = connections.send(placement.channel, request, timeout=desired.connector.deadline)
        if response.status == 0 or response.status == 429 or response.status >= 500:
            return None
        responses.append(response)
    return desired.connector.interpret_read(desired.rendered, facts, responses, desired.connection)


def read_back(placement: Placement, desired: Desired, *, adopt: bool) -> RemoteState | None:
    """Read the product and settle what was seen, fenced by the lease; None when it could not be read.

    With `adopt` the channel's side was uncertain: what is seen becomes what we know to be accepted,
    so that the next plan starts from the truth.
    """
    state = look(placement, desired)
    if state is None:
        return None
    with transaction.atomic():
        lease.guard(placement)
        lease.renew(placement)
        if adopt and not state.bodies and not state.pending and under_way(placement) is None:
            placement.links.all().delete()  # the product is gone there; its ids are dead
        keep_links(placement, state.links)
        _settle(placement, desired, state, adopt=adopt)
        record_issues(placement, state.issues, source=ChannelIssue.Source.READ_BACK, desired=desired)
    return state


def _settle(placement: Placement, desired: Desired, state: RemoteState, *, adopt: bool) -> None:
    now = timezone.now()
    wanted = desired.hashes
    for listing in placement.listings.all():
        bodies = state.bodies.get(listing.sku, {})
        seen = dict(zip(bodies, blobs.put_all(bodies.values()), strict=True))
        # A channel may show facets that we never wanted here; only ours are compared.
        ours = {f: h for f, h in seen.items() if f in wanted.get(listing.sku, {})}
        if adopt and not state.pending:
            listing.accepted = ours
        if not bodies and state.pending:
            continue
        listing.verified, listing.verified_at = ours, now
        if listing.state == S.REJECTED and not adopt:
            listing.save()
            continue  # what the channel refused stays refused until it changes
        listing.state = _state(listing, wanted.get(listing.sku, {}), exists=bool(bodies))
        listing.save()


def _state(listing: Listing, wanted: dict[str, str], *, exists: bool) -> str:
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
    """The innermost named fields in which two bodies differ. Lists are compared entry by entry if they are as long."""
    if digest(ours) == digest(theirs):
        return []
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = list(zip(ours, theirs, strict=True))
        if all(isinstance(one, dict) and isinstance(other, dict) for one, other in pairs):
            places = [f"{path}[{n}]" if len(pairs) > 1 else path for n in range(len(pairs))]
            return [each for place, pair in zip(places, pairs, strict=True) for each in apart(place, *pair)]
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        return [(path, ours, theirs)]
    names = dict.fromkeys([*ours, *theirs])
    return [each for name in names for each in apart(f"{path}.{name}", ours.get(name), theirs.get(name))]
