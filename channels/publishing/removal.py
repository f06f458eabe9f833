"""Take a product off its channel in the safe order, and see that it is off."""

from __future__ import annotations

import dataclasses

from django.utils import timezone

from catalog import blobs
from channels.connections import ChannelNotReady, authorise, connect, connector_of
from channels.connectors.base import Connection, Connector, Operation, Rendered
from channels.connectors.outcome import Bodies, Issue, RemoteState, Verdict
from channels.models import ChannelIssue, Listing, Placement
from channels.publishing import holds, lease, leased, turn
from channels.publishing.desire import record_issues, set_states
from channels.publishing.known import known
from channels.publishing.policy import Policy
from channels.publishing.read_back import read_all
from channels.publishing.send import SETTLED, Sending, send_operation, settle_lost
from channels.publishing.turn import Turn

S = Listing.State
LOOKS = 12  # looks at a channel that still shows it, before it is asked again
# What was never shown, or is not approved, is told as a problem; the rest was meant to be off.
PROBLEMS = ("not_approved", "embargoed")
UNREAD = "The channel could not be read; it is tried again."
# Calls that may have taken effect although nobody said so; those that may be repeated are "transient".
# What the channel is still at work on may take effect as well.
UNHEARD = ("", Verdict.UNKNOWN, Verdict.TRANSIENT, Verdict.WORKING)


def withdraw(placement: Placement, why: Issue, policy: Policy) -> Turn:
    """One turn of taking it off. What is not there needs no call."""
    shown = shown_there(placement)
    if not shown and not placement.withdrawn_at and not placement.must_read:
        return _off(placement, why)
    try:
        connector = connector_of(placement.channel)
        connection = authorise(placement.channel, connector, connect(placement.channel))
    except ChannelNotReady as error:
        return turn.failed(placement, Issue(code=error.code, message=str(error)), retry=turn.HOUR / 12)
    if not placement.withdrawn_at:
        if not placement.channel.sends:
            set_states(placement, S.QUEUED)
            return Turn(None, turn.fields(placement, problem=f"{why.message} The channel only previews."))
        if not holds.may_remove(placement, policy, why.message):
            record_issues(placement, [why], source=ChannelIssue.Source.PREFLIGHT)
            set_states(placement, S.HELD)
            return Turn(None, turn.fields(placement, problem=f"{why.message} Taking it off waits for confirmation."))
        ended = _send(placement, connector, connection, shown)
        if ended is not None:
            return ended
        placement.withdrawn_at = timezone.now()
        return Turn(timezone.now() + turn.FIRST_LOOK, turn.fields(placement, attempts=0, reads=0))
    return _look(placement, connector, connection, shown, why)


def calls(placement: Placement, connector: Connector, connection: Connection) -> list[Operation]:
    """What would be sent to take it off; for previews too."""
    return list(connector.plan_removal(known(placement), connection))


def shown_there(placement: Placement) -> Bodies:
    """What the channel took of the product, with what a lost answer may have brought there."""
    rows: dict[str, dict[str, str]] = {x.sku: dict(x.accepted) for x in leased.listings(placement) if x.accepted}
    for publication in placement.publications.filter(verdict__in=UNHEARD, removal=False).order_by("pk"):
        newer = set(placement.listings.filter(accepted_at__gt=publication.created_at).values_list("sku", flat=True))
        for row in publication.carries.keys() - newer:
            rows.setdefault(row, {}).update({f: h for f, h in publication.carries[row].items() if h})
    found = blobs.get_all(h for facets in rows.values() for h in facets.values())
    return {row: {f: found[h] for f, h in facets.items()} for row, facets in rows.items() if facets}


def _send(placement: Placement, connector: Connector, connection: Connection, shown: Bodies) -> Turn | None:
    rendered = Rendered(product=placement.product.code, bodies=shown)
    state = read_all(placement, connector, connection, rendered)
    if state is None:
        return turn.later(placement, UNREAD)
    if state.links:
        lease.renew(placement)
    facts = known(placement)
    facts = dataclasses.replace(facts, links={**facts.links, **state.links}, accepted=state.bodies or facts.accepted)
    operations = connector.plan_removal(facts, connection)
    if is_off(connector, state) and not state.pending and not any(operation.settles for operation in operations):
        return None
    # What may still appear is taken off by its id; without one, it is looked for again.
    if state.pending and not state.bodies and not operations:
        return turn.later(placement, UNREAD)
    settle_lost(placement)
    if operations:
        set_states(placement, S.ACCEPTED)  # from the first call on nobody knows that it is live
    for operation in operations:
        sending = Sending(connector, connection, removal=not operation.settles)
        outcome = send_operation(placement, sending, operation)
        if operation.settles and outcome.verdict in SETTLED:
            return Turn(timezone.now(), turn.fields(placement, must_read=True))  # what came of it is seen anew
        if outcome.verdict is Verdict.REJECTED:
            return turn.failed(placement, *outcome.issues, retry=turn.HOUR)
        if outcome.verdict is Verdict.GONE:
            continue  # what is gone already needs no call
        ended = turn.after(placement, operation, outcome)
        if ended is not None:
            return ended
    return None


def _look(placement: Placement, connector: Connector, connection: Connection, shown: Bodies, why: Issue) -> Turn:
    state = read_all(placement, connector, connection, Rendered(product=placement.product.code, bodies=shown))
    if state is None:
        return turn.later(placement, "The channel could not be read back; it is tried again.")
    if is_off(connector, state):
        return _off(placement, why)
    if placement.reads >= LOOKS:
        placement.withdrawn_at = None
        return turn.later(placement, "The channel still shows it; it is taken off once more.")
    return turn.look_again(placement, longest=600)


def is_off(connector: Connector, state: RemoteState) -> bool:
    """Whether customers do not see it there any more: gone, or in the channel's own archive."""
    archived = getattr(connector, "is_archived", None)
    return not state.bodies or bool(archived and archived(state))


def _off(placement: Placement, why: Issue) -> Turn:
    placement.withdrawn_at = None
    holds.over(placement)
    record_issues(placement, [], source=ChannelIssue.Source.CHANNEL)
    record_issues(placement, [], source=ChannelIssue.Source.READ_BACK)
    was_there = placement.listings.filter(state__in=(S.ACCEPTED, S.LIVE, S.DRIFTED, S.HELD, S.OFF)).exists()
    Listing.objects.filter(placement=placement).update(
        desired={}, accepted={}, verified={}, refused={}, wanted={}, price=None, verified_at=timezone.now()
    )
    leased.forget(placement, "listings")
    if why.code in PROBLEMS and not was_there:
        return turn.blocked(placement, [why], None)
    record_issues(placement, [], source=ChannelIssue.Source.PREFLIGHT)
    if not leased.listings(placement):
        Listing.objects.get_or_create(placement=placement, sku="")
        leased.forget(placement, "listings")
    set_states(placement, S.OFF)
    return Turn(None, turn.fields(placement, problem=why.message, attempts=0, reads=0))
