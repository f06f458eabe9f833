from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from catalog.demo_people import ensure_people
from catalog.models import Attribute, AttributeOption
from catalog.setup import ensure_base
from channels.demo.shop import ensure_channels
from channels.models import Channel
from tests.channels.publishing.shop import Shop
from tests.channels.sandbox.fixtures import sandbox_without_violations


@pytest.fixture
def shop(transactional_db: None, own_home: None) -> Iterator[Shop]:
    """The demo's channels on a sandbox of their own; any violation of a channel's rules fails the test."""
    ensure_base()
    ensure_people()
    ensure_channels()
    color = Attribute.objects.get(code="color")
    for code in ("s", "m", "l"):
        AttributeOption.objects.create(attribute=color, code=code, label_key=code, labels={"en_US": code.upper()})
    # Google wants a picture; most tests here are about the road, not the goods.
    Channel.objects.filter(code="google").update(publishes_on_approval=False)
    with sandbox_without_violations(settings.PIMHUB_HOME) as sandbox:
        yield Shop(sandbox)
