"""What can be watched. A probe measures; a rule says how much is too much and whom it concerns.

Whoever has more to watch registers a probe of their own from `AppConfig.ready()`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone

from catalog.models import Delivery, DomainEvent, EventCursor, ImportRun, Source
from catalog.sources.figures import figures
from channels.connectors.outcome import Verdict
from channels.models import (
    Channel,
    InboundEvent,
    InboundTally,
    Listing,
    Placement,
    Publication,
    Reconciliation,
    Subscription,
)
from channels.webhooks.subscriptions import last_number
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured subject. `subject` is stable; "channel:<code>" is shown to whoever sees that channel, all else to
    those who see everything."""

    subject: str
    label: str
    value: float
    words: str  # a sentence for the one who is told
    url: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """`measure` gives all subjects that there are; one is wrong when its value is above the rule's threshold."""

    label: str
    unit: str
    threshold: float
    measure: Callable[[], Iterable[Reading]]
    help: str = ""


probes: Registry[Probe] = Registry("alert probe")

RECENT = dt.timedelta(days=1)


def webhook_failures() -> Iterable[Reading]:
    """Minutes since the last try that a subscriber took; one that is disabled counts from then on."""
    now = timezone.now()
    troubled = Q(failing_since__isnull=False) | Q(disabled_at__isnull=False)
    for row in Subscription.objects.filter(troubled, paused=False):
        since = row.failing_since or row.disabled_at
        assert since is not None
        words = f"{row.name} is not told any more: {row.disabled_reason}"
        if row.disabled_at is None:
            words = f"{row.name} has not taken its next event for {row.attempts} tries."
        url = reverse("webhook_detail", kwargs={"pk": row.pk})
        yield Reading(f"webhook:{row.pk}", row.name, _minutes(now - since), words, url)


def channels_paused() -> Iterable[Reading]:
    """1 for each channel that is paused."""
    for row in Channel.objects.filter(paused=True):
        words = f"Nothing is sent to {row.label}: {row.pause_reason or 'it is paused.'}"
        yield Reading(f"channel:{row.code}", row.label, 1, words, _channel(row))


def credentials_broken() -> Iterable[Reading]:
    """Products of a channel that could not be sent for its credentials or settings, in the last hour or still."""
    refused = Publication.objects.filter(
        verdict__in=(Verdict.AUTH, Verdict.CONFIG), created_at__gt=timezone.now() - dt.timedelta(hours=1)
    )
    rows = Placement.objects.filter(
        Q(pk__in=refused.values("placement_id")) | Q(issues__cleared_at=None, issues__code="credentials")
    )
    yield from _by_channel(rows, "{label} does not accept our credentials or settings ({count} products).")


def rejected_share() -> Iterable[Reading]:
    """Percent of a channel's listings that it refused or that failed."""
    bad = Count("pk", filter=Q(state__in=(Listing.State.REJECTED, Listing.State.FAILED)))
    rows = Listing.objects.values_list("placement__channel").annotate(all=Count("pk"), bad=bad).order_by()
    counts = {pk: (every, wrong) for pk, every, wrong in rows}
    for channel in Channel.objects.filter(pk__in=counts):
        every, wrong = counts[channel.pk]
        words = f"{channel.label} refused {wrong} of {every} listings."
        yield Reading(f"channel:{channel.code}", channel.label, 100 * wrong / every, words, _channel(channel))


def event_lag() -> Iterable[Reading]:
    """Minutes that the oldest event has waited for a consumer, or for its number."""
    now, last = timezone.now(), last_number()
    waiting = DomainEvent.objects.filter(number__isnull=True).order_by("id").values_list("created_at", flat=True)
    if (oldest := waiting.first()) is not None:
        yield Reading(
            "numbering", "Event log", _minutes(now - oldest), "Events wait to be numbered. Is a worker alive?"
        )
    for cursor in EventCursor.objects.filter(number__lt=last):
        made = (
            DomainEvent.objects.filter(number__gt=cursor.number).order_by("number").values_list("created_at", flat=True)
        )
        if (oldest := made.first()) is not None:
            words = f"{last - cursor.number} events wait for {cursor.consumer}. Is a worker alive?"
            yield Reading(cursor.consumer, cursor.consumer, _minutes(now - oldest), words)


def import_rejects() -> Iterable[Reading]:
    """Percent of the rows of each source's latest import, of the last day, that were rejected."""
    seen: set[str] = set()
    rows = ImportRun.objects.filter(created_at__gt=timezone.now() - RECENT, rows__gt=0)
    for run in rows.order_by("-created_at")[:200]:
        if run.filename not in seen:
            seen.add(run.filename)
            rejected = int(run.counts.get("rejected", 0))
            words = f"{rejected} of {run.rows} rows of {run.filename} were rejected."
            url = reverse("import_detail", kwargs={"pk": run.pk})
            yield Reading(f"import:{run.filename}"[:100], run.filename, 100 * rejected / run.rows, words, url)


