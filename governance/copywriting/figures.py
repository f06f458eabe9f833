"""What became of texts, per prompt version, attribute, language or reviewer: from the rows, nothing is counted up."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from governance.copywriting.haste import Haste, by_reviewer
from governance.models import Draft, Proposal, ProviderCall, SeededDraft, TextOrigin

S = Proposal.State
BY = {"version": "Prompt version", "attribute": "Attribute", "locale": "Language", "reviewer": "Reviewer"}


@dataclass(slots=True)
class Figures:
    """Of one group of drafts. Distances in words, waits in seconds, costs in millionths."""

    name: str
    drafts: int = 0
    waiting: int = 0
    untouched: int = 0
    edited: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    flags: int = 0
    stale: int = 0
    micros: int = 0
    seeds: int = 0
    caught: int = 0
    distances: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    haste: Haste = field(default_factory=Haste)  # of a reviewer

    @property
    def accepted(self) -> int:
        return self.untouched + self.edited

    @property
    def decided(self) -> int:
        return self.accepted + sum(self.rejected.values())

    @property
    def acceptance(self) -> float | None:
        """Percent of what was decided."""
        return 100 * self.accepted / self.decided if self.decided else None

    @property
    def distance(self) -> float | None:
        return median(self.distances) if self.distances else None

    @property
    def wait(self) -> dt.timedelta | None:
        return dt.timedelta(seconds=round(median(self.waits))) if self.waits else None

    @property
    def flags_per_100(self) -> float:
        return 100 * self.flags / self.drafts if self.drafts else 0.0

    @property
    def cost(self) -> int | None:
        """Of an accepted text, with what was spent on all others."""
        return self.micros // self.accepted if self.accepted else None

    @property
    def catch_rate(self) -> float | None:
        return 100 * self.caught / self.seeds if self.seeds else None


_VERSION = ("version__template__code", "version__number", "version__template__label")
_GROUPS: dict[str, tuple[str, ...]] = {
    "version": _VERSION,
    "attribute": ("version__template__attribute__code",),
    "locale": ("locale",),
    "reviewer": ("proposal__decided_by__username",),
}


def figures(by: str, *, since: dt.datetime) -> list[Figures]:
    """Of drafts written since then, the largest group first. `by` is one of BY; reviewers have no cost."""
    found: dict[str, Figures] = {}

    def group(values: Iterable[object]) -> Figures:
        name = _name(by, list(values))
        return found.setdefault(name, Figures(name))

    names = _GROUPS[by]
    drafts = Draft.objects.filter(created_at__gte=since)
    columns = ("proposal__state", "proposal__why", "flags", "edited_words", "created_at", "proposal__decided_at")
    for row in drafts.values_list(*columns, *names).iterator(chunk_size=2000):
        state, why, flags, words, made, decided, *values = row
        if by == "reviewer" and values[0] is None:
            continue
        _count(group(values), state, why, flags, words, made, decided)
    _add(group, TextOrigin.objects.filter(is_current=True, stale_since__isnull=False), "draft__", names, since, "stale")
    _seeds(group, names, since)
    if by != "reviewer":
        _costs(group, by, since)
    else:
        for name, haste in by_reviewer(since).items():
            group([name]).haste = haste
    return sorted(found.values(), key=lambda each: (-each.drafts, each.name))


def _count(
    into: Figures, state: str, why: str, flags: int, words: int | None, made: dt.datetime, decided: dt.datetime | None
) -> None:
    into.drafts += 1
    into.flags += flags
    if state == S.OPEN:
        into.waiting += 1
    elif state == S.ACCEPTED:
        into.untouched += not words
        into.edited += bool(words)
        into.distances.append(words or 0)
    elif state == S.REJECTED:
        into.rejected[why] += 1
    if decided is not None:
        into.waits.append((decided - made).total_seconds())


Group = Callable[[Iterable[object]], Figures]


def _add(group: Group, rows: object, path: str, names: tuple[str, ...], since: dt.datetime, what: str) -> None:
    query = rows.filter(**{f"{path}created_at__gte": since})  # type: ignore[attr-defined]
    for values in query.values_list(*(path + name for name in names)):
        into = group(values)
        setattr(into, what, getattr(into, what) + 1)


def _seeds(group: Group, names: tuple[str, ...], since: dt.datetime) -> None:
    own = ("reviewer__username",) if names == _GROUPS["reviewer"] else tuple(f"draft__{name}" for name in names)
    decided = SeededDraft.objects.filter(shown_at__gte=since, caught__isnull=False)
    for caught, *values in decided.values_list("caught", *own):
        into = group(values)
        into.seeds += 1
        into.caught += caught


def _costs(group: Group, by: str, since: dt.datetime) -> None:
    names = [f"run__{name}" for name in _GROUPS[by]]
    calls = ProviderCall.objects.filter(started_at__gte=since, run__isnull=False).order_by()
    for row in calls.values(*names).annotate(sum=Sum(Coalesce(F("cost_micros"), F("reserved_micros")))):
        group([row[name] for name in names]).micros += int(row["sum"] or 0)


def _name(by: str, values: list[object]) -> str:
    if by == "version":
        return f"{values[2]}, version {values[1]}"
    return str(values[0]) if values[0] is not None else "nobody"
