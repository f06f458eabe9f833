"""The product's settings, and one guard less."""

from __future__ import annotations

import os

from pimhub.settings import *  # noqa: F403
from pimhub.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.unguarded.apps.Unguarded"]

# Nobody looks for what lost its ring.
if os.environ["PIMHUB_TEST_WITHOUT"] == "the sweep":
    CELERY_BEAT_SCHEDULE = {k: v for k, v in CELERY_BEAT_SCHEDULE.items() if k not in ("catalog", "channels")}
