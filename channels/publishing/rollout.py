"""Widen a channel in waves: a few products first, looked at live, then more, stopped by itself when too many go wrong.

Who is shown is noted on the placements; each wave adds to them. Works level-triggered: `advance` may be called by any
worker at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from catalog import events
from catalog.models import User
from channels.models import Channel, Listing, Placement, Rollout
from channels.publishing import selection as selections
from channels.publishing.request import make_due
from channels.publishing.selection import Selection
from governance.models import Standing
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

S, L = Rollout.State, Listing.State
OPEN = (S.CANARY, S.REST, S.STOPPED)
GROWTH = 5  # each wave is so many times the one before
NOTHING: dict[str, JSON] = {"nothing": True}
_BAD = (L.REJECTED, L.FAILED, L.BLOCKED, L.DRIFTED)
_SETTLED = (*_BAD, L.LIVE, L.HELD, L.OFF)


class CannotRoll(Exception):
    """It cannot begin or go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Product ids that would come to the channel, and that would leave it."""

    adds: list[int]
    removes: list[int]


def preview(channel: Channel, selection: Selection) -> Preview:
    """Raises BadFilter."""
    approved = list(Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True))
    before = selections.chosen(channel, approved) if channel.sends else set()
    after = selections.within(selection, approved)
    return Preview(sorted(after - before), sorted(before - after))


def start(*, channel: Channel, selection: Selection, canary: int, most_bad: int, user: User) -> Rollout:
    """Begin with `canary` products. Raises CannotRoll, BadFilter."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)
        if Rollout.objects.filter(channel=channel, state__in=OPEN).exists():
            raise CannotRoll("A rollout of this channel is under way. Let it end, or take it back, first.")
        if canary < 1 or not 0 <= most_bad <= 100:
            raise CannotRoll("Begin with at least one product, and let 0 to 100 percent of them go wrong.")
        found = preview(channel, selection)
        rollout = Rollout.objects.create(
            channel=channel,
            selection=dict(selection) if selection is not None else None,
            before=channel.selection,
            sent_before=channel.sends,
            canary=found.adds[:canary],
            adds=len(found.adds),
            removes=len(found.removes),
            most_bad=most_bad,
            by=user,
        )
        _mark_placed(channel, shown=channel.sends)
        if not channel.sends:
            channel.selection = NOTHING
        elif channel.selection is None:
            channel.selection = {"filter": [], "text": ""}
        channel.sends = True
        channel.save(update_fields=["selection", "sends"])
        audit.record("rollout.started", f"channel:{channel.code}", adds=rollout.adds, removes=rollout.removes)
        if found.adds:
            _show(channel, rollout.canary)
        else:
            _finish(rollout)
    return rollout


def advance(rollout_id: int) -> None:
    """Look at the present wave; when it has settled, go on with the next one, or stop."""
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update(of=("self",)).select_related("channel").get(pk=rollout_id)
        if rollout.state not in (S.CANARY, S.REST):
            return
        if not settled(rollout.channel, rollout.canary):
            return
        bad = went_wrong(rollout.channel, rollout.canary)
        if len(bad) * 100 > rollout.most_bad * len(rollout.canary):
            _stop(rollout, len(bad))
        else:
            _next(rollout)


def go_on(*, rollout: Rollout, user: User) -> None:
    """Widen although it stopped. Raises CannotRoll."""
    with transaction.atomic():
        row = Rollout.objects.select_for_update(of=("self",)).select_related("channel").get(pk=rollout.pk)
        if row.state != S.STOPPED:
            raise CannotRoll("It does not stand still.")
        audit.record("rollout.went_on", f"channel:{row.channel.code}", problem=row.problem, person=user.pk)
        row.problem = ""
        _next(row)


def stop(*, rollout: Rollout, user: User) -> None:
    """Send no further wave until somebody goes on. Raises CannotRoll."""
    with transaction.atomic():
        row = Rollout.objects.select_for_update(of=("self",)).select_related("channel").get(pk=rollout.pk)
        if row.state not in (S.CANARY, S.REST):
            raise CannotRoll("It is not under way.")
        row.state, row.problem = S.STOPPED, "Somebody stopped it. Go on, or take it back."
        row.save(update_fields=["state", "problem"])
        audit.record("rollout.halted", f"channel:{row.channel.code}", person=user.pk)


