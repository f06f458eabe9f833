"""What every benchmark uses: an instance of its own, a clock, and the memory of the process."""

from __future__ import annotations

import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import override_settings

from catalog.setup import ensure_base
from pimhub.foundation.aside import aside


@dataclass
class Table:
    """Rows of figures under one title; `say` prints each as it comes."""

    title: str
    say: Callable[[str], None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, **figures: Any) -> dict[str, Any]:
        row = {"name": name, **figures}
        self.rows.append(row)
        shown = ", ".join(f"{key.replace('_', ' ')} {_shown(value)}" for key, value in figures.items())
        self.say(f"{name:<58} {shown}")
        return row


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def own_instance() -> Iterator[Path]:
    """A database and a home that are gone afterwards; whatever instance the settings name is not touched."""
    with tempfile.TemporaryDirectory(prefix="pimhub-bench-") as folder:
        home = Path(folder)
        for room in ("media", "feeds", "imports", "queue/in", "queue/control", "sandbox"):
            (home / room).mkdir(parents=True)
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(home / "bench.sqlite3")
        name = connection.settings_dict["NAME"]
        # Aside: what migrations hold in memory is not what any worker ever holds.
        aside(lambda: connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False))
        connection.settings_dict["NAME"] = connection.creation._get_test_db_name()  # as create_test_db() does
        try:
            with override_settings(PIMHUB_HOME=home, MEDIA_ROOT=home / "media"):
                ensure_base()
                yield home
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the work returned."""
    gc.collect()
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def latencies(work: Callable[[], Any], *, times: int = 60, warm: int = 5) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    for _ in range(warm):
        work()
    gc.collect()
    taken = sorted(_once(work) * 1000 for _ in range(times))
    return {"p50_ms": round(statistics.median(taken), 2), "p95_ms": round(taken[int(times * 0.95)], 2)}


def _once(work: Callable[[], Any]) -> float:
    """Seconds, of a process that is at it all the time: to collect what is no more would empty the processor's caches
    before each call, which no server does."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_megabytes() -> int:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def ratio(work: Callable[[], Any], other: Callable[[], Any], *, times: int = 40, warm: int = 3) -> float:
    """The median of one by the median of the other, done in turns: what else the machine does slows both alike."""
    for _ in range(warm):
        work(), other()
    gc.collect()
    pairs = [(_once(work), _once(other)) for _ in range(times)]
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    return round(first / second, 2)
