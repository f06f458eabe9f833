"""The product's settings, and one guard less."""

from __future__ import annotations

from pimhub.settings import *  # noqa: F403
from pimhub.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.unguarded.apps.Unguarded"]
