"""Gaps put right: by the source's figure, by sending ours, or by a proposal for who decides.

Gaps are asked for and repaired in slices, so that a hundred thousand are no different from one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.intake.messages import read
from catalog.intake.take import take
from catalog.models import ChangeSet, Product, User
from catalog.products.reference import load_reference
from catalog.products.wire import BadForm
from channels.models import Gap, Placement
from channels.publishing.request import publish
from governance import proposals
from governance.proposals import CannotPropose
from pimhub.foundation import audit

BATCH = 200
S, H = Gap.State, Gap.Hop
Way = Gap.Way
TAKEN = (H.LOST, H.WRITTEN)  # where the source's figure can be taken
PROPOSED = (H.LOST, H.WRITTEN, H.OVERRIDDEN)
DECIDED_ELSEWHERE = {
    H.REFUSED: "It waits among the rejected messages: mend its cause there.",
    H.HELD: "It waits among the held prices, to be confirmed there.",
    H.OVERRIDDEN: "Somebody set another value for a time: end that, or propose the source's figure.",
    H.WAITING: "It is on its way in. Compare anew later.",
    H.ABSENT: "The source does not know it: its owner says which of the two is wrong.",
    H.UNREADABLE: "The source must send the line anew.",
    H.UNREAD: "The channel could not be read. Compare anew later.",
    H.STRANGE: "Nothing of ours is to be sent: choose its product for the channel, or end it there.",
}


def ask(gaps: QuerySet[Gap], *, user: User, way: str = Way.REPAIR) -> int:
    """Have open gaps repaired, each as its hop allows; how many. What somebody must decide stays open and says so."""
    with transaction.atomic():
        count = gaps.filter(state=S.OPEN).update(state=S.ASKED, way=way, repaired_by=user, note="")
        if count:
            audit.record("gaps.repair_asked", "reconciliation", count=count, way=way, by=user.pk)
            events.ring("reconciliations")
    return count


def anything_asked() -> bool:
    return Gap.objects.filter(state=S.ASKED).exists()


def work_off() -> bool:
    """Repair what was asked for, for a slice; whether there is more. May be killed at any line."""
    with transaction.atomic():
        rows = Gap.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=S.ASKED).order_by("pk")
        gaps = list(rows.select_related("run__source__system", "run__channel", "product")[:BATCH])
        for (_, way, user), found in _groups(gaps).items():
            _repair(found, way=way, user=user)
    return len(gaps) == BATCH


def _groups(gaps: Sequence[Gap]) -> dict[tuple[int, str, User], list[Gap]]:
    users = User.objects.in_bulk({gap.repaired_by_id for gap in gaps})
    found: dict[tuple[int, str, User], list[Gap]] = {}
    for gap in gaps:
        assert gap.repaired_by_id is not None
        found.setdefault((gap.run_id, gap.way, users[gap.repaired_by_id]), []).append(gap)
    return found


def _repair(gaps: Sequence[Gap], *, way: str, user: User) -> None:
    """Gaps of one comparison; each ends repaired, proposed, or open with a note."""
    deed: Callable[[Sequence[Gap], User], dict[int, str]]
    if gaps[0].run.channel_id:
        deed = _send
    else:
        deed = _propose if way == Way.PROPOSE else _take_anew
    open_ = deed(gaps, user)
    now = timezone.now()
    done = [gap.pk for gap in gaps if gap.pk not in open_]
    state = S.PROPOSED if deed is _propose else S.REPAIRED
    Gap.objects.filter(pk__in=done).update(state=state, repaired_at=now)
    for pk, note in open_.items():
        Gap.objects.filter(pk=pk).update(state=S.OPEN, note=note[:300], repaired_by=None)


def _send(gaps: Sequence[Gap], user: User) -> dict[int, str]:
    """Ours is sent to the channel."""
    channel = gaps[0].run.channel
    assert channel is not None
    strange = {gap.pk: DECIDED_ELSEWHERE[H.STRANGE] for gap in gaps if gap.hop == H.STRANGE}
    ids = {gap.product_id for gap in gaps if gap.product_id is not None and gap.pk not in strange}
    Placement.objects.filter(channel=channel, product_id__in=ids).update(must_read=True)
    publish(channel=channel, products=Product.objects.filter(pk__in=ids), over_drift=True)
    return {gap.pk: "Its product is no longer here." for gap in gaps if gap.product_id is None} | strange


def _take_anew(gaps: Sequence[Gap], user: User) -> dict[int, str]:
    """The snapshot's figures, as of now: what the hub holds was written without a newer word of the source."""
    source = gaps[0].run.source
    assert source is not None
    left = {gap.pk: DECIDED_ELSEWHERE.get(H(gap.hop), "") for gap in gaps if gap.hop not in TAKEN or gap.line is None}
    chosen, messages = [], []
    for gap in gaps:
        if gap.pk in left:
            continue
        line: dict[str, Any] = dict(gap.line or {})
        if gap.hop == H.WRITTEN:  # the same message was taken before; this is the word of who repairs
            line = {name: value for name, value in line.items() if name not in ("sequence", "at")}
        try:
            messages.append(read(source.delivers, line))
            chosen.append(gap)
        except BadForm as error:
            left[gap.pk] = error.errors[0].message
    reason = f"repaired after a comparison, by {user.display_name}"
    with acting(source=ChangeSet.Source.SYSTEM, system=source.system.code, reason=reason):
        outcomes = take(messages, load_reference())
    for gap, outcome in zip(chosen, outcomes, strict=True):
        if outcome.errors:
            left[gap.pk] = outcome.errors[0].message
        elif outcome.held:
            left[gap.pk] = DECIDED_ELSEWHERE[H.HELD]
        elif not outcome.applied:
            left[gap.pk] = "The source has sent something newer since. Compare anew."
    return left


def _propose(gaps: Sequence[Gap], user: User) -> dict[int, str]:
    """The source's figure becomes a proposal: who decides finds it in the inbox."""
    source = gaps[0].run.source
    assert source is not None
    left: dict[int, str] = {}
    for gap in gaps:
        if gap.hop not in PROPOSED or gap.product is None:
            left[gap.pk] = DECIDED_ELSEWHERE.get(H(gap.hop), "Its product is not here.")
            continue
        value: object = int(gap.theirs) if gap.key.startswith("stock.") else gap.theirs or None
        reason = f"{source.label or source.code} says so in its snapshot of {gap.run.started_at:%Y-%m-%d %H:%M} UTC"
        try:
            with acting(user=user, source=ChangeSet.Source.PAGE, reason=reason):
                proposals.propose(product=gap.product, wanted={gap.sku: {gap.key: value}}, reason=reason)
        except CannotPropose as error:
            left[gap.pk] = str(error)
    return left
