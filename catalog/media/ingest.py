"""Pictures, videos and 3D models on their way in: uploads at once, addresses by the worker, each checked by its
bytes."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from catalog import events
from catalog.media.beyond import MediaFacts, examine
from catalog.media.fetch import FetchFailed, download
from catalog.media.inspect import MediaRefused
from catalog.media.storage import put
from catalog.models import MediaAsset, MediaHost
from pimhub.foundation import http

S = MediaAsset.State
MAX_ATTEMPTS = 5
SLICE_SECONDS = 5.0
AT_ONCE = 8
PER_HOST = 4  # as browsers do: no shop's server should feel an import
BREAKS_AT = 3  # failures in a row, from which on a host is left alone, for a minute first and an hour at last
CLAIM = dt.timedelta(minutes=2)  # when this worker dies, another tries again then


def upload(data: bytes) -> MediaAsset:
    """The asset of an uploaded picture, video or 3D model; the same bytes give the same asset. Raises MediaRefused."""
    facts = examine(data)
    asset = MediaAsset.objects.filter(sha256=facts.sha256, url_digest__isnull=True).first()
    return asset or _keep(MediaAsset(), data, facts)


def retry(assets: QuerySet[MediaAsset]) -> int:
    """Fetch failed pictures once more from the beginning, because a person asks; how many."""
    failed = assets.filter(state=S.FAILED).exclude(source_url="")
    MediaHost.objects.filter(name__in=failed.values("host")).update(failures=0, closed_until=None)
    asked = failed.update(state=S.EXTERNAL, attempts=0, problem="", fetch_at=timezone.now())
    events.ring("media")
    return asked


def anything_due() -> bool:
    return _due().exists()


def fetch_due(*, seconds: float = SLICE_SECONDS) -> bool:
    """Fetch what is due until the slice is over; whether more is due.

    A failure that cannot heal ends at once; others are tried again, with growing distance, and a
    host that fails again and again is left alone meanwhile. Downloads run side by side; the
    database and the decoder belong to this thread.
    """
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        while time.monotonic() < until:
            assets = _claim()
            if not assets:
                return False
            for asset, got in zip(assets, pool.map(_download, assets), strict=True):
                _settle(asset, got)
    return anything_due()


def _due() -> QuerySet[MediaAsset]:
    now = timezone.now()
    closed = MediaHost.objects.filter(closed_until__gt=now).values("name")
    return MediaAsset.objects.filter(fetch_at__lte=now).exclude(host__in=closed)


def _claim() -> list[MediaAsset]:
    """The next pictures, a few of each host, and of a host that failed before just one."""
    waiting = list(_due().order_by("fetch_at", "pk")[:200])
    doubtful = set(
        MediaHost.objects.filter(name__in={a.host for a in waiting}, failures__gte=BREAKS_AT).values_list(
            "name", flat=True
        )
    )
    taken: Counter[str] = Counter()
    claimed: list[MediaAsset] = []
    for asset in waiting:
        if len(claimed) == AT_ONCE:
            break
        if taken[asset.host] >= (1 if asset.host in doubtful else PER_HOST):
            continue
        taken[asset.host] += 1
        ours = MediaAsset.objects.filter(pk=asset.pk, fetch_at=asset.fetch_at)
        if ours.update(fetch_at=timezone.now() + CLAIM):
            claimed.append(asset)
    return claimed


def _download(asset: MediaAsset) -> bytes | FetchFailed:
    allowed: Collection[str] = settings.PIMHUB_ALLOWED_ORIGINS
    try:
        return download(asset.source_url, send=http.fetch, allowed_origins=allowed)
    except FetchFailed as failure:
        return failure


def _settle(asset: MediaAsset, got: bytes | FetchFailed) -> None:
    if isinstance(got, FetchFailed):
        _judge_host(asset.host, failed=not got.permanent)
        _fail(asset, got.message, for_good=got.permanent)
        return
    _judge_host(asset.host, failed=False)
    try:
        _keep(asset, got, examine(got))
    except MediaRefused as refusal:
        _fail(asset, refusal.message, for_good=True)


def _judge_host(name: str, *, failed: bool) -> None:
    if not failed:
        MediaHost.objects.filter(name=name).exclude(failures=0).update(failures=0, closed_until=None)
        return
    host, _ = MediaHost.objects.get_or_create(name=name)
    MediaHost.objects.filter(pk=host.pk).update(failures=F("failures") + 1)
    host.refresh_from_db()
    if host.failures >= BREAKS_AT:
        host.closed_until = timezone.now() + dt.timedelta(minutes=min(2 ** (host.failures - BREAKS_AT), 60))
        host.save(update_fields=["closed_until"])


def _keep(asset: MediaAsset, data: bytes, facts: MediaFacts) -> MediaAsset:
    put(settings.MEDIA_ROOT, data, sha256=facts.sha256, extension=facts.extension)
    asset.sha256, asset.mime, asset.extension = facts.sha256, facts.mime, facts.extension
    asset.width, asset.height, asset.bytes = facts.width, facts.height, facts.bytes
    asset.state, asset.problem, asset.fetch_at = S.READY, "", None
    asset.save()
    return asset


def _fail(asset: MediaAsset, problem: str, *, for_good: bool) -> None:
    asset.attempts += 1
    asset.problem = problem[:500]
    over = for_good or asset.attempts >= MAX_ATTEMPTS
    asset.state = S.FAILED if over else S.EXTERNAL
    asset.fetch_at = None if over else timezone.now() + dt.timedelta(minutes=2**asset.attempts)
    asset.save()
