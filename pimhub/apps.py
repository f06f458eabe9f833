"""The roof plugs Celery into the bells of the event log."""

from __future__ import annotations

import gc
import logging
import time

from celery import current_app
from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

logger = logging.getLogger("pimhub.bell")
TASKS = {
    "derive": "catalog.derive",
    "imports": "catalog.advance_imports",
    "exports": "catalog.advance_exports",
    "media": "catalog.fetch_media",
    "sources": "catalog.advance_sources",
    "recompute": "catalog.recompute",
    "plans": "catalog.advance_plans",
    "dispatch": "channels.dispatch",
    "trials": "channels.advance_trials",
    "copy": "governance.write_copy",
    "webhooks": "channels.deliver",
    "inbound": "channels.listen",
    "reconciliations": "channels.advance_reconciliations",
}
# One ring serves all commits of this long; what comes after it is the sweep's.
QUIET_SECONDS = 0.3


class RoofConfig(AppConfig):
    name = "pimhub"
    verbose_name = "PIMHub"

    def ready(self) -> None:
        from catalog import events

        # Rows by the thousand make the collector walk, again and again, over all that an idle process holds:
        # a bulk upsert took a third longer. What is loaded by now stays; the rest is looked at less often.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        for name, task in TASKS.items():
            events.on_ring(name, Bell(task))
        # After the last app's permissions are there: an update brings roles their new rights.
        last = list(apps.get_app_configs())[-1]
        post_migrate.connect(renew_roles, sender=last, dispatch_uid="renew roles")


def renew_roles(**_: object) -> None:
    from catalog.change_sets import acting
    from catalog.permissions import ensure_roles

    with acting(source="system", reason="update"):
        ensure_roles()


class Bell:
    """Nudges the workers for one kind of work. A broker that is away only delays: the sweep finds the rows."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.last = float("-inf")

    def __call__(self) -> None:
        if time.monotonic() - self.last < QUIET_SECONDS:
            return
        self.last = time.monotonic()
        try:
            current_app.send_task(self.task, expires=30)
        except Exception as error:  # whatever the broker's library raises
            logger.warning("the bell did not ring", extra={"task": self.task, "problem": str(error)})
