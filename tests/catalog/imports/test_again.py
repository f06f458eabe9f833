"""The same file again: known products are not looked at, and everything else is."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.imports import run as runs
from catalog.models import ImportFingerprint, Product
from tests.catalog.imports.test_run import HEAD, bring_in
from tests.world import World

ROWS = ["tee,Tee,Size,S,T-1,10\n", "mug,Mug,,,M-1,5\n", "hat,Hat,,,H-1,7\n"]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes of the products that the door was asked about."""
    asked: list[str] = []
    real = runs.write_products

    def noting(changes: Any, **how: Any) -> Any:
        asked.extend(c.code for c in changes)
        return real(changes, **how)

    monkeypatch.setattr(runs, "write_products", noting)
    return asked


def test_what_a_file_brings_again_is_not_looked_at(world: World, looked_at: list[str]) -> None:
    bring_in((HEAD + "".join(ROWS)).encode(), world)
    looked_at.clear()
    # The rows may stand elsewhere in the file.
    again = bring_in((HEAD + "new,New,,,N-1,1\n" + "".join(reversed(ROWS))).encode(), world)
    assert (again.counts["unchanged"], again.counts["created"]) == (3, 1)
    assert set(looked_at) == {"new"}


def test_what_changed_in_the_file_or_here_is_looked_at(world: World, looked_at: list[str]) -> None:
    bring_in((HEAD + "".join(ROWS)).encode(), world)
    world.change("mug", values={"name@en_US": "My mug"})
    looked_at.clear()
    again = bring_in((HEAD + "".join(ROWS).replace("Hat,", "Top hat,")).encode(), world)
    assert set(looked_at) == {"mug", "hat"}
    assert (again.counts["updated"], again.counts["unchanged"]) == (2, 1)
    assert Product.objects.get(code="mug").name() == "Mug"


def test_what_was_refused_or_held_is_said_each_time(world: World) -> None:
    data = (HEAD + "tee,Tee,Size,S,T-1,10\ntee,,,M,T-2,ten\nfree,Free,,,F-1,0\n").encode()
    first, second = bring_in(data, world), bring_in(data, world)
    assert not ImportFingerprint.objects.filter(product__code="free").exists()
    told = [[(p.line, p.code) for p in run.problems.all()] for run in (first, second)]
    assert told[0][0] == told[1][0] == (3, "price")


def test_a_dry_run_remembers_nothing(world: World) -> None:
    run = runs.start_run(user=None, filename="file.csv", chunks=[(HEAD + ROWS[0]).encode()])
    runs.work_through(run)
    assert not ImportFingerprint.objects.exists()
