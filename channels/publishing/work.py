"""One turn of the controller for one product on one channel.

1 claim · 2 render and check · 3 if the channel's side is uncertain, read it back · 4 plan, send and
settle until nothing is left to send · 5 read back what is accepted but not seen live · 6 release with
the next moment to look. Killed at any line, the row is due again when its lease ends.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from channels.connections import ChannelNotReady, authorise
from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Verdict
from channels.definitions import UNAVAILABLE
from channels.models import Channel, ChannelIssue, Listing, Placement, RemoteLink
from channels.publishing import lease
from channels.publishing.desire import Desired, desire, note, record_issues, set_states
from channels.publishing.known import known
from channels.publishing.read_back import read_back
from channels.publishing.send import send_operation
from channels.rates import Wait
from governance.models import Standing

S = Listing.State
logger = logging.getLogger("pimhub.publishing")

# A product that needs more calls than this in one turn is planned wrongly; it waits, and says so.
MAX_CALLS = 25  # and three for each row, for channels that take a call per variant
GIVE_UP_AFTER = 8  # fruitless tries in a row; then it is "failed", and tried again each hour
FIRST_LOOK = dt.timedelta(seconds=0.4)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a turn ended: when to look again (None: at the next change), and fields for the row."""

    due_at: dt.datetime | None
    fields: dict[str, object]


def work(placement_id: int) -> bool:
    """Do one turn if the placement is due and free; whether it was."""
    placement = lease.claim(placement_id)
    if placement is None:
        return False
    seen_due = placement.due_at
    try:
        try:
            turn = _turn(placement)
        except Wait as wait:
            turn = _wait(placement, wait.seconds)
        lease.release(placement, due_at=turn.due_at, seen_due=seen_due, **turn.fields)
    except lease.LeaseLost:
        logger.warning("lease lost", extra={"placement": placement_id})
        Placement.objects.filter(pk=placement_id).update(must_read=True, due_at=timezone.now())
    return True


def _turn(placement: Placement) -> Turn:
    standing = Standing.objects.select_related("live", "product").get(product_id=placement.product_id)
    desired = desire(placement.channel, standing)
    if isinstance(desired, Issue):
        if desired.code == UNAVAILABLE:
            return _failed(placement, desired, retry=dt.timedelta(minutes=5))
        return _blocked(placement, [desired], None)
    placement.revision = desired.source.revision
    note(placement, desired)
    _refresh(placement, desired)
    if desired.blocked:
        return _blocked(placement, desired.issues, desired)
    record_issues(placement, desired.issues, source=ChannelIssue.Source.PREFLIGHT, desired=desired)
    try:
        connection = authorise(placement.channel, desired.connector, desired.connection)
    except ChannelNotReady as error:
        return _failed(placement, Issue(code=error.code, message=str(error)), retry=dt.timedelta(minutes=5))
    return _converge(placement, desired.on(connection))


def _converge(placement: Placement, desired: Desired) -> Turn:
    unfinished = placement.publications.filter(verdict="").exists()
    if placement.must_read or unfinished:
        state = read_back(placement, desired, adopt=True)
        if state is None or (state.pending and not state.bodies):
            return _later(placement, "The channel could not be read; it is tried again.")
        placement.publications.filter(verdict="").update(
            verdict=Verdict.UNKNOWN,
            finished_at=timezone.now(),
            message="the answer was lost; the channel was read",
        )
        placement.must_read = False
    sent = False
    calls = MAX_CALLS + 3 * len(desired.rendered.bodies)
    for _ in range(calls):
        operations = _sendable(placement, desired)
        if not operations:
            return _verify(placement, desired, sent=sent)
        sent = True
        turn = _send(placement, desired, operations[0])
        if turn is not None:
            return turn
    return _failed(
        placement,
        Issue(code="no_end", message=f"The channel still differs after {calls} calls; please report this."),
        retry=dt.timedelta(hours=1),
    )


def _sendable(placement: Placement, desired: Desired) -> list[Operation]:
    """The planned calls without those that wait, or would repeat, unchanged, what the channel refused."""
    refused = {(x.sku, f) for x in placement.listings.all() for f, h in x.refused.items() if x.desired.get(f) == h}
    planned = desired.connector.plan(desired.rendered, known(placement), desired.connection)
    free = [op for op in planned if not op.waits_for]
    return [op for op in free if not refused.intersection((row, str(facet)) for row, facet in op.carries)]


def _is_refused(listing: Listing) -> bool:
    return any(listing.desired.get(f) == h for f, h in listing.refused.items())


