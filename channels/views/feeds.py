"""The feed files as channels fetch them. The token in the address is their only key."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from channels.connectors.abilities import BuildsFeed
from channels.connectors.registry import connectors
from channels.feeds.build import formats_of, zip_to
from channels.models import Channel, FeedFile


@login_not_required
@require_safe
def feed(request: HttpRequest, code: str, token: str, extension: str = "xml") -> HttpResponseBase:
    """`token.xml`, `.tsv` or `.atom`, each also with `.gz`: the file that is current now.

    404 for a wrong token as for a missing feed; 304 for who has it already.
    """
    token, _, asked = f"{token}.{extension}".partition(".")
    kind, zipped = asked.removesuffix(".gz"), asked.endswith(".gz")
    channel = Channel.objects.filter(code=code).first()
    if channel is None or not hmac.compare_digest(channel.feed_token.encode(), token.encode()):
        raise Http404
    if kind not in formats_of(channel):
        raise Http404
    current = FeedFile.objects.filter(channel=channel, kind=kind, current=True).first()
    if current is None:
        raise Http404
    etag = f'"{current.sha256}{"-gz" if zipped else ""}"'
    changed = int((current.changed_at or current.created_at).timestamp())
    answer = get_conditional_response(request, etag=etag, last_modified=changed)
    if answer is not None:
        return answer
    path: Path = settings.PIMHUB_HOME / "feeds" / current.path
    types = cast(BuildsFeed, connectors.get(channel.connector)).feed_formats
    response = FileResponse(
        (_zipped(path) if zipped else path).open("rb"), content_type="application/gzip" if zipped else types[kind]
    )
    response["ETag"], response["Last-Modified"] = etag, http_date(changed)
    return response


def _zipped(path: Path) -> Path:
    """Made at the first request; whoever asks at the same time makes the same file."""
    packed = path.with_name(f"{path.name}.gz")
    if not packed.exists():
        zip_to(path, packed)
    return packed
