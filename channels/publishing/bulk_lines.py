"""A product's call in a file of many: put in, taken out again while the file is here, booked when it is answered."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
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
from pimhub.foundation.jsonvalue import JSON

IN_BULK = "in bulk"
# What may go to a channel by itself while a file with the product's content is on its way.
_OVERTAKES = (Facet.OFFER, Facet.STOCK)
S = BulkRun.State


def sends_in_bulk(connector: object) -> SendsInBulk | None:
    return cast(SendsInBulk, connector) if hasattr(connector, "bulk_kind") else None


def unsettled() -> QuerySet[BulkLine]:
    """Calls that are in a file and not booked yet."""
    return BulkLine.objects.filter(settled_at__isnull=True).order_by()


def open_lines(placement: Placement) -> list[BulkLine]:
    """The product's calls that are in a file and not booked yet: one, or one for each row (see `bulk_by_row`)."""
    if "lines" in placement.lacks:
        return []
    return list(unsettled().filter(placement=placement).select_related("run", "publication").order_by("pk"))


def next_for_file(
    placement: Placement, desired: Desired, calls: list[Operation], lines: list[BulkLine]
) -> tuple[Operation, str] | None:
    """The call that goes into a file now, and its kind; None when none does."""
    connector = sends_in_bulk(desired.connector)
    if connector is None or not calls or (lines and not connector.bulk_by_row):
        return None
    busy = {row for line in lines for row in line.publication.carries}
    for call in calls if connector.bulk_by_row else calls[:1]:
        rows = {row for row, _ in call.carries}
        if not rows & busy and (kind := kind_of(placement, desired, call)):
            return call, kind
    return None


def overtaking(lines: list[BulkLine], calls: list[Operation]) -> list[Operation]:
    """Of the calls those that need not wait for the file: prices and stock that are not in it."""
    held = {(row, facet) for line in lines for row, facets in line.publication.carries.items() for facet in facets}
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
    """A channel that refused a file, or broke one off, gets none for a while; its calls go alone."""
    since = timezone.now() - lease.LEASE * 60
    runs = BulkRun.objects.filter(channel=channel, finished_at__gt=since)
    return runs.filter(Q(state=S.UNSENT) | Q(state=S.DONE) & ~Q(problem="")).exists()


def enlist(placement: Placement, desired: Desired, operation: Operation, kind: str) -> BulkLine:
    """Put the call into the file that gathers. Raises LeaseLost."""
    connector = sends_in_bulk(desired.connector)
    assert connector is not None
    size = len(connector.bulk_line(kind, operation.request, 0)) + 8  # its number, and what parts it from the next
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
        placement.lacks -= {"lines"}
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


def kept(request: JSON) -> Request:
    """A call as its record has it, without what is secret."""
    return Request(request["method"], request["url"], body=str(request["body"]).encode())


def settled(placement: Placement, with_what: Sending, line: BulkLine) -> tuple[Operation, Outcome]:
    """Book the answer of the channel's file to this call, as if it had gone alone. Raises LeaseLost."""
    publication = line.publication
    operation = Operation(
        name=publication.operation,
        request=kept(blobs.get(publication.request)),
        carries=tuple((row, Facet(facet)) for row, facets in publication.carries.items() for facet in facets),
        idempotent=False,  # no answer: it is read before anything else
        context=publication.context or {},
    )
    if line.answer:
        assert line.answered_at is not None
        headers = {"date": format_datetime(line.answered_at.astimezone(dt.UTC), usegmt=True)}
        response = Response(200, headers, json.dumps(blobs.get(line.answer)).encode())
    else:
        why = "the channel's answers do not name it" if line.sent else "the file was not sent"
        response = Response(0, error=why, sent=line.sent)
    with transaction.atomic():
        lease.guard(placement)
        outcome = settle(placement, with_what, operation, publication, response, publication.carries, way=IN_BULK)
        line.settled_at = timezone.now()
        line.save(update_fields=["settled_at"])
    return operation, outcome