def _send(placement: Placement, desired: Desired, operation: Operation) -> Turn | None:
    """Send one call; None when the next one may follow, else how the turn ends."""
    outcome = send_operation(placement, desired, operation)
    now = timezone.now()
    match outcome.verdict:
        case Verdict.ACCEPTED | Verdict.SUPERSEDED:
            return None
        case Verdict.REJECTED:
            return None  # what was refused is noted; the other rows go on
        case Verdict.WORKING:
            wait = min(FIRST_LOOK.total_seconds() * 2 ** min(placement.reads, 12), 60)
            set_states(placement, S.QUEUED, dict.fromkeys(row for row, _ in operation.carries))
            return Turn(
                now + dt.timedelta(seconds=wait),
                _fields(placement, reads=placement.reads + 1, problem="The channel is still working on it."),
            )
        case Verdict.THROTTLED | Verdict.QUOTA:
            wait = outcome.retry_after or (2.0 if outcome.verdict is Verdict.THROTTLED else 3600.0)
            until = now + dt.timedelta(seconds=wait)
            Channel.objects.filter(pk=placement.channel_id).update(wait_until=until)
            set_states(placement, S.QUEUED, dict.fromkeys(row for row, _ in operation.carries))
            return Turn(until, _fields(placement, problem="The channel asks us to wait."))
        case Verdict.UNKNOWN | Verdict.STALE:
            turn = _later(placement, "The answer was lost or the channel had changed; it is read before the next try.")
            turn.fields["must_read"] = True
            return turn
        case Verdict.GONE:
            RemoteLink.objects.filter(placement=placement).delete()
            placement.listings.update(accepted={}, verified={})
            return _later(placement, "The product is gone from the channel; it is created anew.")
        case Verdict.TRANSIENT:
            return _later(placement, _words(outcome.issues) or "The channel could not be reached.")
        case Verdict.AUTH | Verdict.CONFIG:
            Channel.objects.filter(pk=placement.channel_id).update(
                wait_until=now + dt.timedelta(minutes=5), access_token_encrypted="", access_token_until=None
            )
            return _failed(placement, *outcome.issues, retry=dt.timedelta(minutes=5))
        case _:
            return _failed(placement, *outcome.issues, retry=dt.timedelta(hours=1))


def _verify(placement: Placement, desired: Desired, *, sent: bool) -> Turn:
    """Nothing is left to send: is what was accepted live? Read it back unless that is known."""
    listings = list(placement.listings.all())
    refused = any(_is_refused(x) for x in listings)
    fields = _fields(placement, attempts=0, reads=0)
    if refused:
        del fields["problem"]  # it names what was refused
    else:
        record_issues(placement, [], source=ChannelIssue.Source.CHANNEL)
    if sent:
        # The channel needs a moment, and so do the others in the queue.
        return Turn(timezone.now() + FIRST_LOOK, fields)
    wanted = [x for x in listings if x.desired and not _is_refused(x)]
    if all(x.verified == x.desired for x in wanted):
        set_states(placement, S.LIVE, {x.sku: None for x in wanted})
        return Turn(_recheck(placement, desired), fields)
    state = read_back(placement, desired, adopt=False)
    if state is None:
        return _later(placement, "The channel could not be read back; it is tried again.")
    if state.pending:
        # Accepted but not visible yet: processing takes from seconds to minutes, so look less and less often.
        wait = min(FIRST_LOOK.total_seconds() * 2 ** min(placement.reads, 12), 600)
        return Turn(
            timezone.now() + dt.timedelta(seconds=wait),
            _fields(placement, attempts=0, reads=placement.reads + 1),
        )
    # What was read may have set free a call that waited for it.
    again = timezone.now() if _sendable(placement, desired) else _recheck(placement, desired)
    return Turn(again, fields)


# ---- how a turn ends -----------------------------------------------------------------------------


def _wait(placement: Placement, seconds: float) -> Turn:
    """The channel as a whole takes no call so soon: nobody prepares what could not be sent."""
    until = timezone.now() + dt.timedelta(seconds=seconds)
    Channel.objects.filter(pk=placement.channel_id).update(wait_until=until)
    return Turn(until, {})


def _fields(placement: Placement, **fields: object) -> dict[str, object]:
    return {"revision": placement.revision, "must_read": placement.must_read, "problem": ""} | fields


def _blocked(placement: Placement, issues: list[Issue] | tuple[Issue, ...], desired: Desired | None) -> Turn:
    record_issues(placement, issues, source=ChannelIssue.Source.PREFLIGHT, desired=desired)
    if not placement.listings.exists():
        Listing.objects.get_or_create(placement=placement, sku="")
    set_states(placement, S.BLOCKED)
    return Turn(desired.source.recheck_at if desired else None, _fields(placement, problem=_words(issues)))


def _later(placement: Placement, problem: str) -> Turn:
    """Try again with growing distance; after many tries it counts as failed, and is still tried each hour."""
    attempts = placement.attempts + 1
    Placement.objects.filter(pk=placement.pk).update(attempts=F("attempts") + 1)
    if attempts >= GIVE_UP_AFTER:
        return _failed(placement, Issue(code="unreachable", message=problem), retry=dt.timedelta(hours=1))
    # Jitter without randomness: products of a batch spread by their id.
    wait = 2 ** min(attempts, 6) * (0.5 + (placement.pk % 16) / 32)
    return Turn(timezone.now() + dt.timedelta(seconds=wait), _fields(placement, problem=problem, attempts=attempts))


def _failed(placement: Placement, *issues: Issue, retry: dt.timedelta) -> Turn:
    record_issues(placement, issues, source=ChannelIssue.Source.CHANNEL)
    set_states(placement, S.FAILED)
    return Turn(timezone.now() + retry, _fields(placement, problem=_words(issues)))


def _words(issues: list[Issue] | tuple[Issue, ...]) -> str:
    return " ".join(dict.fromkeys(i.message for i in issues if i.severity == "error"))[:500]


def _refresh(placement: Placement, desired: Desired) -> None:
    """Some channels forget what is not sent again in time: what is that old counts as not sent."""
    refresh = getattr(desired.connector, "refresh_after", None)
    if refresh is not None:
        placement.listings.filter(accepted_at__lt=timezone.now() - refresh).update(accepted={}, verified={})


def _recheck(placement: Placement, desired: Desired) -> dt.datetime | None:
    """The next moment at which the same product may render differently, or must be refreshed."""
    moments = [desired.source.recheck_at, desired.rendered.recheck_at]
    refresh = getattr(desired.connector, "refresh_after", None)
    if refresh is not None:
        moments.append(timezone.now() + refresh)
    return min((m for m in moments if m), default=None)
