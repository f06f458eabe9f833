"""An ERP that writes through the API, for the small shop."""

from __future__ import annotations

import pytest

from catalog.models import ExternalSystem
from tests.catalog.api.conftest import Api
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    """Ada's token, which speaks for nobody."""
    return Api(world).of("ada")


@pytest.fixture
def erp(world: World) -> Api:
    """A token that writes for the ERP."""
    ExternalSystem.objects.create(code="erp", label="ERP")
    return Api(world).of("ada", system="erp")
