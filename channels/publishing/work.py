"""One turn of the controller for one product on one channel.

1 claim · 2 render and check · 3 if the channel's side is uncertain, read it back · 4 plan, send and
settle until nothing is left to send · 5 read back what is accepted but not seen live · 6 release with
the next moment to look. Killed at any line, the row is due again when its lease ends.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, replace

from django.utils import timezone

from channels.connections import ChannelNotReady, authorise, connect, connector_of
from channels.connectors.base import Operation
from channels.connectors.outcome import Issue
from channels.definitions import UNAVAILABLE
from channels.models import ChannelIssue, Listing, Placement
from channels.publishing import bulk_lines, holds, lease, leased, meeting, policy, removal, taken, turn
from channels.publishing.announce import announce
from channels.publishing.desire import ABSENT, Desired, desire, note, record_issues, set_states
from channels.publishing.known import known
from channels.publishing.policy import Policy
from channels.publishing.read_back import read_back
from channels.publishing.send import Sending, send_operation, sending, settle_lost
from channels.publishing.turn import FIRST_LOOK, Turn
from channels.rates import Wait
from governance.models import Standing

S = Listing.State
IN_A_FILE = "It is in a file of many that the channel works through."
logger = logging.getLogger("pimhub.publishing")

# A product that needs more calls than this in one turn is planned wrongly; it waits, and says so.
MAX_CALLS = 100  # and three for each row, for channels that take a call per variant


@dataclass(frozen=True, slots=True)
class Ready:
    """The calls that may leave now, the rows of those that wait for a person, and when the next of the rest may."""

    calls: list[Operation]
    held: frozenset[str]
    opens: dt.datetime | None


def work(placement_id: int) -> bool:
    """Do one turn if the placement is due and free; whether it was."""
    placement = lease.claim(placement_id)
    if placement is None:
        return False
    seen_due = placement.due_at
    try:
        try:
            ended = _turn(placement)
        except Wait as wait:
            ended = turn.wait(placement, wait.seconds)
        announce(placement)
        lease.release(placement, due_at=ended.due_at, seen_due=seen_due, **ended.fields)
    except lease.LeaseLost:
        logger.warning("lease lost", extra={"placement": placement_id})
        Placement.objects.filter(pk=placement_id).update(must_read=True, due_at=timezone.now())
    return True


def _turn(placement: Placement) -> Turn:
    standing = Standing.objects.select_related("live", "product").get(product_id=placement.product_id)
    rules = policy.read(placement.channel.policy)
    desired = desire(placement.channel, standing)
    ended = _from_file(placement, desired)
    if ended is not None:
        return ended
    if isinstance(desired, Issue):
        if desired.code == UNAVAILABLE:
            return turn.failed(placement, desired, retry=dt.timedelta(minutes=5))
        if desired.code in ABSENT:
            return removal.withdraw(placement, desired, rules)
        return turn.blocked(placement, [desired], None)
    placement.revision = desired.source.revision
    if placement.withdrawn_at or taken.was_leaving(placement):
        taken.forget(placement)
        placement.withdrawn_at, placement.must_read = None, True  # it is wanted again: how far had it gone?
    note(placement, desired, since=placement.due_at)
    _refresh(placement, desired)
    if desired.blocked:
        return turn.blocked(placement, desired.issues, desired)
    record_issues(placement, desired.issues, source=ChannelIssue.Source.PREFLIGHT, desired=desired)
    if not placement.channel.sends:
        set_states(placement, S.QUEUED)
        return Turn(_recheck(placement, desired), turn.fields(placement, problem="The channel only previews."))
    try:
        connection = authorise(placement.channel, desired.connector, desired.connection)
    except ChannelNotReady as error:
        return turn.failed(placement, Issue(code=error.code, message=str(error)), retry=dt.timedelta(minutes=5))
    return _converge(placement, desired.on(connection), rules)


def _from_file(placement: Placement, desired: Desired | Issue) -> Turn | None:
    """A call that went in a file: booked when it was answered, taken back while the file is here and another is
    wanted, else waited for. None when the turn goes on."""
    lines = bulk_lines.open_lines(placement)
    wanted = desired if isinstance(desired, Desired) else None
    if answered := [line for line in lines if line.answered_at is not None]:
        connector = connector_of(placement.channel)
        with_what = Sending(connector, connect(placement.channel), wanted)
        booked = [bulk_lines.settled(placement, with_what, line) for line in answered]
        ends = [turn.after(placement, operation, outcome) for operation, outcome in booked]
        return next((ended for ended in ends if ended is not None), None)
    lines = [line for line in lines if not (bulk_lines.outdated(line, wanted) and bulk_lines.withdraw(line))]
    if not lines:
        return None
    if wanted is None or wanted.blocked:
        return Turn(None, turn.fields(placement, problem=IN_A_FILE))  # woken by the answer
    return None


def _converge(placement: Placement, desired: Desired, rules: Policy) -> Turn:
    ended = meeting.meet(placement, desired)
    if ended is not None:
        return ended
    unfinished = "publications" not in placement.lacks and placement.publications.filter(verdict="").exists()
    if placement.must_read or unfinished:
        state = read_back(placement, desired, adopt=True)
        if state is None or (state.pending and not state.bodies):
            return turn.later(placement, "The channel could not be read; it is tried again.")
        settle_lost(placement)
        placement.must_read = False
    taken.assume_the_worst(placement, desired.hashes)
    sent = False
    calls = MAX_CALLS + 3 * len(desired.rendered.bodies)
    for _ in range(calls):
        ready = _ready(placement, desired, rules)
        lines = bulk_lines.open_lines(placement)
        if filed := bulk_lines.next_for_file(placement, desired, ready.calls, lines):
            bulk_lines.enlist(placement, desired, *filed)
            continue
        if lines:
            ready = replace(ready, calls=bulk_lines.overtaking(lines, ready.calls))
            if not ready.calls:
                set_states(placement, S.QUEUED, {row: None for line in lines for row in line.publication.carries})
                return Turn(_recheck(placement, desired), turn.fields(placement, problem=IN_A_FILE, attempts=0))
        if not ready.calls:
            ended = _verify(placement, desired, ready, rules, sent=sent)
            if ended is None:
                continue
            return ended
        sent = True
        outcome = send_operation(placement, sending(desired), ready.calls[0])
        after = turn.after(placement, ready.calls[0], outcome)
        if after is not None:
            return after
    return turn.failed(
        placement,
        Issue(code="no_end", message=f"The channel still differs after {calls} calls; please report this."),
        retry=turn.HOUR,
    )


def _ready(placement: Placement, desired: Desired, rules: Policy) -> Ready:
    """The planned calls without those that wait for the channel, a person or their time, or would repeat, unchanged,
    what the channel refused."""
    listings = {x.sku: x for x in leased.listings(placement)}
    refused = {(x.sku, f) for x in listings.values() for f, h in x.refused.items() if x.desired.get(f) == h}
    planned = desired.connector.plan(desired.rendered, known(placement, desired.bodies), desired.connection)
    able = [op for op in planned if not op.waits_for]
    able = [op for op in able if not refused.intersection((row, str(facet)) for row, facet in op.carries)]
    free = meeting.free_of(placement, desired, holds.free_of(placement, desired, able, rules))
    held = frozenset(row for op in able if op not in free for row, _ in op.carries)
    if desired.pin is not None:
        return Ready(free, held, None)  # somebody puts it back now, whatever the hour
    moments = [_opens(placement, op, listings, rules) for op in free]
    return Ready(
        [op for op, moment in zip(free, moments, strict=True) if moment is None],
        held,
        min((m for m in moments if m), default=None),
    )


def _opens(placement: Placement, op: Operation, listings: dict[str, Listing], rules: Policy) -> dt.datetime | None:
    """When the call may leave: when the last of what it carries may; None: now."""
    now, found = timezone.now(), []
    for row, facet in op.carries:
        since = listings[row].wanted.get(facet) if row in listings else None
        wanted = dt.datetime.fromisoformat(since) if since else now
        found.append(rules.opens(str(facet), product=placement.product.code, wanted=wanted, now=now))
    return max((m for m in found if m), default=None)


def _is_refused(listing: Listing) -> bool:
    return any(listing.desired.get(f) == h for f, h in listing.refused.items())


def _verify(placement: Placement, desired: Desired, ready: Ready, rules: Policy, *, sent: bool) -> Turn | None:
    """Nothing is left to send now: is what was accepted live? Read it back unless that is known. None when what was
    read has set free a call that waited for it, as a variant's for its parent."""
    listings = leased.listings(placement)
    refused = any(_is_refused(x) for x in listings)
    fields = turn.fields(placement, attempts=0, reads=0)
    if refused:
        del fields["problem"]  # it names what was refused
    else:
        record_issues(placement, [], source=ChannelIssue.Source.CHANNEL)
        fields["problem"] = meeting.WAITS if meeting.is_foreign(placement) else _waits(ready)
    if sent:
        # The channel needs a moment, and so do the others in the queue.
        return Turn(timezone.now() + FIRST_LOOK, fields)
    wanted = [x for x in listings if x.desired and not _is_refused(x)]
    due = min((m for m in (_recheck(placement, desired), ready.opens) if m), default=None)
    if any(x.accepted for x in listings) and not all(x.verified == x.accepted for x in wanted):
        state = read_back(placement, desired, adopt=False)
        if state is None:
            return turn.later(placement, "The channel could not be read back; it is tried again.")
        if state.pending:
            # Accepted but not visible yet: processing takes from seconds to minutes.
            return turn.look_again(placement, longest=600, attempts=0)
        if _ready(placement, desired, rules).calls:
            placement.attempts = placement.reads = 0
            return None
    else:
        set_states(placement, S.LIVE, {x.sku: None for x in wanted if x.verified == x.desired})
        set_states(placement, S.QUEUED, {x.sku: None for x in wanted if x.verified != x.desired})
    set_states(placement, S.HELD, dict.fromkeys(ready.held))
    return Turn(due, fields)


