from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.flows.product import Product


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A home with the demo in it, loaded once: most flows are about what follows."""

    @cache
    def load() -> Path:
        made = Product(tmp_path_factory.mktemp("prepared") / "home")
        done = made.run("demo", timeout=300)
        assert done.code == 0, done.err
        return made.home

    return load


@pytest.fixture
def product(tmp_path: Path, prepared: Callable[[], Path]) -> Iterator[Product]:
    """A product that is not started yet; whatever it left running is ended."""
    made = Product(tmp_path / "pimhub home", prepared=prepared)
    yield from running(made)


def running(made: Product) -> Iterator[Product]:
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
