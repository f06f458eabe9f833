"""How long ago the person of a session proved who they are: by signing in, or by doing it again."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings

STAMP = "signed_in_at"


def stamp(request: Any) -> None:
    """They did, just now."""
    request.session[STAMP] = int(time.time())


def is_fresh(request: Any) -> bool:
    """Whether it was within PIMHUB_FRESH_MINUTES."""
    at = request.session.get(STAMP)
    return isinstance(at, int) and 0 <= time.time() - at < settings.PIMHUB_FRESH_MINUTES * 60
