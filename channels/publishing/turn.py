"""How a turn of the controller ends: when to look again, and what is noted on the placement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Outcome, Verdict
from channels.models import Channel, ChannelIssue, Listing, Placement, RemoteLink
from channels.publishing import leased
from channels.publishing.desire import Desired, record_issues, set_states

S = Listing.State
GIVE_UP_AFTER = 8  # fruitless tries in a row; then it is "failed", and tried again each hour
FIRST_LOOK = dt.timedelta(seconds=0.4)
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a turn ended: when to look again (None: at the next change), and fields for the row."""

    due_at: dt.datetime | None
    fields: dict[str, object]


def fields(placement: Placement, **more: object) -> dict[str, object]:
    return {
        "revision": placement.revision,
        "must_read": placement.must_read,
        "withdrawn_at": placement.withdrawn_at,
        "problem": "",
    } | more


def wait(placement: Placement, seconds: float) -> Turn:
    """The channel as a whole takes no call so soon: nobody prepares what could not be sent."""
    until = timezone.now() + dt.timedelta(seconds=seconds)
    Channel.objects.filter(pk=placement.channel_id).update(wait_until=until)
    return Turn(until, {"attempts": placement.attempts, "reads": placement.reads})


def look_again(placement: Placement, *, longest: float, **more: object) -> Turn:
    """The channel needs a moment, from parts of a second to minutes: look less and less often."""
    seconds = min(FIRST_LOOK.total_seconds() * 2 ** min(placement.reads, 12), longest)
    moment = timezone.now() + dt.timedelta(seconds=seconds)
    return Turn(moment, fields(placement, reads=placement.reads + 1, **more))


def blocked(placement: Placement, issues: Iterable[Issue], desired: Desired | None) -> Turn:
    found = list(issues)
    record_issues(placement, found, source=ChannelIssue.Source.PREFLIGHT, desired=desired)
    if not leased.listings(placement):
        Listing.objects.get_or_create(placement=placement, sku="")
        leased.forget(placement, "listings")
    set_states(placement, S.BLOCKED)
    return Turn(desired.source.recheck_at if desired else None, fields(placement, problem=words(found)))


def later(placement: Placement, problem: str) -> Turn:
    """Try again with growing distance; after many tries it counts as failed, and is still tried each hour."""
    attempts = placement.attempts + 1
    Placement.objects.filter(pk=placement.pk).update(attempts=F("attempts") + 1)
    if attempts >= GIVE_UP_AFTER:
        return failed(placement, Issue(code="unreachable", message=problem), retry=HOUR)
    # Jitter without randomness: products of a batch spread by their id.
    seconds = 2 ** min(attempts, 6) * (0.5 + (placement.pk % 16) / 32)
    moment = timezone.now() + dt.timedelta(seconds=seconds)
    return Turn(moment, fields(placement, problem=problem, attempts=attempts))


def failed(placement: Placement, *issues: Issue, retry: dt.timedelta) -> Turn:
    record_issues(placement, issues, source=ChannelIssue.Source.CHANNEL)
    set_states(placement, S.FAILED)
    return Turn(timezone.now() + retry, fields(placement, problem=words(issues)))


def words(issues: Iterable[Issue]) -> str:
    return " ".join(dict.fromkeys(i.message for i in issues if i.severity == "error"))[:500]


def after(placement: Placement, operation: Operation, outcome: Outcome) -> Turn | None:
    """What follows a call: None when the next one may, else how the turn ends."""
    now = timezone.now()
    match outcome.verdict:
        case Verdict.ACCEPTED | Verdict.SUPERSEDED:
            return None
        case Verdict.REJECTED:
            return None  # what was refused is noted; the other rows go on
        case Verdict.WORKING:
            set_states(placement, S.QUEUED, dict.fromkeys(row for row, _ in operation.carries))
            return look_again(placement, longest=60, problem="The channel is still working on it.")
        case Verdict.THROTTLED | Verdict.QUOTA:
            seconds = outcome.retry_after or (2.0 if outcome.verdict is Verdict.THROTTLED else 3600.0)
            until = now + dt.timedelta(seconds=seconds)
            Channel.objects.filter(pk=placement.channel_id).update(wait_until=until)
            set_states(placement, S.QUEUED, dict.fromkeys(row for row, _ in operation.carries))
            return Turn(until, fields(placement, problem="The channel asks us to wait."))
        case Verdict.UNKNOWN | Verdict.STALE:
            turn = later(placement, "The answer was lost or the channel had changed; it is read before the next try.")
            turn.fields["must_read"] = True
            return turn
        case Verdict.GONE:
            RemoteLink.objects.filter(placement=placement).delete()
            Listing.objects.filter(placement=placement).update(accepted={}, verified={})
            leased.forget(placement)
            return later(placement, "The product is gone from the channel; it is created anew.")
        case Verdict.TRANSIENT:
            return later(placement, words(outcome.issues) or "The channel could not be reached.")
        case Verdict.AUTH | Verdict.CONFIG:
            Channel.objects.filter(pk=placement.channel_id).update(
                wait_until=now + dt.timedelta(minutes=5), access_token_encrypted="", access_token_until=None
            )
            return failed(placement, *outcome.issues, retry=dt.timedelta(minutes=5))
        case _:
            return failed(placement, *outcome.issues, retry=HOUR)
