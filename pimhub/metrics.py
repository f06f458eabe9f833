"""Figures for Prometheus. Guarded: it tells nothing to whoever has neither the token nor an address that may.

All but the durations are read from the database, so every process tells the same. Each group of figures has a
moment and no more; one that takes longer is left out, and `pimhub_metrics_group_ok` says so.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from catalog.models import (
    ChangePlan,
    DomainEvent,
    EventCursor,
    ImportRun,
    MediaAsset,
)
from channels.models import Channel, ChannelIssue, Listing, Placement, Publication
from governance.models import CopyItem, Standing
from pimhub.foundation import heartbeat
from pimhub.foundation.address import client_address

SECONDS = 2.0  # for one group of figures
WINDOW = timedelta(minutes=15)  # of calls that are counted
STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock

_http = CollectorRegistry(auto_describe=False)
_durations = Histogram(
    "pimhub_http_seconds",
    "How long answers took, of the one process that is named.",
    ("process", "method", "page", "status"),
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=_http,
)


class Timing:
    """Middleware: how long each answer took, under the name of its address and never its parameters."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
        labels = (str(os.getpid()), method, (match.url_name if match else None) or "none", str(response.status_code))
        _durations.labels(*labels).observe(time.perf_counter() - started)
        return response


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures as text, for whoever may have them."""
    if not _may(request):
        words = "Set PIMHUB_METRICS_TOKEN and send it as a bearer token, or PIMHUB_METRICS_NETWORKS.\n"
        return HttpResponse(words, status=403, content_type="text/plain; charset=utf-8")
    figures = CollectorRegistry(auto_describe=False)
    figures.register(_Figures())
    return HttpResponse(generate_latest(figures) + generate_latest(_http), content_type=CONTENT_TYPE_LATEST)


def _may(request: HttpRequest) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    token = settings.PIMHUB_METRICS_TOKEN
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    asker = client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.PIMHUB_TRUSTED_PROXIES,
    )
    try:
        address = ipaddress.ip_address(asker)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.PIMHUB_METRICS_NETWORKS)


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        ok = GaugeMetricFamily("pimhub_metrics_group_ok", "0: it took too long and is left out.", labels=["group"])
        took = GaugeMetricFamily("pimhub_metrics_group_seconds", "What reading it took.", labels=["group"])
        for name, read in GROUPS.items():
            started = time.perf_counter()
            try:
                with _at_most(SECONDS):
                    found = list(read())
            except DatabaseError:
                found = []
                ok.add_metric([name], 0)
            else:
                ok.add_metric([name], 1)
            took.add_metric([name], time.perf_counter() - started)
            yield from found
        yield ok
        yield took


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Have the database break off what takes longer, with a DatabaseError."""
    connection.ensure_connection()
    held: Any = connection.connection
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
            yield
        return
    assert isinstance(held, sqlite3.Connection)
    end = time.monotonic() + seconds
    held.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)
    try:
        yield
    finally:
        held.set_progress_handler(None, 0)


def gauge(name: str, words: str, labels: str, rows: Iterable[tuple[Any, ...]]) -> GaugeMetricFamily:
    """Rows are the labels' values (`labels`: their names, parted by spaces) and the figure."""
    family = GaugeMetricFamily(f"pimhub_{name}", words, labels=labels.split())
    for *values, figure in rows:
        family.add_metric([str(value) for value in values], float(figure or 0))
    return family


def _instance() -> Iterator[Metric]:
    about = (settings.VERSION, settings.PIMHUB_ENVIRONMENT, 1)
    yield gauge("info", "What runs here.", "version environment", [about])
    alive = [(name, heartbeat.is_alive(name)) for name in ("worker", "scheduler")]
    yield gauge("alive", "1: it said so a moment ago.", "part", alive)


def _events() -> Iterator[Metric]:
    last = DomainEvent.objects.aggregate(last=Max("number"))["last"] or 0
    yield gauge("event_number", "Of the newest event.", "", [(last,)])
    waiting = DomainEvent.objects.filter(number__isnull=True).count()
    yield gauge("events_without_number", "Committed, not numbered yet.", "", [(waiting,)])
    behind, seconds, now = [], [], timezone.now()
    for name, number in EventCursor.objects.values_list("consumer", "number"):
        rows = DomainEvent.objects.filter(number__gt=number).order_by("number")
        first = rows.values_list("created_at", flat=True).first()
        behind.append((name, max(last - number, 0)))
        seconds.append((name, (now - first).total_seconds() if first else 0))
    yield gauge("event_lag", "Events that a consumer has not seen.", "consumer", behind)
    yield gauge("event_lag_seconds", "Age of the oldest of these.", "consumer", seconds)


