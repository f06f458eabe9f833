"""Pictures on their way in: uploads at once, addresses by the worker, each checked by its bytes."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from catalog.media.fetch import FetchFailed, download
from catalog.media.inspect import ImageFacts, MediaRefused, inspect
from catalog.media.storage import put
from catalog.models import MediaAsset
from pimhub.foundation import http

S = MediaAsset.State
MAX_ATTEMPTS = 5


def upload(data: bytes) -> MediaAsset:
    """The asset of an uploaded picture; the same bytes give the same asset. Raises MediaRefused."""
    facts = inspect(data)
    asset = MediaAsset.objects.filter(sha256=facts.sha256, url_digest__isnull=True).first()
    return asset or _keep(MediaAsset(), data, facts)


def due_assets(*, limit: int = 20) -> list[int]:
    """Addresses that are to be fetched now."""
    due = MediaAsset.objects.filter(fetch_at__lte=timezone.now()).order_by("fetch_at")
    return list(due.values_list("pk", flat=True)[:limit])


def fetch(asset_id: int) -> None:
    """Fetch one address. A failure that cannot heal ends at once, others are tried again with growing distance."""
    asset = MediaAsset.objects.get(pk=asset_id)
    claimed = MediaAsset.objects.filter(pk=asset_id, fetch_at=asset.fetch_at, fetch_at__isnull=False).update(
        fetch_at=timezone.now() + dt.timedelta(minutes=2)  # when this worker dies, another tries again
    )
    if not claimed:
        return
    try:
        data = download(asset.source_url, send=http.fetch, allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS)
        _keep(asset, data, inspect(data))
    except FetchFailed as failure:
        _fail(asset, failure.message, for_good=failure.permanent)
    except MediaRefused as refusal:
        _fail(asset, refusal.message, for_good=True)


def _keep(asset: MediaAsset, data: bytes, facts: ImageFacts) -> MediaAsset:
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