def intake_lag() -> Iterable[Reading]:
    """Minutes that the oldest message of a channel, or delivery of a source, has waited to be worked on."""
    now = timezone.now()
    for source in Source.objects.filter(deliveries__state=Delivery.State.WORKING).distinct():
        words = f"What {source} delivered waits to be taken in."
        yield Reading(f"source:{source.code}", str(source), figures(source).lag_seconds / 60, words, _source(source))
    rows = InboundEvent.objects.filter(state=InboundEvent.State.WAITING).order_by("channel_id", "id")
    oldest: dict[int, dt.datetime] = {}
    for channel_id, at in rows.values_list("channel_id", "received_at")[:10_000]:
        oldest.setdefault(channel_id, at)
    for channel in Channel.objects.filter(pk__in=oldest):
        words = f"Messages of {channel.label} wait to be worked on."
        yield Reading(
            f"channel:{channel.code}", channel.label, _minutes(now - oldest[channel.pk]), words, _messages(channel)
        )


def forged_messages() -> Iterable[Reading]:
    """Messages to a channel's address that were refused today."""
    rows = InboundTally.objects.filter(day=timezone.now().date(), refused__gt=0).select_related("channel")
    for row in rows:
        words = f"{row.refused} messages to {row.channel.label} were refused today: {row.last_problem}."
        yield Reading(f"channel:{row.channel.code}", row.channel.label, row.refused, words, _messages(row.channel))


def drift() -> Iterable[Reading]:
    """Listings of a channel that show something else than they should."""
    rows = Placement.objects.filter(listings__state=Listing.State.DRIFTED).distinct()
    yield from _by_channel(rows, "{count} products show something else at {label} than they should.")


def _by_channel(rows: object, words: str) -> Iterable[Reading]:
    counts = dict(rows.values_list("channel").annotate(n=Count("pk", distinct=True)).order_by())  # type: ignore[attr-defined]
    for channel in Channel.objects.filter(pk__in=counts):
        count = counts[channel.pk]
        text = words.format(count=count, label=channel.label)
        yield Reading(f"channel:{channel.code}", channel.label, count, text, _channel(channel))


def _minutes(span: dt.timedelta) -> float:
    return span.total_seconds() / 60


def _channel(row: Channel) -> str:
    return reverse("channel_detail", kwargs={"code": row.code})


def _messages(row: Channel) -> str:
    return reverse("channel_messages", kwargs={"code": row.code})


def source_silent() -> Iterable[Reading]:
    """Minutes by which a source is later than it promised; one that never spoke counts from when it was set up."""
    now = timezone.now()
    set_up = dict(Source.history.values_list("id").annotate(at=Min("history_date")).order_by())
    for source in Source.objects.filter(enabled=True, expected_minutes__gt=0):
        since = source.last_seen or set_up.get(source.pk, now)
        late = _minutes(now - since) - source.expected_minutes
        words = f"{source} has been silent for longer than the {source.expected_minutes} minutes it promised."
        yield Reading(f"source:{source.code}", str(source), max(late, 0), words, _source(source))


def source_rejects() -> Iterable[Reading]:
    """Percent of the lines of each source that could not be taken in the last day."""
    for source in Source.objects.filter(enabled=True):
        found = figures(source)
        words = f"{found.open_rejects} messages of {source} wait to be mended."
        yield Reading(f"rejects:{source.code}", str(source), 100 * found.reject_rate, words, _source(source))


def reconciliation_gaps() -> Iterable[Reading]:
    """Gaps that the latest comparison of each source and each channel found."""
    seen: set[tuple[int | None, int | None]] = set()
    done = Reconciliation.objects.filter(state=Reconciliation.State.DONE)
    rows = done.filter(finished_at__gt=timezone.now() - 2 * RECENT).select_related("source", "channel")
    for run in rows.order_by("-id")[:500]:
        if (run.source_id, run.channel_id) in seen:
            continue
        seen.add((run.source_id, run.channel_id))
        subject = f"channel:{run.channel.code}" if run.channel else f"source:{run.source.code if run.source else ''}"
        label = run.channel.label if run.channel else str(run.source)
        words = f"{run.gaps_found} gaps between {label} and PIMHub, of {run.checked} compared."
        url = reverse("reconciliation_detail", kwargs={"pk": run.pk})
        yield Reading(subject, label, run.gaps_found, words, url)


def _source(source: Source) -> str:
    return reverse("source_detail", kwargs={"code": source.code})


def plug_in() -> None:
    probes.add("source_silent", Probe("A source is silent", "minutes late", 0, source_silent))
    probes.add("source_rejects", Probe("A source's lines are rejected", "percent", 5, source_rejects))
    probes.add("reconciliation_gaps", Probe("Source, hub and channel differ", "gaps", 20, reconciliation_gaps))
    probes.add("webhook_failures", Probe("A webhook is not taken", "minutes", 15, webhook_failures))
    probes.add("channel_paused", Probe("A channel is paused", "", 0, channels_paused))
    probes.add("credentials", Probe("A channel does not accept our credentials", "products", 0, credentials_broken))
    probes.add("rejected_share", Probe("A channel refuses listings", "percent", 10, rejected_share))
    probes.add("drift", Probe("Channels show something else", "products", 20, drift))
    probes.add("event_lag", Probe("Events wait", "minutes", 5, event_lag))
    probes.add("intake_lag", Probe("What comes in waits", "minutes", 5, intake_lag))
    probes.add("forged_messages", Probe("Messages are refused", "a day", 100, forged_messages))
    probes.add("import_rejects", Probe("An import rejects rows", "percent", 10, import_rejects))
