"""A channel at a glance, and how its calls go: figures for the pages that people watch."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, Max, Q, QuerySet, Sum
from django.utils import timezone

from catalog.access.reach import seen
from catalog.models import Product
from catalog.models.codes import code_key
from channels.fields import STATES
from channels.models import (
    Call,
    Channel,
    ChannelIssue,
    Drift,
    Hold,
    InboundEvent,
    InboundTally,
    Listing,
    Match,
    Placement,
    RateBucket,
    Rollout,
)
from channels.publishing import policy, selection
from channels.publishing.policy import Policy

_SAMPLE = 5000  # listings, or calls, that a percentile is taken of: the newest ones
_CAUSES = 8


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds from wanted to accepted and to live, of the last changes; the share that was in time."""

    accepted: tuple[float, float] | None  # p50, p95
    live: tuple[float, float] | None
    waiting: float | None  # of what waits longest now
    late: int  # listings that wait longer than the policy wants


def counts(channel: Channel) -> dict[str, int]:
    """Listings by state, what is well first."""
    listings = seen(Listing.objects.filter(placement__channel=channel), "placement__product")
    found = dict(listings.values_list("state").annotate(n=Count("pk")).values_list("state", "n"))
    return {state: found[state] for state in reversed(STATES) if found.get(state)}


def causes(channel: Channel) -> list[dict[str, Any]]:
    """Open problems by code, the most frequent first, with a message that stands for them."""
    issues = seen(ChannelIssue.objects.filter(placement__channel=channel, cleared_at=None), "placement__product")
    rows = issues.values("code", "severity").annotate(n=Count("placement", distinct=True), message=Max("message"))
    return [dict(row) for row in rows.order_by("severity", "-n")[:_CAUSES]]


def waiting(channel: Channel) -> dict[str, int]:
    """What waits for a person: products that the channel had already, holds, drifted products, a stopped rollout."""
    return {
        "found": open_matches(channel).count(),
        "held": seen(open_holds(channel), "placement__product").count(),
        "drifted": open_drift(channel).values("placement").distinct().count(),
        "stopped": Rollout.objects.filter(channel=channel, state=Rollout.State.STOPPED).count(),
    }


def open_holds(channel: Channel) -> QuerySet[Hold]:
    return Hold.objects.filter(placement__channel=channel, state=Hold.State.OPEN)


def open_matches(channel: Channel) -> QuerySet[Match]:
    return seen(Match.objects.filter(placement__channel=channel, state=Match.State.OPEN), "placement__product")