def take_back(*, rollout: Rollout, user: User) -> int:
    """Show again what was shown before; how many products leave the channel. Raises CannotRoll."""
    with transaction.atomic():
        row = Rollout.objects.select_for_update(of=("self",)).select_related("channel").get(pk=rollout.pk)
        if row.state not in OPEN:
            raise CannotRoll("It has ended. Begin another one with what shall be shown.")
        channel = row.channel
        channel.selection = row.before if row.sent_before else NOTHING
        channel.save(update_fields=["selection"])
        shown = Placement.objects.filter(channel=channel, selected=True).values_list("product_id", flat=True)
        keep = selections.within(row.before, shown) if row.sent_before else set()
        gone = sorted(set(shown) - keep)
        selections.remember(channel, gone, chosen=False)
        make_due(channel=channel, product_ids=gone)
        row.state, row.finished_at = S.TAKEN_BACK, timezone.now()
        row.save(update_fields=["state", "finished_at"])
        audit.record("rollout.taken_back", f"channel:{channel.code}", products=len(gone), person=user.pk)
    events.ring("dispatch")
    return len(gone)


def waiting() -> list[int]:
    return list(Rollout.objects.filter(state__in=(S.CANARY, S.REST)).values_list("pk", flat=True))


def settled(channel: Channel, ids: Sequence[int]) -> bool:
    """Whether of each product it is known how it came out: read back, or in need of somebody."""
    placed = Placement.objects.filter(channel=channel, product_id__in=ids)
    open_rows = Listing.objects.filter(placement__in=placed).exclude(state__in=_SETTLED)
    return placed.filter(listings__isnull=False).distinct().count() == len(ids) and not open_rows.exists()


def went_wrong(channel: Channel, ids: Sequence[int]) -> set[int]:
    rows = Listing.objects.filter(placement__channel=channel, placement__product_id__in=ids, state__in=_BAD)
    return set(rows.values_list("placement__product_id", flat=True))


def _next(rollout: Rollout) -> None:
    """The next wave; when nothing is left, what leaves goes, and it is done."""
    channel = rollout.channel
    approved = Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True)
    shown = set(Placement.objects.filter(channel=channel, selected=True).values_list("product_id", flat=True))
    rest = sorted(selections.within(rollout.selection, approved) - shown)
    if not rest:
        _finish(rollout)
        return
    rollout.canary = rest[: len(rollout.canary) * GROWTH]
    rollout.state = S.REST
    rollout.save(update_fields=["canary", "state", "problem"])
    _show(channel, rollout.canary)


def _finish(rollout: Rollout) -> None:
    channel = rollout.channel
    channel.selection = rollout.selection
    channel.save(update_fields=["selection"])
    shown = set(Placement.objects.filter(channel=channel, selected=True).values_list("product_id", flat=True))
    gone = sorted(shown - selections.within(rollout.selection, shown))
    selections.remember(channel, gone, chosen=False)
    make_due(channel=channel, product_ids=gone)
    rollout.state, rollout.finished_at = S.DONE, timezone.now()
    rollout.save(update_fields=["state", "finished_at", "problem"])
    audit.record("rollout.done", f"channel:{channel.code}", shown=len(shown) - len(gone), gone=len(gone))
    events.ring("dispatch")


def _stop(rollout: Rollout, bad: int) -> None:
    rollout.state = S.STOPPED
    rollout.problem = (
        f"{bad} of {len(rollout.canary)} products went wrong; at most {rollout.most_bad} % may. Nothing more is sent "
        "until somebody goes on or takes it back."
    )
    rollout.save(update_fields=["state", "problem"])
    audit.record("rollout.stopped", f"channel:{rollout.channel.code}", bad=bad, of=len(rollout.canary))
    events.append(type="channel.rollout_stopped", data={"channel": rollout.channel.code, "problem": rollout.problem})


def _show(channel: Channel, ids: Sequence[int]) -> None:
    make_due(channel=channel, product_ids=ids)
    selections.remember(channel, ids, chosen=True)
    events.ring("dispatch")


def _mark_placed(channel: Channel, *, shown: bool) -> None:
    """What is placed without ever having been asked for is shown, or not, as the channel sent or did not."""
    if channel.selection is None:
        Placement.objects.filter(channel=channel).update(selected=shown)
