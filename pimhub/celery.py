"""Celery: the muscle. The database is the truth; a task is a doorbell that takes at most an id."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import beat_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pimhub.settings")

app = Celery("pimhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["catalog", "channels"])
app.conf.worker_redirect_stdouts = False


@worker_ready.connect
def _worker_lives(**kwargs: object) -> None:
    from pimhub.foundation import heartbeat  # needs Django's settings, which the app reads later than this file

    heartbeat.keep_beating("worker")


@beat_init.connect
def _scheduler_lives(**kwargs: object) -> None:
    from pimhub.foundation import heartbeat

    heartbeat.keep_beating("scheduler")
