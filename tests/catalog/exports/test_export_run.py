"""Exports in the background: in slices, killed anywhere, and for their owners alone."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from catalog.exports import run as exports
from catalog.models import ExportRun, RoleLimit
from catalog.tasks import tidy
from catalog.views import grid
from governance.models import AuditEntry
from tests.world import World


class Killed(BaseException):
    """As a worker that ends at this line."""


@pytest.fixture(autouse=True)
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 2)
    monkeypatch.setattr(exports, "LINES", 3)


@pytest.fixture
def goods(world: World) -> World:
    for number in range(5):
        world.product(f"tee-{number}")
    return world


def started(world: World, by: str = "mara", **select: Any) -> ExportRun:
    return exports.start_run(user=world.people[by], select=select or {"text": ""}, total=5)


def in_slices(run: ExportRun) -> int:
    slices = 1
    while exports.advance(run.pk, seconds=0):
        slices += 1
    run.refresh_from_db()
    return slices


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_slices_write_what_one_go_writes(goods: World, tmp_path: Path) -> None:
    exports.export_csv(tmp_path / "at-once.csv")
    run = started(goods)
    assert in_slices(run) > 5
    assert (run.state, run.products, run.rows) == ("done", 5, 10)
    assert exports.file_of(run).read_bytes() == (tmp_path / "at-once.csv").read_bytes()
    assert [f.name for f in exports.file_of(run).parent.iterdir()] == [f"{run.pk}.csv"]
    [entry] = AuditEntry.objects.filter(kind="export").order_by("-pk")[:1]
    assert entry.data["rows"] == 10


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_at_any_step_leaves_nothing_half(
    goods: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, when: str
) -> None:
    """Before its cursor moves, when the bytes are there already; and after it."""
    exports.export_csv(tmp_path / "at-once.csv")
    run, move, steps = started(goods), exports._move, iter(range(100))

    def dying(run: ExportRun, **fields: Any) -> None:
        now = next(steps)
        if now == step and when == "before":
            raise Killed
        move(run, **fields)
        if now == step:
            raise Killed

    monkeypatch.setattr(exports, "_move", dying)
    died = False
    for _ in range(40):
        try:
            more = exports.advance(run.pk, seconds=0)
        except Killed:
            died, more = True, True
            ExportRun.objects.filter(pk=run.pk).update(lease_until=None)  # as when it is over
        if not more:
            break
    run.refresh_from_db()
    assert run.state == "done"
    assert died or step >= 8
    assert exports.file_of(run).read_bytes() == (tmp_path / "at-once.csv").read_bytes()


def test_whoever_was_thought_dead_is_waited_for(goods: World) -> None:
    run = started(goods)
    exports.advance(run.pk, seconds=0)
    run.refresh_from_db()
    with exports._opened(exports._spool(run), run.place):  # another worker, in the middle of a slice
        assert exports.advance(run.pk, seconds=0)
        ExportRun.objects.filter(pk=run.pk).update(lease_until=None)
        before, run.cursor = run.cursor, 0
        run.refresh_from_db()
        assert run.cursor == before
    in_slices(run)
    assert run.state == "done"


def test_what_keeps_failing_stops_and_says_so(goods: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ids: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(exports, "rows_of", broken)
    monkeypatch.setattr(exports.time, "sleep", lambda seconds: None)
    run = started(goods)
    in_slices(run)
    assert (run.state, run.problem) == ("stopped", "RuntimeError: the disk is full")


def test_only_what_was_selected_and_what_its_owner_sees(goods: World) -> None:
    run = started(goods, codes=["tee-1", "tee-3"])
    in_slices(run)
    assert {row["product"] for row in read(exports.file_of(run))} == {"tee-1", "tee-3"}
    RoleLimit.objects.create(role=Group.objects.get(name="merchandiser"), kind="category", code="elsewhere")
    run = started(goods)
    in_slices(run)
    assert (run.state, run.rows) == ("done", 0)


def test_the_page_begins_it_and_hands_out_the_file(
    goods: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "AT_ONCE", 2)
    client.force_login(goods.people["mara"])
    text = client.get("/products/export.csv?q=tee").content.decode()
    assert "Export 5 products" in text
    assert ExportRun.objects.count() == 0  # looking begins nothing
    client.post("/products/export.csv?q=tee-2")
    assert ExportRun.objects.count() == 0  # one product is there at once
    assert client.post("/products/export.csv?q=tee&view=999")["Location"] == "/products/"  # there is no such view
    answer = client.post("/products/export.csv?q=tee")
    run = ExportRun.objects.get()
    assert answer["Location"] == f"/exports/{run.pk}/"
    assert "being read" in client.get(answer["Location"]).content.decode()
    assert client.get(f"/exports/{run.pk}/products.csv").status_code == 404
    in_slices(run)
    assert "Ready: 10 rows of 5 products." in client.get(answer["Location"]).content.decode()
    found = b"".join(client.get(f"/exports/{run.pk}/products.csv").streaming_content)  # type: ignore[attr-defined]
    assert found == exports.file_of(run).read_bytes()
    assert f"/exports/{run.pk}/" in client.get("/exports/").content.decode()
    client.force_login(goods.people["rafael"])
    assert client.get(f"/exports/{run.pk}/products.csv").status_code in (403, 404)
    assert client.get(f"/exports/{run.pk}/").status_code in (403, 404)


def test_files_are_forgotten_after_a_week(goods: World) -> None:
    run = started(goods)
    in_slices(run)
    path = exports.file_of(run)
    tidy()
    assert path.exists()
    ExportRun.objects.update(created_at=timezone.now() - dt.timedelta(days=8))
    tidy()
    assert not path.exists()
    assert not ExportRun.objects.exists()
