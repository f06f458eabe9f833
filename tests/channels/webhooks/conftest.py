from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.channels.webhooks.receiver import Receiver, listening
from tests.world import World, build_world


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found, override_settings(PIMHUB_ALLOWED_ORIGINS=[found.url]):
        yield found
