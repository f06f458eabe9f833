"""Pictures, videos and 3D models by the hash of their bytes. Public, because channels fetch them; the name cannot be
guessed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase

from catalog.media import renditions
from catalog.media.beyond import KINDS
from catalog.media.inspect import FORMATS, MediaRefused
from catalog.media.storage import relative_path

TYPES = {extension: mime for mime, extension in (*FORMATS.values(), *KINDS)}


@login_not_required
def media_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A stored file, for ever the same."""
    sha256, extension = _parsed(name)
    return _answer(settings.MEDIA_ROOT / relative_path(sha256, extension), TYPES[extension])


@login_not_required
def media_thumbnail(request: HttpRequest, width: int, name: str) -> HttpResponseBase:
    """The same picture small, in one of a few widths, made when it is first asked for."""
    sha256, extension = _parsed(name)
    try:
        path = renditions.thumbnail(settings.MEDIA_ROOT, sha256=sha256, extension=extension, width=width)
    except (ValueError, FileNotFoundError, MediaRefused) as error:
        raise Http404 from error
    return _answer(settings.MEDIA_ROOT / path, "image/webp")


def _parsed(name: str) -> tuple[str, str]:
    """Hash and extension of an address. Raises Http404 for every other spelling."""
    given = PurePosixPath(name)
    try:
        relative = relative_path(given.stem, given.suffix)
    except ValueError as error:
        raise Http404 from error
    if str(relative) != name or given.suffix not in TYPES:
        raise Http404
    return given.stem, given.suffix


def _answer(path: Path, mime: str) -> FileResponse:
    if not path.exists():
        raise Http404
    response = FileResponse(path.open("rb"), content_type=mime)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
