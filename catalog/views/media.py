"""Pictures by the hash of their bytes. Public, because channels fetch them; the name cannot be guessed."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase

from catalog.media.inspect import FORMATS
from catalog.media.storage import relative_path

TYPES = {extension: mime for mime, extension in FORMATS.values()}


@login_not_required
def media_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A stored picture, for ever the same."""
    given = PurePosixPath(name)
    try:
        relative = relative_path(given.stem, given.suffix)
    except ValueError as error:
        raise Http404 from error
    path = settings.MEDIA_ROOT / relative
    if str(relative) != name or given.suffix not in TYPES or not path.exists():
        raise Http404
    response = FileResponse(path.open("rb"), content_type=TYPES[given.suffix])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
