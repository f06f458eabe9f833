from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.product import Product


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A product that is not started yet; whatever it left running is ended."""
    made = Product(tmp_path / "pimhub home")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
