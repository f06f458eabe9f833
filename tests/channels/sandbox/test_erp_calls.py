"""The sandbox ERP tells its news by signed calls, and again until they are taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels.sandbox.erp import messenger
from channels.sandbox.world import ERP_SECRET
from pimhub.foundation.home import note_address
from tests.channels.sandbox.fixtures import Sandbox, start_sandbox
from tests.channels.webhooks.receiver import Receiver, fits, listening
from tests.faults.deaths import wait_until


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sandbox, Receiver]]:
    """An ERP that tells a hub of its stock."""
    monkeypatch.setattr(messenger, "PAUSE", 0.05)
    with listening() as hub:
        note_address(tmp_path, hub.url)
        sandbox = start_sandbox(tmp_path)
        messenger.wire(sandbox.running.sandbox.store, kind="stock", path="/hooks/sources/erp_stock/", secret=ERP_SECRET)
        try:
            yield sandbox, hub
        finally:
            sandbox.stop()


def put(sandbox: Sandbox, **item: Any) -> int:
    return sandbox.call("POST", "/erp/items", json.dumps(item).encode()).status


def lines(hub: Receiver) -> list[dict[str, Any]]:
    return [json.loads(line) for got in hub.tried for line in got.body.splitlines()]


def updates(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.running.sandbox.store.all("erp_update")


def test_each_change_is_told_signed_until_it_is_taken(wired: tuple[Sandbox, Receiver]) -> None:
    sandbox, hub = wired
    hub.status = 503
    for sku in "abcdef":
        assert put(sandbox, sku=sku, price="19.90", available=3) == 200
    wait_until(lambda: len(hub.tried) > 1, seconds=20, what="told again")
    hub.status = 202
    wait_until(
        lambda: not any(u["kind"] == "stock" and not u["sent"] for u in updates(sandbox)), seconds=20, what="told"
    )
    assert all(fits(ERP_SECRET, got.headers, got.body) for got in hub.tried)
    assert {line["sku"] for line in lines(hub)} == set("abcdef")
    assert len({line["sequence"] for line in lines(hub)}) == 6
    assert len({got.id for got in hub.tried}) == len(hub.tried)


@pytest.mark.parametrize(
    "item",
    [
        {"sku": "a", "price": "cheap", "available": 1},
        {"sku": "a", "price": "NaN", "available": 1},
        {"sku": "a", "price": "-1", "available": 1},
        {"sku": "a", "price": "1", "available": -1},
        {"sku": "a", "price": "1"},
    ],
)
def test_figures_that_are_none_are_refused(wired: tuple[Sandbox, Receiver], item: dict[str, Any]) -> None:
    sandbox, _ = wired
    assert put(sandbox, **item) == 422
    assert updates(sandbox) == []


def test_its_screen_sets_an_item(wired: tuple[Sandbox, Receiver]) -> None:
    sandbox, _ = wired
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = sandbox.call("POST", "/erp/items", b"sku=a%26b&price=9%2C5&available=4", form)
    assert (answer.status, answer.headers["location"]) == (303, "/erp/")
    shown = sandbox.call("GET", "/erp/").body.decode()
    assert 'aria-label="Price of a&amp;b"' in shown
    assert 'value="9.50"' in shown
