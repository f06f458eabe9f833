"""What all tests share: a home of their own, plain static files, no shared cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings

from catalog import events

# Tests make people by the hundred: real passwords are hashed for a third of a second each.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

ROOMS = ("media", "feeds", "imports", "queue/in", "queue/control", "sandbox")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each test has its own PIMHUB_HOME, and pages need no collected static files."""
    home = tmp_path_factory.mktemp("home")
    for room in ROOMS:
        (home / room).mkdir(parents=True)
    with override_settings(
        PIMHUB_HOME=home,
        MEDIA_ROOT=home / "media",
        STORAGES=settings.STORAGES
        | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    ):
        yield


@pytest.fixture(autouse=True)
def no_bells(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker listens here: tests call what a worker would, and whole-product tests start a real one."""
    monkeypatch.setattr(events, "_bells", {})
