"""Comparisons in slices: each is a row with a cursor, which moves in the transaction that keeps what was found.

Whoever is slower finds the cursor moved and drops what it found, so a comparison may be killed at any line, and worked
on twice at once.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
from collections import Counter
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog import events
from catalog.models import Source, User
from catalog.sources.rows import BadFile
from channels.models import Channel, Gap, Reconciliation
from channels.reconcile import of_channel, of_source
from channels.reconcile.step import Step

logger = logging.getLogger("pimhub.reconcile")
S = Reconciliation.State
SECONDS = 4.0  # as of dispatching: a price that moved waits for the end of a slice
TRIES = 5
KEPT = 100_000  # gaps of a comparison that are kept one by one; more are counted
KEPT_FOR = dt.timedelta(days=30)


def start(*, source: Source | None = None, channel: Channel | None = None, user: User | None = None) -> Reconciliation:
    """Have a source's snapshot, or a channel, compared with us; the one under way, if there is one."""
    subject = {"source": source} if source is not None else {"channel": channel}
    try:
        with transaction.atomic():
            run = Reconciliation.objects.create(asked_by=user, **subject)
            events.ring("reconciliations")
    except IntegrityError:
        return Reconciliation.objects.get(state=S.WORKING, **subject)
    return run


def start_all() -> None:
    """Every source with a snapshot, and every channel that is not paused: once a night."""
    for source in Source.objects.filter(enabled=True).exclude(snapshot=""):
        start(source=source)
    for channel in Channel.objects.filter(paused=False):
        start(channel=channel)


def stop(run: Reconciliation) -> bool:
    """End it before its time; what was found until then stays. Whether it was still under way."""
    now = timezone.now()
    over = bool(Reconciliation.objects.filter(pk=run.pk, state=S.WORKING).update(state=S.STOPPED, finished_at=now))
    if over:
        _tidy(run)
    return over


def waiting() -> list[int]:
    """Comparisons that a worker may go on with."""
    free = Q(wait_until=None) | Q(wait_until__lte=timezone.now())
    return list(Reconciliation.objects.filter(free, state=S.WORKING).order_by("pk").values_list("pk", flat=True))


def advance(run_id: int, *, seconds: float = SECONDS) -> bool:
    """Work on a comparison for a while; whether it wants more now."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = Reconciliation.objects.select_related("source__system", "source__owner", "channel")
        run = rows.filter(pk=run_id, state=S.WORKING).first()
        if run is None:
            return False
        try:
            step = of_source.step(run) if run.source_id else of_channel.step(run, until=end)
        except BadFile as error:
            _end(run, S.FAILED, str(error))
            return False
        except Exception as error:
            logger.exception("a comparison stumbled", extra={"reconciliation": run_id})
            _stumble(run, error)
            return False
        if not _keep(run, step):
            return False  # another worker is at it
        if step.over:
            _tidy(run)
            return False
        if step.wait:
            return False
    return True


def _keep(run: Reconciliation, step: Step) -> bool:
    """Note a step, unless another worker was faster."""
    found = Counter(run.found)
    kept = sum(found.values())
    found.update(str(gap.hop) for gap in step.gaps)
    about: dict[str, object] = {"cursor": step.cursor, "total": step.total or run.total, "found": dict(found)}
    if step.over:
        about |= {"state": S.DONE, "finished_at": timezone.now()}
    if step.place is not None:
        about["place"] = step.place
    if step.problem:
        about["problem"] = step.problem[:500]
    if step.wait:
        about["wait_until"] = timezone.now() + dt.timedelta(seconds=step.wait)
    with transaction.atomic():
        mine = Reconciliation.objects.filter(pk=run.pk, cursor=run.cursor, state=S.WORKING)
        if not mine.update(checked=F("checked") + step.checked, in_sync=F("in_sync") + step.in_sync, **about):
            return False
        Gap.objects.bulk_create(step.gaps[: max(KEPT - kept, 0)], batch_size=500)
    return True


def _stumble(run: Reconciliation, error: Exception) -> None:
    """Try again later, a few times; then a person has to look."""
    failures = run.failures + 1
    if failures >= TRIES:
        _end(run, S.FAILED, f"{type(error).__name__}: {error}")
    again = timezone.now() + dt.timedelta(seconds=5 * failures)
    Reconciliation.objects.filter(pk=run.pk).update(failures=failures, wait_until=again)


def _end(run: Reconciliation, state: str, problem: str) -> None:
    about = {"state": state, "problem": problem[:500], "finished_at": timezone.now()}
    Reconciliation.objects.filter(pk=run.pk, state=S.WORKING).update(**about)
    _tidy(run)


def _tidy(run: Reconciliation) -> None:
    shutil.rmtree(of_source.folder(run), ignore_errors=True)


def forget_old() -> int:
    """Delete the gaps of old comparisons; their figures stay. How many were."""
    old = Gap.objects.filter(run__finished_at__lt=timezone.now() - KEPT_FOR)
    ids: Sequence[int] = list(old.values_list("pk", flat=True)[:5000])
    return Gap.objects.filter(pk__in=ids).delete()[0]
