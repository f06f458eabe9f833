"""Publishing while its workers are killed: the channels end as if nothing had happened, nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.deaths import Reaper, channels_hold, effects, rows, wait_until, write_catalog
from tests.flows.product import Product

pytestmark = [pytest.mark.flow, pytest.mark.timeout(900)]
SEED = 20261121


def approved(product: Product, folder: Path, *, products: int) -> None:
    """A product that is up, with a catalogue that was just approved: its worker begins to publish."""
    write_catalog(folder / "catalog.csv", products=products)
    product.run("demo", "--empty")
    product.run("import_products", str(folder / "catalog.csv"), timeout=300)
    product.run("submit", "--all", "--as", "merchandiser", timeout=300)
    assert product.run("approve", "--all", "--as", "reviewer", "--json", timeout=300).json["approved"] == products
    product.start()
    for channel in ("shopify", "google"):
        # As real channels, the sandbox takes its time to answer: calls are cut off after they took effect.
        product.sandbox("settings", channel=channel, answer_after=0.08)


def unsettled(product: Product, *, products: int) -> bool:
    """Whether something is still on its way: not placed, queued or accepted, or being worked on."""
    (placed,) = rows(
        product,
        "SELECT count(*) FROM channels_placement WHERE channel_id IN (SELECT id FROM "
        "channels_channel WHERE code IN ('shopify', 'google'))",
    )[0]
    (open_listings,) = rows(
        product, "SELECT count(*) FROM channels_listing WHERE state IN ('queued', 'accepted', 'failed')"
    )[0]
    (leased,) = rows(product, "SELECT count(*) FROM channels_placement WHERE lease_token <> ''")[0]
    (untouched,) = rows(
        product,
        "SELECT count(*) FROM channels_placement p WHERE NOT EXISTS "
        "(SELECT 1 FROM channels_listing x WHERE x.placement_id = p.id)",
    )[0]
    return placed < 2 * products or bool(open_listings or leased or untouched)


def run(folder: Path, *, products: int, kills: int, without: str = "") -> tuple[dict[str, Any], dict[str, int], int]:
    """Publish a catalogue while workers die: what the channels hold, what took effect, and how many died."""
    product = Product(folder / "home", without=without)
    folder.mkdir()
    try:
        approved(product, folder, products=products)
        reaper = Reaper(product, seed=SEED)
        reaper.strike_while(
            lambda: unsettled(product, products=products),
            progress=lambda: rows(product, "SELECT count(*) FROM channels_publication WHERE verdict <> ''")[0][0],
            kills=kills,
        )
        wait_until(lambda: not unsettled(product, products=products), seconds=300, what="everything is settled")
        broken = product.sandbox("violations")
        assert not broken, json.dumps(broken)[:3000]
        return channels_hold(product), effects(product), reaper.kills
    finally:
        product.stop()


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., tuple[Any, Any]]:
    def both(*, products: int, kills: int, without: str = "") -> tuple[Any, Any]:
        calm, calm_effects, _ = run(tmp_path / "calm", products=products, kills=0)
        held, held_effects, died = run(tmp_path / "killed", products=products, kills=kills, without=without)
        assert died == kills, "the work was done before all had died"
        return (calm, calm_effects), (held, held_effects)

    return both


def check(calm: tuple[Any, Any], killed: tuple[Any, Any]) -> None:
    for kind, documents in calm[0].items():
        assert killed[0][kind] == documents, kind
    assert killed[1] == calm[1]


def test_killed_workers_leave_the_channels_as_undisturbed_ones(compare: Callable[..., tuple[Any, Any]]) -> None:
    check(*compare(products=40, kills=2))


@pytest.mark.long
def test_twenty_deaths_while_two_hundred_products_publish(compare: Callable[..., tuple[Any, Any]]) -> None:
    check(*compare(products=200, kills=20))


@pytest.mark.long
def test_without_the_read_before_a_retry_it_is_seen(compare: Callable[..., tuple[Any, Any]]) -> None:
    """The test above can fail: with one guard taken out, calls take effect twice."""
    calm, killed = compare(products=200, kills=20, without="read before retry")
    with pytest.raises(AssertionError):
        check(calm, killed)
