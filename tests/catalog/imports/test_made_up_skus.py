"""Variants without SKU get one from us; files that name or omit it later mean the same variants."""

from __future__ import annotations

from catalog.models import Variant
from tests.catalog.imports.test_run import HEAD, bring_in, plan
from tests.world import World

WITHOUT = (HEAD + "tee,Tee,Size,S,,10\ntee,,,M,,11\nmug,Mug,,,,5\n").encode()
WITH = (HEAD + "tee,Tee,Size,S,REAL-S,10\ntee,,,M,REAL-M,11\nmug,Mug,,,REAL-MUG,5\n").encode()


def variants() -> dict[str, int]:
    return dict(Variant.objects.values_list("sku", "pk"))


def test_a_real_sku_replaces_the_one_we_made_up(world: World) -> None:
    bring_in(WITHOUT, world)
    before = variants()
    assert set(before) == {"tee-s", "tee-m", "mug"}
    again = bring_in(WITH, world)
    assert (again.counts["created"], again.counts["updated"], again.counts["rejected"]) == (0, 3, 0)
    after = variants()
    assert set(after) == {"REAL-S", "REAL-M", "REAL-MUG"}
    assert set(after.values()) == set(before.values())
    assert not Variant.objects.filter(sku_generated=True).exists()
    assert bring_in(WITH, world).counts["unchanged"] == 3


def test_a_file_that_omits_the_sku_means_the_variant_that_has_one(world: World) -> None:
    bring_in(WITH, world)
    before = variants()
    again = bring_in(WITHOUT.replace(b"11", b"12"), world)
    assert (again.counts["created"], again.counts["updated"], again.counts["unchanged"]) == (0, 1, 2)
    assert variants() == before
    assert Variant.objects.get(sku="REAL-M").offers.get().price == 12


def test_a_sku_of_another_product_is_not_taken_over(world: World) -> None:
    bring_in(WITHOUT, world)
    other = bring_in((HEAD + "hat,Hat,,,REAL-S,9\n").encode(), world)
    assert other.counts["created"] == 1
    run = bring_in(WITH, world)
    (problem,) = run.problems.all()
    assert (problem.line, problem.code) == (2, "sku_taken")
    assert set(variants()) == {"tee-s", "REAL-M", "REAL-MUG", "REAL-S"}


def test_pictures_for_a_product_that_is_not_there_say_so(world: World) -> None:
    run = bring_in(b"Handle,Image Src\nnope,https://x.example/1.jpg\n", world)
    (problem,) = run.problems.all()
    assert problem.code == "unknown_product"
    assert "“nope”" in problem.message


def test_a_file_without_handles_names_the_missing_column(world: World) -> None:
    run = plan(b"Title,Variant SKU,Variant Price\nTee,T-1,5\n", world)
    assert run.state == "refused"
    assert "no column “Handle”" in run.refusal
