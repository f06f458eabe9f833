"""What a worker process does besides its tasks: it says that it lives, and it ends when it had better.

Crash-only: whoever runs it (`up`, systemd, Kubernetes) starts it again, and the rows tell it what to do.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_ready
from celery.worker import state

logger = logging.getLogger("pimhub.worker")

LARGEST_MB = 400
_begun: dict[str, float] = {}  # task id → when it began, in this process


@worker_ready.connect
def _worker_lives(sender: object, **kwargs: object) -> None:
    from pimhub.foundation import heartbeat  # needs Django's settings, which the app reads later than this file

    app: Celery = sender.app  # type: ignore[attr-defined]
    heartbeat.keep_beating("worker", check=lambda: _end_if_stuck(float(app.conf.task_time_limit)))


@beat_init.connect
def _scheduler_lives(**kwargs: object) -> None:
    from pimhub.foundation import heartbeat

    heartbeat.keep_beating("scheduler")


@task_prerun.connect
def _begin(task_id: str, **kwargs: object) -> None:
    _begun[task_id] = time.monotonic()


@task_postrun.connect
def _end(task_id: str, **kwargs: object) -> None:
    _begun.pop(task_id, None)
    if megabytes() > LARGEST_MB:
        logger.warning("the worker has grown; it ends and is started again", extra={"megabytes": megabytes()})
        state.should_stop = os.EX_OK  # type: ignore[assignment]


def _end_if_stuck(limit: float) -> None:
    """A pool of one process has no time limit of its own (Celery's belongs to prefork)."""
    oldest = min(_begun.values(), default=time.monotonic())
    if time.monotonic() - oldest > limit:
        logger.error("a task is stuck; the worker ends and is started again", extra={"seconds": limit})
        os._exit(os.EX_SOFTWARE)


def megabytes() -> int:
    """Memory this process holds now; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
