"""An import while its workers are killed: the catalogue and its journal end as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.deaths import Reaper, catalog_holds, wait_until, write_catalog
from tests.flows.product import Product
from tests.flows.visitor import Visitor

pytestmark = [pytest.mark.flow, pytest.mark.timeout(900)]
SEED = 20261122


def imported(folder: Path, *, products: int, kills: int, without: str = "") -> tuple[dict[str, Any], int]:
    """Import a file in the browser's way while workers die: what the catalogue holds, and how many died."""
    folder.mkdir()
    write_catalog(folder / "catalog.csv", products=products)
    product = Product(folder / "home", without=without)
    product.run("demo", "--empty")
    product.start()
    try:
        with Visitor(product.url, "merchandiser") as visitor:
            run = visitor.upload("/imports/", "file", folder / "catalog.csv")
            wait_until(lambda: state(product) == "planned", seconds=120, what="the dry run is finished")
            visitor.post(f"{run}apply/")
        reaper = Reaper(product, seed=SEED)
        reaper.strike_while(
            lambda: state(product) != "applied",
            progress=lambda: cursor(product),
            kills=kills,
            then=lambda: time_passes(product),
        )
        wait_until(lambda: state(product) == "applied", seconds=300, what="the import is applied")
        wait_until(lambda: caught_up(product), seconds=60, what="events are numbered and consumed")
        return catalog_holds(product), reaper.kills
    finally:
        product.stop()


def state(product: Product) -> str:
    found = product.rows("SELECT state FROM catalog_importrun")
    return str(found[0][0]) if found else ""


def caught_up(product: Product) -> bool:
    """Whether every consumer has seen the last event."""
    waiting = product.rows("SELECT count(*) FROM catalog_domainevent WHERE number IS NULL")[0][0]
    last = product.rows("SELECT max(number) FROM catalog_domainevent")[0][0]
    behind = product.rows(f"SELECT count(*) FROM catalog_eventcursor WHERE number < {int(last or 0)}")[0][0]  # noqa: S608
    return not waiting and not behind


def cursor(product: Product) -> int:
    return int(product.rows("SELECT cursor FROM catalog_importrun")[0][0])


def time_passes(product: Product) -> None:
    """The lease of the dead worker ends now, not in a minute and a half."""
    product.write("UPDATE catalog_importrun SET lease_until = NULL")


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    def both(*, products: int, kills: int, without: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        calm, _ = imported(tmp_path / "calm", products=products, kills=0)
        held, died = imported(tmp_path / "killed", products=products, kills=kills, without=without)
        assert died == kills, "the work was done before all had died"
        return calm, held

    return both


def check(calm: dict[str, Any], killed: dict[str, Any]) -> None:
    for name, found in calm.items():
        assert killed[name] == found, name


def test_a_killed_import_ends_as_an_undisturbed_one(compare: Callable[..., tuple[Any, Any]]) -> None:
    check(*compare(products=2200, kills=2))


@pytest.mark.long
def test_an_import_killed_ten_times(compare: Callable[..., tuple[Any, Any]]) -> None:
    check(*compare(products=3000, kills=10))


@pytest.mark.long
def test_without_whole_batches_it_is_seen(compare: Callable[..., tuple[Any, Any]]) -> None:
    """The test above can fail: without one transaction for a batch, halves are left behind."""
    calm, killed = compare(products=3000, kills=10, without="whole batches")
    with pytest.raises(AssertionError):
        check(calm, killed)
