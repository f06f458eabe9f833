"""The log of calls: one row for each, whatever it was for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from channels.models import Call, Channel, Placement, Publication
from channels.publishing import leased
from pimhub.foundation.http import Response

KEPT = dt.timedelta(days=30)
_BATCH = 5000  # rows that are tidied away at once


def note(
    channel: Channel,
    operation: str,
    response: Response,
    *,
    placement: Placement | None = None,
    publication: Publication | None = None,
    skus: Sequence[str] = (),
    verdict: str = "",
    request_id: str = "",
    request: str = "",
    milliseconds: int = 0,
    waited: int = 0,
) -> None:
    """One call as it came out. `request` is the blob of what was sent, secrets redacted; addresses are never kept."""
    link = next((x for x in leased.links(placement) if x.key == "product"), None) if placement else None
    Call.objects.create(
        channel=channel,
        placement=placement,
        publication=publication,
        operation=operation[:50],
        skus=list(skus),
        remote_id=link.remote_id if link else "",
        request_id=request_id,
        attempt=placement.attempts + 1 if placement else 1,
        verdict=verdict or _class(response.status),
        status=response.status,
        milliseconds=milliseconds,
        waited=waited,
        request=request,
    )


def _class(status: int) -> str:
    """How a call that changes nothing came out."""
    if status == 0:
        return "no_answer"
    if status == 429:
        return "throttled"
    return "answered" if status < 400 else "refused" if status < 500 else "broken"


def tidy() -> int:
    """Rows older than a month go, some at a time; how many went."""
    old = Call.objects.filter(at__lt=timezone.now() - KEPT).order_by("pk").values("pk")[:_BATCH]
    return Call.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
