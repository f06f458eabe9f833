"""The roof plugs Celery into the bell of the event log."""

from __future__ import annotations

import logging

from django.apps import AppConfig

logger = logging.getLogger("pimhub.bell")


class RoofConfig(AppConfig):
    name = "pimhub"
    verbose_name = "PIMHub"

    def ready(self) -> None:
        from catalog import events

        events.on_ring(ring_workers)


def ring_workers() -> None:
    """Nudge the workers. A broker that is away only delays: the sweep finds the rows."""
    from catalog.tasks import advance_imports, derive
    from channels.tasks import dispatch

    for task in (derive, dispatch, advance_imports):
        try:
            task.delay()
        except Exception as error:  # whatever the broker's library raises
            logger.warning("the bell did not ring", extra={"task": task.name, "problem": str(error)})
            return