def open_drift(channel: Channel) -> QuerySet[Drift]:
    return seen(Drift.objects.filter(placement__channel=channel, state=Drift.State.OPEN), "placement__product")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Products that publishing would touch, by what it would do to them on the channel."""

    creates: list[Product]
    updates: list[Product]
    removals: list[Product]
    held: int
    blocked: int


def to_publish(channel: Channel, *, right: str) -> Waiting:
    """What the next publishing would create, change and take off, of what one reaches with a right."""
    approved = seen(Product.objects.filter(standing__live__isnull=False), right=right)
    shown = selection.chosen(channel, list(approved.values_list("pk", flat=True)))
    placed = {p.product_id: p for p in Placement.objects.filter(channel=channel).prefetch_related("listings")}
    there = {pk for pk, p in placed.items() if any(x.accepted for x in p.listings.all())}
    changed = {pk for pk in there & shown if any(x.accepted != x.desired for x in placed[pk].listings.all())}
    reached = set(seen(Product.everything.filter(pk__in=there), right=right).values_list("pk", flat=True))
    states = Counter(x.state for pk in shown & placed.keys() for x in placed[pk].listings.all())
    return Waiting(
        creates=_named(shown - there),
        updates=_named(changed),
        removals=_named((there - shown) & reached),
        held=states[Listing.State.HELD],
        blocked=states[Listing.State.BLOCKED],
    )


def _named(ids: Collection[int]) -> list[Product]:
    rows: list[Product] = []
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        rows += Product.everything.filter(pk__in=wanted[start : start + 500]).order_by("pk")
    return rows


def lag(channel: Channel) -> Lag:
    rows = Listing.objects.filter(placement__channel=channel)
    accepted = rows.filter(lag_accepted__isnull=False).order_by("-accepted_at")
    live = rows.filter(lag_live__isnull=False).order_by("-verified_at")
    since = [dt.datetime.fromisoformat(s) for s in _pending(rows)]
    now, rules = timezone.now(), policy.read(channel.policy)
    return Lag(
        accepted=percentiles([n or 0.0 for n in accepted.values_list("lag_accepted", flat=True)[:_SAMPLE]]),
        live=percentiles([n or 0.0 for n in live.values_list("lag_live", flat=True)[:_SAMPLE]]),
        waiting=(now - min(since)).total_seconds() if since else None,
        late=_late(rows, rules, now),
    )


def _pending(rows: QuerySet[Listing]) -> list[str]:
    unfinished = rows.filter(state__in=(Listing.State.QUEUED, Listing.State.ACCEPTED)).exclude(wanted={})
    return [min(wanted.values()) for wanted in unfinished.values_list("wanted", flat=True)[:_SAMPLE] if wanted]


def _late(rows: QuerySet[Listing], rules: Policy, now: dt.datetime) -> int:
    unfinished = rows.filter(state=Listing.State.QUEUED).exclude(wanted={}).values_list("wanted", flat=True)
    return sum(
        any((now - dt.datetime.fromisoformat(at)).total_seconds() > rules.seconds(f) for f, at in wanted.items())
        for wanted in unfinished[:_SAMPLE]
    )


def percentiles(figures: Sequence[float]) -> tuple[float, float] | None:
    """p50 and p95 by nearest rank; None of nothing."""
    if not figures:
        return None
    ranked = sorted(figures)
    return ranked[(len(ranked) - 1) // 2], ranked[min(int(len(ranked) * 0.95), len(ranked) - 1)]


def flows(channel: Channel, *, hours: int) -> dict[str, Any]:
    """How the calls of the last hours went, by operation, and what waits."""
    since = timezone.now() - dt.timedelta(hours=hours)
    calls = Call.objects.filter(channel=channel, at__gte=since)
    bad = Q(verdict__in=("transient", "unknown", "auth", "config", "contract", "no_answer", "broken", "refused"))
    throttled = Q(verdict__in=("throttled", "quota"))
    by_operation = calls.values("operation").annotate(
        n=Count("pk"),
        average=Avg("milliseconds"),
        longest=Max("milliseconds"),
        waited=Sum("waited"),
        errors=Count("pk", filter=bad),
        rejected=Count("pk", filter=Q(verdict="rejected")),
        throttled=Count("pk", filter=throttled),
        again=Count("pk", filter=Q(attempt__gt=1)),
    )
    rows: list[dict[str, Any]] = [dict(row) for row in by_operation.order_by("-n")]
    for row in rows:
        times = calls.filter(operation=row["operation"]).order_by("-id").values_list("milliseconds", flat=True)
        row["p50"], row["p95"] = percentiles(list(times[:_SAMPLE])) or (0, 0)
    total = Counter[str]()
    for row in rows:
        total.update({name: row[name] or 0 for name in ("n", "errors", "rejected", "throttled", "again", "waited")})
    now = timezone.now()
    placed = Placement.objects.filter(channel=channel)
    return {
        "rows": rows,
        "total": dict(total),
        "error_percent": round(100 * total["errors"] / total["n"], 1) if total["n"] else 0,
        "due": placed.filter(due_at__lte=now).count(),
        "later": placed.filter(due_at__gt=now).count(),
        "leased": placed.filter(lease_until__gt=now).count(),
        "rates": list(RateBucket.objects.filter(channel=channel).order_by("name")),
    }


def calls_about(channel: Channel, words: str) -> QuerySet[Call]:
    """Calls of what one sees that are about the words: a SKU, a code, the id of a request or of a remote item."""
    rows = Call.objects.filter(channel=channel)
    rows = rows.filter(Q(placement__isnull=True) | Q(placement__product__in=seen(Product.everything.all())))
    if words:
        key = code_key(words)
        products = Product.everything.filter(Q(code_key=key) | Q(variants__sku_key=key)).values("pk")
        rows = rows.filter(Q(placement__product__in=products) | Q(request_id=words) | Q(remote_id=words))
    return rows


def budget(channel: Channel) -> str:
    """What is left of the channel's tightest limit, in words; "" when it was not called yet."""
    left = [
        (min(b.burst, b.tokens + max(time.time() - b.at, 0.0) * b.rate) / b.burst, b)
        for b in RateBucket.objects.filter(channel=channel)
        if b.burst > 0
    ]
    if not left:
        return ""
    share, bucket = min(left, key=lambda each: each[0])
    return f"{100 * share:.0f} % of {bucket.name}, {bucket.rate:g} a second"


def messages(channel: Channel, *, days: int = 7) -> dict[str, int]:
    """What the channel told us lately: kept messages, those that could not be read, and forgeries."""
    since = timezone.now() - dt.timedelta(days=days)
    tallies = InboundTally.objects.filter(channel=channel, day__gte=since.date())
    told = tallies.aggregate(kept=Sum("kept"), refused=Sum("refused"))
    failed = InboundEvent.objects.filter(channel=channel, received_at__gte=since, state=InboundEvent.State.FAILED)
    return {"kept": told["kept"] or 0, "refused": told["refused"] or 0, "failed": failed.count()}


def in_words(seconds: float | None) -> str:
    """Seconds for people: "0.4 s", "12 s", "3 min", "5 h"."""
    if seconds is None:
        return "—"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def told(found: Lag) -> Mapping[str, str]:
    """The figures of a lag in words."""
    both = {"accepted": found.accepted, "live": found.live}
    return {n: f"half within {in_words(p[0])}, 95 % within {in_words(p[1])}" for n, p in both.items() if p}
