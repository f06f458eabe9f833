"""Send one call and settle it: recorded before it leaves, fenced by the lease when it returns."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog import blobs
from channels import calls, connections
from channels.connectors.base import Connection, Connector, Facet, Operation
from channels.connectors.outcome import Outcome, Verdict
from channels.models import ChannelIssue, Listing, Placement, Publication, RemoteLink
from channels.publishing import lease, leased, uploads
from channels.publishing.desire import Desired, record_issues
from pimhub.foundation import audit
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON

SETTLED = (Verdict.ACCEPTED, Verdict.SUPERSEDED, Verdict.REJECTED, Verdict.STALE, Verdict.GONE)


@dataclass(frozen=True, slots=True)
class Sending:
    """With what a call is made: for a product that is to be shown, or to be taken off."""

    connector: Connector
    connection: Connection
    desired: Desired | None = None
    removal: bool = False


def sending(desired: Desired) -> Sending:
    return Sending(desired.connector, desired.connection, desired)


def send_operation(placement: Placement, sending: Sending, operation: Operation) -> Outcome:
    """Record the call, send it, record the answer; links and accepted hashes follow in one transaction.

    Raises LeaseLost when another worker took over meanwhile; the record then stays without a
    verdict and makes whoever comes next read the channel before writing. Raises Wait, before anything is recorded,
    when the channel's rate does not allow the call soon.
    """
    waited = connections.await_turn(placement.channel, operation.request)
    earlier = under_way(placement) if operation.settles else None
    if earlier is not None:
        operation = replace(operation, context={**operation.context, **(earlier.context or {})})
    carries = earlier.carries if earlier is not None else carried(operation, sending.desired)
    publication = announce(placement, sending, operation, carries)
    started = time.monotonic()
    response = connections.send(placement.channel, operation.request, timeout=sending.connector.deadline)
    refused = None
    if operation.file is not None:
        response, refused = uploads.put(placement, sending.connector, operation, response)
    milliseconds = int((time.monotonic() - started) * 1000)
    with transaction.atomic():
        lease.guard(placement)
        outcome = settle(
            placement,
            sending,
            operation,
            publication,
            response,
            carries,
            milliseconds=milliseconds,
            waited=waited,
            outcome=refused,
        )
        if earlier is not None and outcome.verdict in SETTLED:
            earlier.verdict, earlier.message = outcome.verdict, publication.message
            earlier.save(update_fields=["verdict", "message"])
    return outcome


def settle(
    placement: Placement,
    sending: Sending,
    operation: Operation,
    publication: Publication,
    response: Response,
    carries: dict[str, dict[str, str]],
    *,
    milliseconds: int = 0,
    waited: int = 0,
    way: str = "",
    outcome: Outcome | None = None,
) -> Outcome:
    """Book how a call came out, within the caller's transaction. `way` says by what way it went, if not alone;
    `outcome` what it came to, where more than its answer tells."""
    outcome = outcome or sending.connector.interpret(operation, response)
    publication.verdict = outcome.verdict
    publication.message = " ".join(i.message for i in outcome.issues)
    publication.request_id = outcome.request_id[:200]
    publication.status = response.status
    publication.milliseconds = milliseconds
    publication.response = blobs.put(exact(outcome.response)) if outcome.response is not None else ""
    publication.finished_at = timezone.now()
    if outcome.verdict is Verdict.WORKING and not operation.settles:
        publication.context = exact(dict(operation.context))
    publication.save()
    calls.note(
        placement.channel,
        f"{operation.name} {way}".strip(),
        response,
        placement=placement,
        publication=publication,
        skus=sorted(carries),
        verdict=outcome.verdict,
        request_id=publication.request_id,
        request=publication.request,
        milliseconds=milliseconds,
        waited=waited,
    )
    keep_links(placement, outcome.links, dropped=outcome.dropped_links)
    took = outcome.verdict in (Verdict.ACCEPTED, Verdict.SUPERSEDED)
    if sending.removal:
        pass  # what is taken off counts as accepted there until it was seen to be gone
    elif took and not operation.asks and not operation.partial:
        prices = sending.desired.prices if sending.desired else {}
        _accept(placement, carries, prices, dropped=outcome.dropped_links, renews=operation.renews)
    elif outcome.verdict is Verdict.REJECTED:
        _refuse(placement, carries, outcome, sending.desired)
    return outcome


def settle_lost(placement: Placement) -> None:
    """Calls whose answer was lost, after the channel was read: the last one took effect if its rows show what it
    carried; of the others nobody can say."""
    lost = placement.publications.filter(verdict__in=("", Verdict.UNKNOWN)).order_by("-pk")
    last = lost.first()
    if last is not None and not last.removal and placement.publications.order_by("-pk").first() == last:
        accepted = {x.sku: x.accepted for x in leased.listings(placement)}
        if all(accepted.get(row, {}).get(f, "") == h for row, held in last.carries.items() for f, h in held.items()):
            last.verdict, last.finished_at = Verdict.ACCEPTED, timezone.now()
            last.message = "the answer was lost; the channel shows it"
            last.save(update_fields=["verdict", "finished_at", "message"])
    placement.publications.filter(verdict="").update(
        verdict=Verdict.UNKNOWN, finished_at=timezone.now(), message="the answer was lost; the channel was read"
    )


def under_way(placement: Placement) -> Publication | None:
    """The call whose outcome the channel still owes us."""
    return placement.publications.filter(verdict=Verdict.WORKING, context__isnull=False).order_by("-number").first()


def carried(operation: Operation, desired: Desired | None) -> dict[str, dict[str, str]]:
    """{row: {facet: hash}} of everything the call takes along; no hash for what it takes away."""
    hashes = desired.hashes if desired else {}
    carries: dict[str, dict[str, str]] = {}
    for row, facet in operation.carries:
        carries.setdefault(row, {})[str(facet)] = hashes.get(row, {}).get(facet, "")
    return carries


def announce(
    placement: Placement, sending: Sending, operation: Operation, carries: dict[str, dict[str, str]]
) -> Publication:
    """The record of a call that is about to leave. Raises LeaseLost."""
    with transaction.atomic():
        number = lease.next_number(placement)
        keep_links(placement, operation.claims)
        if sending.removal:
            placement.lacks -= {"removals"}
        publication = Publication.objects.create(
            placement=placement,
            operation=operation.name,
            removal=sending.removal,
            number=number,
            carries=carries,
            request=blobs.put(operation.request.redacted()),
            revision=placement.revision,
            mapping=sending.desired.mapping if sending.desired else None,
            offers=dict(sending.desired.source.offers) if sending.desired else {},
        )
        audit.record(
            "publication",
            f"product:{placement.product.code}",
            channel=placement.channel.code,
            operation=publication.operation,
            number=publication.number,
            request=publication.request,
            revision=placement.revision.number if placement.revision else None,
            removal=sending.removal,
            mapping=publication.mapping.number if publication.mapping else None,
        )
        return publication


def _accept(
    placement: Placement,
    carries: dict[str, dict[str, str]],
    prices: Mapping[str, Decimal],
    *,
    dropped: tuple[str, ...],
    renews: bool,
) -> None:
    now = timezone.now()
    gone = {key.removeprefix("variant:") for key in dropped if key.startswith("variant:")}
    over = {x.pk for x in leased.listings(placement) if x.sku in gone and not x.desired}
    moved = [x for x in leased.listings(placement) if x.sku in carries and x.pk not in over]
    for listing in moved:
        taken = carries[listing.sku]
        listing.accepted = {f: h for f, h in (listing.accepted | taken).items() if h}
        # What was read back before says nothing of what was just sent.
        listing.verified = {f: h for f, h in listing.verified.items() if f not in taken}
        listing.refused = {f: h for f, h in listing.refused.items() if f not in taken}
        listing.state = Listing.State.ACCEPTED
        if renews or listing.accepted_at is None:
            listing.accepted_at = now
        if Facet.OFFER in taken:
            listing.price = prices.get(listing.sku)
        if done := [f for f, h in listing.wanted.items() if listing.accepted.get(f, "") == listing.desired.get(f, "")]:
            listing.lag_accepted = lag(listing, done, now)
    leased.write(moved)
    # A row that should not be there and is not: its listing is over.
    over |= {x.pk for x in leased.listings(placement) if not x.desired and not x.accepted}
    if over:
        placement.listings.filter(pk__in=over).delete()
        leased.forget(placement, "listings")


def lag(listing: Listing, facets: Iterable[str], now: dt.datetime) -> float:
    """Seconds for which the change of these facets, the oldest of them, was wanted."""
    since = min(dt.datetime.fromisoformat(listing.wanted[f]) for f in facets)
    return max((now - since).total_seconds(), 0.0)


def _refuse(
    placement: Placement, carries: dict[str, dict[str, str]], outcome: Outcome, desired: Desired | None
) -> None:
    record_issues(placement, outcome.issues, source=ChannelIssue.Source.CHANNEL, desired=desired, keep=True)
    for listing in leased.listings(placement):
        if listing.sku in carries:
            listing.refused = listing.refused | carries[listing.sku]
            listing.state = Listing.State.REJECTED
            listing.save(update_fields=["refused", "state"])
    words = " ".join(i.message for i in outcome.issues)[:500]
    Placement.objects.filter(pk=placement.pk).update(problem=words)


_WHOLE = ("definition:", "channel:")


def keep_links(placement: Placement, links: Mapping[str, str], *, dropped: tuple[str, ...] = ()) -> None:
    """Remember remote ids. `definition:` and `channel:` ids belong to the channel as a whole."""
    channel = RemoteLink.objects.filter(channel_id=placement.channel_id, placement=None)
    whole = {key: remote_id for key, remote_id in links.items() if key.startswith(_WHOLE)}
    held = dict(channel.filter(key__in=whole).values_list("key", "remote_id")) if whole else {}
    for key, remote_id in whole.items():
        if held.get(key) != remote_id:  # one by one, as others may keep it at the same time
            channel.update_or_create(channel_id=placement.channel_id, key=key, defaults={"remote_id": remote_id})
    if whole_dropped := [key for key in dropped if key.startswith(_WHOLE)]:
        channel.filter(key__in=whole_dropped).delete()
    own = {x.key: x.remote_id for x in leased.links(placement)}
    gone = [key for key in dropped if key in own]
    moved = {k: v for k, v in links.items() if k not in whole and k not in dropped and own.get(k) != v}
    RemoteLink.objects.bulk_create(
        [
            RemoteLink(channel_id=placement.channel_id, placement=placement, key=k, remote_id=v)
            for k, v in moved.items()
        ],
        update_conflicts=True,
        unique_fields=["placement", "key"],
        update_fields=["remote_id"],
    )
    if gone:
        placement.links.filter(key__in=gone).delete()
    if moved or gone:
        leased.forget(placement, "links")


def exact(value: JSON) -> JSON:
    """An answer as it can be stored: floats become their shortest text."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {str(k): exact(v) for k, v in value.items()}
    if isinstance(value, list):
        return [exact(v) for v in value]
    return value