def _channels() -> Iterator[Metric]:
    now = timezone.now()
    channels = list(Channel.objects.only("code", "paused", "wait_until", "environment"))
    yield gauge("channel_paused", "", "channel", [(c.code, c.paused or c.is_elsewhere) for c in channels])
    waits = [(c.code, max((c.wait_until - now).total_seconds(), 0) if c.wait_until else 0) for c in channels]
    yield gauge("channel_wait_seconds", "The channel takes no call for so long.", "channel", waits)
    due = Placement.objects.filter(due_at__lte=now).order_by()
    counts = due.values_list("channel__code", "state").annotate(n=Count("pk"))
    rows = [(channel, state or "new", n) for channel, state, n in counts]
    yield gauge("channel_due", "Products that a worker should look at now.", "channel state", rows)
    first = dict(due.values_list("channel__code").annotate(first=Min("due_at")))
    lags = [(c.code, (now - first[c.code]).total_seconds() if c.code in first else 0) for c in channels]
    yield gauge("channel_lag_seconds", "For how long the oldest of these has waited.", "channel", lags)


def _listings() -> Iterator[Metric]:
    rows = Listing.objects.order_by().values_list("placement__channel__code", "state").annotate(n=Count("pk"))
    yield gauge("listings", "Remote items by state.", "channel state", rows)


def _issues() -> Iterator[Metric]:
    rows = ChannelIssue.objects.filter(cleared_at=None).order_by()
    found = rows.values_list("placement__channel__code", "severity").annotate(n=Count("pk"))
    yield gauge("channel_issues", "Open problems.", "channel severity", found)


def _calls() -> Iterator[Metric]:
    calls = Publication.objects.filter(created_at__gte=timezone.now() - WINDOW).order_by()
    rows = calls.values_list("placement__channel__code", "verdict").annotate(n=Count("pk"), ms=Sum("milliseconds"))
    found = [(channel, verdict or "under way", n, ms) for channel, verdict, n, ms in rows]
    words = f"in the last {WINDOW.seconds // 60} minutes."
    yield gauge("calls", f"Calls of channels {words}", "channel verdict", [row[:3] for row in found])
    seconds = [(channel, verdict, (ms or 0) / 1000) for channel, verdict, _, ms in found]
    yield gauge("calls_seconds", f"What they took {words}", "channel verdict", seconds)


def _queues() -> Iterator[Metric]:
    now, I, P, C = timezone.now(), ImportRun.State, ChangePlan.State, CopyItem.State  # noqa: E741
    waiting = [
        ("publishing", Placement.objects.filter(due_at__lte=now).count()),
        ("media", MediaAsset.objects.filter(fetch_at__lte=now).count()),
        ("imports", ImportRun.objects.filter(state__in=[I.UPLOADED, *_under_way(I)]).count()),
        ("plans", ChangePlan.objects.filter(state__in=_under_way(P)).count()),
        ("copy", CopyItem.objects.filter(Q(due_at=None) | Q(due_at__lte=now), state=C.WAITING).count()),
        ("review", Standing.objects.filter(state=Standing.State.IN_REVIEW).count()),
    ]
    yield gauge("queue", "What waits for workers, or in review for people.", "queue", waiting)


def _imports() -> Iterator[Metric]:
    rows = ImportRun.objects.order_by().values_list("state").annotate(n=Count("pk"))
    yield gauge("import_runs", "Imports by state.", "state", rows)
    failing = ImportRun.objects.filter(failures__gt=0, finished_at=None).count()
    yield gauge("import_runs_failing", "Imports whose last slice ended with an error of ours.", "", [(failing,)])


def _under_way(states: Any) -> list[str]:
    return [state for state in states.values if state.endswith("ing")]


GROUPS: dict[str, Callable[[], Iterator[Metric]]] = {
    "instance": _instance,
    "events": _events,
    "channels": _channels,
    "queues": _queues,
    "imports": _imports,
    "calls": _calls,
    "issues": _issues,
    "listings": _listings,
}
