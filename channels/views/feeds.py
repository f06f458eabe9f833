"""The feed file as channels fetch it. The token in the address is its only key."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase

from channels.models import Channel, FeedFile


@login_not_required
def feed(request: HttpRequest, code: str, token: str) -> HttpResponseBase:
    """The file that is current now; 404 for a wrong token as for a missing feed."""
    channel = Channel.objects.filter(code=code).first()
    if channel is None or not hmac.compare_digest(channel.feed_token.encode(), token.encode()):
        raise Http404
    current = FeedFile.objects.filter(channel=channel, current=True).first()
    if current is None:
        raise Http404
    etag = f'"{current.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    path = settings.PIMHUB_HOME / "feeds" / current.path
    response = FileResponse(path.open("rb"), content_type="application/xml; charset=utf-8")
    response["ETag"] = etag
    return response
