"""Who is alive: each long-running process says so now and then, in the shared cache."""

from __future__ import annotations

import time

from django.core.cache import cache

# Longer than the slowest beat and one missed turn.
ALIVE_SECONDS = 30


def beat(name: str) -> None:
    cache.set(f"alive:{name}", time.time(), ALIVE_SECONDS)


def is_alive(name: str) -> bool:
    return cache.get(f"alive:{name}") is not None
