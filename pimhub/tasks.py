"""The scheduler says it lives by this task reaching a worker; the worker, by running it."""

from __future__ import annotations

from celery import shared_task

from pimhub.foundation import heartbeat


@shared_task(name="pimhub.alive")
def alive() -> None:
    heartbeat.beat("scheduler")
    heartbeat.beat("worker")
