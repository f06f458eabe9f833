"""`up` as an operator meets it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import running
from tests.flows.product import Product

pytestmark = pytest.mark.flow


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Nothing is prepared: here the first start itself is looked at."""
    yield from running(Product(tmp_path / "pimhub home"))


def test_it_starts_with_demo_data_and_stops_without_orphans(product: Product) -> None:
    first = product.start("--demo")
    assert product.children()
    assert product.stop() < 10
    assert product.children() == []
    assert product.start("--demo") < first  # the same data, not loaded again
    assert product.run("publish", "shopify", "--json").json["listings"] == 0  # nothing is approved yet
    assert product.stop(signal.SIGINT) < 10
    assert product.children() == []


def test_a_taken_port_is_one_clear_sentence(product: Product) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", product.port))
        other.listen()
        refused = product.run("up", "--port", str(product.port))
    assert refused.code == 2
    assert str(product.port) in refused.err
    assert "Traceback" not in refused.err
    assert len(refused.err.strip().splitlines()) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/1"), reason="needs /proc")
def test_an_unusable_home_is_one_clear_sentence(product: Product) -> None:
    product.home = type(product.home)("/proc/pimhub")
    refused = product.run("up")
    assert refused.code == 1
    assert "PIMHUB_HOME" in refused.err
    assert "Traceback" not in refused.err


def test_killed_workers_are_started_again(product: Product) -> None:
    product.start("--demo")
    before = product.workers()
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while len(set(product.workers()) - set(before)) < len(before) and time.monotonic() < until:
        time.sleep(0.2)
    assert len(set(product.workers()) - set(before)) == len(before)
