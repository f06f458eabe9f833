"""Doorbells of the channels."""

from __future__ import annotations

from celery import shared_task

from channels.publishing import dispatch as dispatching


@shared_task(name="channels.dispatch")
def dispatch() -> None:
    """Work on due placements for one slice; rings again while there is more."""
    if dispatching.dispatch():
        dispatch.delay()


@shared_task(name="channels.sweep")
def sweep() -> None:
    """Placements that are due although nobody rang."""
    if dispatching.anything_due():
        dispatch.delay()
