"""JSON in without losing a digit, JSON out without waste; NDJSON line by line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalog.api.problems import Problem
from catalog.products.wire import load_json

NDJSON = "application/x-ndjson"
SPOOL = 1024 * 1024  # bytes that stay in memory; more goes to a file
MAX_BODY = 512 * 1024 * 1024


class ExactJSONParser(BaseParser):
    """JSON with decimals as `Decimal`, so that a price never passes through a float."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        text = stream.read(limit + 1) if hasattr(stream, "read") else b""
        if len(text) > limit:
            raise Problem(413, "too_large", f"The body has more than {limit // 1024**2} MB. Send less at once.")
        return load_json(text) if text.strip() else {}


class ExactJSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def spooled(request: Request) -> IO[bytes]:
    """The whole body in a file (in memory while it is small), read to its end.

    All of it is read before the first line is answered: a client that sends without reading would otherwise
    wait for us while we wait for it.
    """
    http = request._request
    # Django's own stream ends at Content-Length, which a chunked body does not have; gunicorn ends it rightly.
    chunked = "chunked" in http.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    stream = http.META["wsgi.input"] if chunked else http
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 # the caller closes it
    size = 0
    while piece := stream.read(64 * 1024):
        size += len(piece)
        if size > MAX_BODY:
            file.close()
            raise Problem(413, "too_large", f"The body has more than {MAX_BODY // 1024**2} MB. Send it in parts.")
        file.write(piece)
    file.seek(0)
    return file


def lines(file: IO[bytes], *, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """(number, line) of those that are not blank, counted from 1; None for a line beyond `longest` bytes."""
    number = 0
    while piece := file.readline(longest + 1):
        number += 1
        if len(piece) > longest and not piece.endswith(b"\n"):
            while rest := file.readline(longest):
                if rest.endswith(b"\n"):
                    break
            yield number, None
        elif piece.strip():
            yield number, piece
