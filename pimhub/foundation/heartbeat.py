"""Who is alive: each long-running process says so now and then, in the shared cache."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connections

logger = logging.getLogger("pimhub.heartbeat")

BEAT_SECONDS = 4.0
# A beat and a half may be late.
ALIVE_SECONDS = 10


def beat(name: str) -> None:
    cache.set(f"alive:{name}", time.time(), ALIVE_SECONDS)


def keep_beating(name: str, *, check: Callable[[], None] = lambda: None) -> None:
    """Say so from now on, from a thread of this process, however busy its other threads are; `check` before each."""

    def run() -> None:
        while True:
            check()
            _try_to_beat(name)
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=run, name=f"heartbeat of {name}", daemon=True).start()


def _try_to_beat(name: str) -> None:
    try:
        beat(name)
    except DatabaseError:
        logger.warning("no heartbeat could be written", extra={"who": name})
    finally:
        connections.close_all()


def is_alive(name: str) -> bool:
    return cache.get(f"alive:{name}") is not None
