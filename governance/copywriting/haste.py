"""Approvals too fast to have been read, and long rows of them without one rejection: told to the reviewer and the lead.

Counted from the decisions themselves. A warning stops nobody; seeds do that (`seeds.may_batch`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import User
from governance.models import Draft, Proposal

FLOOR = 2.0  # seconds that a text takes to be read, at the very least
SOME = 5  # texts taken faster than that, one after the other: once is a slip of the key
ROW = 60  # taken without turning one down
Decision = tuple[str, dt.datetime]  # state, moment
S = Proposal.State


@dataclass(frozen=True, slots=True)
class Haste:
    """`fast`: texts taken within the floor after the decision before; `fastest` and `longest` rows of such."""

    fast: int = 0
    fastest: int = 0
    longest: int = 0

    @property
    def is_too_fast(self) -> bool:
        return self.fastest >= SOME

    @property
    def never_refuses(self) -> bool:
        return self.longest > ROW

    @property
    def is_warned(self) -> bool:
        return self.is_too_fast or self.never_refuses


def of_decisions(decisions: Iterable[Decision]) -> Haste:
    """Of one person's decisions, the oldest first."""
    fast = fastest = longest = hurried = row = 0
    before: dt.datetime | None = None
    for state, moment in decisions:
        taken = state == S.ACCEPTED
        quick = taken and before is not None and (moment - before).total_seconds() < FLOOR
        row = row + 1 if taken else 0
        hurried = hurried + 1 if quick else 0
        fast, fastest, longest = fast + quick, max(fastest, hurried), max(longest, row)
        before = moment
    return Haste(fast, fastest, longest)


def lately(user: User) -> Haste:
    """Of the last decisions of a person on drafts: what that person is told while reviewing."""
    rows = Proposal.objects.filter(decided_by=user, draft__isnull=False, state__in=(S.ACCEPTED, S.REJECTED))
    found = list(rows.order_by("-decided_at", "-pk").values_list("state", "decided_at")[: ROW + SOME])
    return of_decisions((str(state), at) for state, at in reversed(found) if at is not None)


def by_reviewer(since: dt.datetime) -> dict[str, Haste]:
    """{user name: haste} of decisions on drafts that were written since."""
    found: dict[str, list[Decision]] = {}
    rows = Draft.objects.filter(created_at__gte=since, proposal__state__in=(S.ACCEPTED, S.REJECTED))
    columns = ("proposal__decided_by__username", "proposal__state", "proposal__decided_at")
    for name, state, at in rows.order_by("proposal__decided_at", "pk").values_list(*columns).iterator(chunk_size=2000):
        if name and at:
            found.setdefault(name, []).append((state, at))
    return {name: of_decisions(decisions) for name, decisions in found.items()}
