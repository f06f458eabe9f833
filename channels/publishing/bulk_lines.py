"""A product's call in a file of many: put in, taken out again while the file is here, booked when it is answered."""

from __future__ import annotations

import json
from typing import cast

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog import blobs
from channels.connectors.base import Facet, Operation
from channels.connectors.bulk import SendsInBulk
from channels.connectors.outcome import Outcome, Verdict
from channels.models import BulkLine, BulkRun, Channel, Placement
from channels.publishing import lease
from channels.publishing.desire import Desired
from channels.publishing.send import Sending, announce, carried, exact, sending, settle
from pimhub.foundation.http import Request, Response

IN_BULK = "in bulk"
# What may go to a channel by itself while a file with the product's content is on its way.
_OVERTAKES = (Facet.OFFER, Facet.STOCK)
S = BulkRun.State


def sends_in_bulk(connector: object) -> SendsInBulk | None:
    return cast(SendsInBulk, connector) if hasattr(connector, "bulk_kind") else None


def open_line(placement: Placement) -> BulkLine | None:
    """The product's call that is in a file and not booked yet."""
    found = BulkLine.objects.filter(placement=placement, settled_at__isnull=True)
    return found.select_related("run", "publication").first()


def overtaking(line: BulkLine, calls: list[Operation]) -> list[Operation]:
    """Of the calls those that need not wait for the file: prices and stock that are not in it."""
    held = {(row, facet) for row, facets in line.publication.carries.items() for facet in facets}
    return [
        op
        for op in calls
        if op.carries
        and not op.destructive
        and all(facet in _OVERTAKES and (row, str(facet)) not in held for row, facet in op.carries)
    ]


def kind_of(placement: Placement, desired: Desired, operation: Operation) -> str:
    """The kind of file that the call goes in; "" when it goes alone, as where too few wait."""
    connector = sends_in_bulk(desired.connector)
    if connector is None:
        return ""
    least, kind = connector.bulk_from(desired.connection), connector.bulk_kind(operation)
    if least is None or not kind:
        return ""
    # What overtakes is compared with its like: one price does not wait for a file of content.
    waiting = Placement.objects.filter(
        channel_id=placement.channel_id, due_at__lte=timezone.now(), priority__gte=placement.priority
    )
    gathering = BulkRun.objects.filter(channel_id=placement.channel_id, kind=kind, state=S.GATHERING, lines_count__gt=0)
    if placement.priority:
        gathering = gathering.filter(urgent=True)
    enough = gathering.exists() or waiting[:least].count() >= least
    return kind if enough and not _failed_lately(placement.channel) else ""


def _failed_lately(channel: Channel) -> bool:
    """A channel that refused a file is not asked again for a while; its calls go alone."""
    since = timezone.now() - lease.LEASE * 60
    return BulkRun.objects.filter(channel=channel, state=S.UNSENT, finished_at__gt=since).exists()


def enlist(placement: Placement, desired: Desired, operation: Operation, kind: str) -> BulkLine:
    """Put the call into the file that gathers. Raises LeaseLost."""
    connector = sends_in_bulk(desired.connector)
    assert connector is not None
    size = len(connector.bulk_line(kind, operation.request.body)) + 1
    with transaction.atomic():
        publication = announce(placement, sending(desired), operation, carried(operation, desired))
        publication.verdict, publication.context = Verdict.WORKING, exact(dict(operation.context))
        publication.save(update_fields=["verdict", "context"])
        urgent = placement.priority > 0
        run = _gathering(placement.channel, kind, urgent=urgent)
        limits = connector.bulk_limits
        if run.lines_count and (run.lines_count >= limits.lines or run.size + size > limits.size):
            close(run)
            run = _gathering(placement.channel, kind, urgent=urgent)
        run.lines_count, run.size = run.lines_count + 1, run.size + size
        run.save(update_fields=["lines_count", "size"])
        return BulkLine.objects.create(run=run, placement=placement, publication=publication)


def _gathering(channel: Channel, kind: str, *, urgent: bool) -> BulkRun:
    """The file of the kind that takes lines, locked. Two workers may find none at once; one of them makes it."""
    wanted = BulkRun.objects.select_for_update().filter(channel=channel, kind=kind, state=S.GATHERING)
    if run := wanted.first():
        return run
    try:
        with transaction.atomic():
            return BulkRun.objects.create(channel=channel, kind=kind, urgent=urgent)
    except IntegrityError:
        return wanted.get()


def close(run: BulkRun) -> None:
    """No line is added from now on, so that each has its number. Within the transaction that holds its lock."""
    run.state, run.due_at = S.CLOSED, timezone.now()
    run.save(update_fields=["state", "due_at"])


def withdraw(line: BulkLine) -> bool:
    """Take the call out of a file that is still here; whether it could be."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=line.run_id)
        if run.state != S.GATHERING:
            return False
        publication = line.publication
        publication.verdict, publication.finished_at = Verdict.TRANSIENT, timezone.now()
        publication.message = "The product was changed before the file left; nothing was sent."
        publication.context = None
        publication.save(update_fields=["verdict", "finished_at", "message", "context"])
        line.delete()
        run.lines_count -= 1
        run.save(update_fields=["lines_count"])
    return True


def outdated(line: BulkLine, desired: Desired | None) -> bool:
    """Whether the product should show something else by now than what is in the file."""
    hashes = desired.hashes if desired else {}
    held = line.publication.carries
    return any(hashes.get(row, {}).get(f, "") != h for row, facets in held.items() for f, h in facets.items())


def settled(placement: Placement, with_what: Sending, line: BulkLine) -> tuple[Operation, Outcome]:
    """Book the answer of the channel's file to this call, as if it had gone alone. Raises LeaseLost."""
    publication = line.publication
    request = blobs.get(publication.request)
    operation = Operation(
        name=publication.operation,
        request=Request(request["method"], request["url"], body=str(request["body"]).encode()),
        carries=tuple((row, Facet(facet)) for row, facets in publication.carries.items() for facet in facets),
        idempotent=False,  # no answer: it is read before anything else
        context=publication.context or {},
    )
    if line.answer:
        response = Response(200, body=json.dumps(blobs.get(line.answer)).encode())
    else:
        why = "the channel's answers do not name it" if line.sent else "the file was not sent"
        response = Response(0, error=why, sent=line.sent)
    with transaction.atomic():
        lease.guard(placement)
        outcome = settle(placement, with_what, operation, publication, response, publication.carries, way=IN_BULK)
        line.settled_at = timezone.now()
        line.save(update_fields=["settled_at"])
    return operation, outcome
