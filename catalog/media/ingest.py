"""Pictures on their way in: uploads at once, addresses by the worker, each checked by its bytes."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from catalog.media.inspect import ImageFacts, MediaRefused, inspect
from catalog.media.storage import put
from catalog.models import MediaAsset
from pimhub.foundation import http

S = MediaAsset.State
MAX_ATTEMPTS = 5
TIMEOUT = 20.0


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
    response = http.fetch(asset.source_url, timeout=TIMEOUT, allowed_origins=settings.PIMHUB_ALLOWED_ORIGINS)
    if response.status == 200:
        try:
            _keep(asset, response.body, inspect(response.body))
        except MediaRefused as refusal:
            _fail(asset, str(refusal), for_good=True)
        return
    words = response.error or f"The server answered {response.status}."
    for_good = not response.sent or (400 <= response.status < 500 and response.status not in (408, 429))
    _fail(asset, words, for_good=for_good)


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
