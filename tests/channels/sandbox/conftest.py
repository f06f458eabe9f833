"""Fixtures of the sandbox tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.sandbox.fixtures import Sandbox, sandbox_without_violations, start_sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """For tests in which the client behaves: any violation fails them."""
    with sandbox_without_violations(tmp_path) as running:
        yield running


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Sandbox]:
    """For tests that break a rule on purpose and look at what was recorded."""
    running = start_sandbox(tmp_path)
    yield running
    running.stop()
