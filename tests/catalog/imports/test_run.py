"""Import runs: dry run, apply, again, killed in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from catalog.imports import run as runs
from catalog.models import ChangeSet, DomainEvent, ImportLine, ImportRun, JournalEntry, Product, Variant
from catalog.products.state import Flat
from tests.world import World

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "tests/data/shopify").glob("*.csv"))
BIG = ROOT.parent / "shared/data/shopify_csv"
MORE = [p for n in ("velofant_bikes_sv", "bilali_fashion_de") if (p := BIG / f"{n}.csv").exists()]
HEAD = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"


def plan(data: bytes, world: World) -> ImportRun:
    run = runs.start_run(user=world.people["mara"], filename="file.csv", chunks=[data])
    return runs.work_through(run)


def bring_in(data: bytes, world: World) -> ImportRun:
    run = plan(data, world)
    assert run.state == "planned", run.refusal
    runs.confirm(run)
    return runs.work_through(run)


def counted() -> dict[str, int]:
    own = {"ImportRun", "ImportLine", "ImportProblem"}
    models = (m for m in apps.get_app_config("catalog").get_models() if m.__name__ not in own)
    return {m.__name__: m._default_manager.count() for m in models}


def shop(world: World) -> dict[str, Flat]:
    return {code: world.flat(code) for code in Product.objects.order_by("code").values_list("code", flat=True)}


@pytest.mark.parametrize("path", [*FILES, *MORE], ids=lambda p: p.stem)
def test_a_file_is_planned_applied_and_unchanged_the_second_time(world: World, path: Path) -> None:
    before = counted()
    planned = plan(path.read_bytes(), world)
    assert counted() == before
    assert sum(planned.counts[b] for b in runs.BUCKETS) == planned.rows == planned.lines.count()
    applied = bring_in(path.read_bytes(), world)
    assert {b: applied.counts[b] for b in runs.BUCKETS} == {b: planned.counts[b] for b in runs.BUCKETS}
    written = counted()
    again = bring_in(path.read_bytes(), world)
    assert again.counts["created"] == again.counts["updated"] == 0
    assert counted() == written


def test_a_mended_error_file_goes_in(world: World) -> None:
    bad = (HEAD + "tee,Tee,Size,S,T-1,10\ntee,,Size,M,T-2,ten\n").encode()
    run = bring_in(bad, world)
    path = runs.error_file(run)
    assert run.counts["rejected"] == 1
    assert path is not None
    assert bring_in(path.read_bytes().replace(b",ten", b",12"), world).counts["created"] == 1
    assert list(Variant.objects.order_by("sku").values_list("sku", flat=True)) == ["T-1", "T-2"]


def test_an_unmended_repeated_sku_overwrites_no_variant(world: World) -> None:
    run = bring_in((HEAD + "tee,Tee,Size,S,T-1,10\ntee,,Size,M,T-1,12\n").encode(), world)
    path = runs.error_file(run)
    before = shop(world)
    assert path is not None
    again = bring_in(path.read_bytes(), world)
    assert again.counts["rejected"] == 1
    assert again.problems.get(warning=False).code == "sku_axes_differ"
    assert shop(world) == before


def test_a_sku_in_another_case_is_the_same_variant_and_its_line_says_so(world: World) -> None:
    bring_in((HEAD + "tee,Tee,Size,S,T-1,10\ntee,,Size,M,T-2,10\n").encode(), world)
    run = bring_in((HEAD + "tee,Tee,Size,S,T-1,10\ntee,,Size,M,t-2,11\n").encode(), world)
    line = ImportLine.objects.get(run=run, line=3)
    assert (line.bucket, list(line.changes)) == ("updated", ["offers.default.price"])


@pytest.mark.parametrize("after", [False, True], ids=["inside a batch", "between slices"])
def test_a_killed_run_ends_as_an_undisturbed_one(world: World, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    data = (HEAD + "".join(f"p{i},Product {i},,,S-{i},10\n" for i in range(6))).encode()
    monkeypatch.setattr(runs, "BATCH", 2)
    run = plan(data, world)
    runs.confirm(run)
    whole, batches = runs._batch, []

    def dying(*args: Any, **named: Any) -> None:
        batches.append(1)
        if len(batches) == 2 and not after:
            monkeypatch.setattr(runs, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        if len(batches) == 3 and after:
            raise KeyboardInterrupt
        whole(*args, **named)

    note = runs._note
    monkeypatch.setattr(runs, "_batch", dying)
    with pytest.raises(KeyboardInterrupt):
        runs.advance(run.pk)
    assert Product.objects.count() == (4 if after else 2)
    monkeypatch.setattr(runs, "_batch", whole)
    monkeypatch.setattr(runs, "_note", note)
    ImportRun.objects.update(lease_until=None)  # as when the dead worker's lease has run out
    run = runs.work_through(run)
    assert (run.state, run.counts["created"], run.lines.count()) == ("applied", 6, 6)
    assert DomainEvent.objects.count() == Product.objects.count() == 6
    assert {e.change_set_id for e in JournalEntry.objects.all()} == {run.change_set_id}
    assert ChangeSet.objects.filter(source="import").count() == 1


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"", b"a;b\n1;2\n"])
def test_what_is_no_product_file_is_refused_in_words(world: World, data: bytes) -> None:
    run = plan(data, world)
    assert run.state == "refused"
    assert run.refusal
