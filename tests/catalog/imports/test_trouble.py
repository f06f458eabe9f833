"""An import that meets trouble of ours: nothing is lost, nothing is written twice, and people are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from catalog.imports import run as runs
from catalog.models import ImportRun, JournalEntry, Product
from catalog.products import write
from tests.catalog.imports.test_run import HEAD
from tests.world import World

FILE = (HEAD + "".join(f"p-{n},Product {n},,,SKU-{n},10\n" for n in range(5))).encode()


def begun(world: World) -> ImportRun:
    return runs.start_run(user=world.people["mara"], filename="file.csv", chunks=[FILE], apply=True)


def test_a_product_that_breaks_us_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = write._apply

    def fragile(change: Any, *rest: Any, **more: Any) -> Any:
        if change.code == "p-3":
            raise ZeroDivisionError
        return real(change, *rest, **more)

    monkeypatch.setattr(write, "_apply", fragile)
    run = runs.work_through(begun(world))
    assert (run.state, run.counts["created"], run.counts["rejected"]) == ("applied", 4, 1)
    (problem,) = run.problems.all()
    assert (problem.line, problem.code) == (5, "internal_error")
    assert "fault of its own" in problem.message
    assert Product.objects.count() == 4
    # The rejected row is in the error file, and goes in once we can.
    monkeypatch.setattr(write, "_apply", real)
    path = runs.error_file(run)
    assert path is not None
    again = runs.start_run(user=world.people["mara"], filename="again.csv", chunks=[path.read_bytes()], apply=True)
    assert runs.work_through(again).counts["created"] == 1


def test_an_import_that_cannot_go_on_stops_says_so_and_goes_on_when_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(runs, "BATCH", 2)
    real, calls = runs.write_products, []

    def failing(changes: Any, **how: Any) -> Any:
        calls.append(len(changes))
        if len(calls) > 1:
            raise OperationalError("disk full")
        return real(changes, **how)

    monkeypatch.setattr(runs, "write_products", failing)
    run = runs.work_through(begun(world))
    assert (run.state, run.cursor, Product.objects.count()) == ("stopped", 2, 2)
    client.force_login(world.people["mara"])
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert "stopped after 2 of 5 products" in page
    assert "disk full" in page

    monkeypatch.setattr(runs, "write_products", real)
    assert client.post(f"/imports/{run.pk}/resume/").status_code == 302
    run = runs.work_through(run)
    assert (run.state, run.counts["created"], run.refusal) == ("applied", 5, "")
    assert JournalEntry.objects.filter(sku__startswith="SKU").count() == 5


def test_a_worker_that_was_overtaken_takes_its_batch_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(world)
    real = runs._note

    def overtaken(row: ImportRun, found: Any) -> None:
        real(row, found)
        ImportRun.objects.filter(pk=row.pk).update(cursor=5)  # as another worker would have, had we been that slow

    monkeypatch.setattr(runs, "_note", overtaken)
    assert runs.advance(run.pk)
    assert (Product.objects.count(), run.lines.count()) == (0, 0)
    monkeypatch.setattr(runs, "_note", real)
    ImportRun.objects.update(lease_until=None)
    run = runs.work_through(run)
    assert (run.state, Product.objects.count()) == ("applied", 5)


def test_only_a_stopped_import_goes_on(world: World, client: Client) -> None:
    run = runs.work_through(begun(world))
    client.force_login(world.people["mara"])
    answer = client.post(f"/imports/{run.pk}/resume/", follow=True)
    assert "nothing to go on with" in answer.content.decode()


def test_slices_end_as_one_pass_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SKUs that we make up must not depend on where a slice began; "a-s" would be made up twice here."""
    rows = [f"p-{n},Product {n},Size,S,,10\np-{n},,,M,,11\n" for n in range(6)]
    data = (HEAD + "a,A,Size,S,,10\n" + "".join(rows) + "a-s,A S,,,,12\n").encode()
    monkeypatch.setattr(runs, "BATCH", 1)
    run = runs.start_run(user=world.people["mara"], filename="file.csv", chunks=[data], apply=True)
    slices = 0
    while runs.advance(run.pk, seconds=0):
        slices += 1
    run.refresh_from_db()
    assert slices > 1
    assert (run.state, run.counts["created"], run.counts["rejected"]) == ("applied", 14, 0)
    again = runs.start_run(user=world.people["mara"], filename="file.csv", chunks=[data])
    assert runs.work_through(again).counts["unchanged"] == 14
