"""Celery: the muscle. The database is the truth; a task is a doorbell that takes at most an id."""

from __future__ import annotations

import os

from celery import Celery

from pimhub import (
    broker,
    worker,  # noqa: F401 (connects its signals)
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pimhub.settings")
broker.plug_in()

app = Celery("pimhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["catalog", "governance", "channels"])
app.conf.worker_redirect_stdouts = False