def _waits(ready: Ready) -> str:
    if ready.held:
        return "A change waits for confirmation."
    return f"A change waits until {ready.opens:%Y-%m-%d %H:%M} UTC." if ready.opens else ""


# ---- moments -------------------------------------------------------------------------------------


def _refresh(placement: Placement, desired: Desired) -> None:
    """Some channels forget what is not sent again in time: what is that old counts as not sent."""
    refresh = getattr(desired.connector, "refresh_after", None)
    if refresh is not None:
        before = timezone.now() - refresh
        if any(x.accepted_at and x.accepted_at < before for x in leased.listings(placement)):
            placement.listings.filter(accepted_at__lt=before).update(accepted={}, verified={})
            leased.forget(placement, "listings")


def _recheck(placement: Placement, desired: Desired) -> dt.datetime | None:
    """The next moment at which the same product may render differently, or must be refreshed."""
    moments = [desired.source.recheck_at, desired.rendered.recheck_at]
    refresh = getattr(desired.connector, "refresh_after", None)
    if refresh is not None:
        # Of the oldest: not every call that was taken since counts (see `Operation.renews`).
        oldest = min((x.accepted_at for x in leased.listings(placement) if x.accepted_at), default=None)
        moments.append((oldest or timezone.now()) + refresh)
    return min((m for m in moments if m), default=None)
