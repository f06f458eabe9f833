"""Tables in the catalogue's own words: exported, changed in a spreadsheet, and brought in again."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group

from catalog.exports.run import export_csv
from catalog.imports import run as runs
from catalog.models import (
    Attribute,
    AttributeGroup,
    AttributeOption,
    Family,
    FamilyAttribute,
    ImportRun,
    JournalEntry,
    RoleLimit,
)
from catalog.products.changes import OfferChange, VariantChange
from tests.catalog.imports.test_run import FILES, bring_in, shop
from tests.world import World

Rows = list[dict[str, str]]


def exported(folder: Path) -> Rows:
    export_csv(folder / "out.csv")
    with (folder / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def table(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(c for row in rows for c in row)), restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def bring(world: World, *rows: dict[str, str], by: str = "mara", **how: Any) -> ImportRun:
    given: dict[str, Any] = {"user": world.people[by], "filename": "t.csv", "chunks": [table(*rows)]} | how
    run = runs.work_through(runs.start_run(**given))
    assert run.state == "planned", run.refusal
    planned = {b: run.counts[b] for b in runs.BUCKETS}
    runs.confirm(run)
    run = runs.work_through(run)
    assert {b: run.counts[b] for b in runs.BUCKETS} == planned
    return run


def told(run: ImportRun) -> list[tuple[int, str, str]]:
    return list(run.problems.filter(warning=False).order_by("line").values_list("line", "column", "code"))


def attribute(code: str, kind: str, *, on_variant: bool = False) -> Attribute:
    made = Attribute.objects.create(code=code, type=kind, group=AttributeGroup.objects.all()[0], open_options=True)
    FamilyAttribute.objects.create(family=Family.objects.get(code="default"), attribute=made, on_variant=on_variant)
    return made


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_was_exported_changes_nothing(world: World, path: Path, tmp_path: Path) -> None:
    bring_in(path.read_bytes(), world)
    before, entries = shop(world), JournalEntry.objects.count()
    rows = exported(tmp_path)
    for empty_cells in ("keep", "clear"):
        run = bring(world, *rows, empty_cells=empty_cells)
        assert (run.format, run.counts["unchanged"], told(run)) == ("table", len(rows), [])
        assert [note["message"] for note in run.notes] == []
        assert shop(world) == before
    assert JournalEntry.objects.count() == entries


def test_a_changed_cell_is_the_only_change(world: World, tmp_path: Path) -> None:
    world.product("tee")
    world.product("cap")
    before = world.flat("tee")
    rows = exported(tmp_path)
    for row in rows:
        if row["product"] == "tee":
            row["brand"] = "Bolt"
        if row["sku"] == "tee-m":
            row["offers.default.price"], row["stock.main.available"] = "21.50", "7"
    run = bring(world, *rows)
    assert (run.counts["updated"], run.counts["unchanged"], run.counts["rejected"]) == (2, 2, 0)
    flat = world.flat("tee")
    assert flat[""] == before[""] | {"brand": "Bolt"}
    assert flat["tee-s"] == before["tee-s"]
    assert flat["tee-m"] == before["tee-m"] | {"offers.default.price": "21.50", "stock.main.available": 7}


def test_what_a_product_has_once_may_be_said_once_but_not_in_two_ways(world: World, tmp_path: Path) -> None:
    world.product("tee")
    rows = exported(tmp_path)
    rows[0]["brand"] = "Bolt"
    run = bring(world, *rows)
    assert told(run) == [(2, "", "product_rejected"), (3, "brand", "differs")]
    assert world.flat("tee")[""]["brand"] == "Acme"
    rows[1]["brand"] = ""
    assert bring(world, *rows).counts["updated"] == 1
    assert world.flat("tee")[""]["brand"] == "Bolt"


def test_a_sku_and_what_people_call_an_attribute_are_enough(world: World) -> None:
    world.product("tee")
    run = bring(world, {"SKU": "TEE-M", "Brand": "Bolt", "name": "Kurzarmhemd", "EAN": "4006381333931"}, locale="de_DE")
    assert told(run) == []
    flat = world.flat("tee")
    assert (flat[""]["brand"], flat[""]["name@de_DE"], flat[""]["name@en_US"]) == ("Bolt", "Kurzarmhemd", "Tee shirt")
    assert flat["tee-m"]["gtin"] == "4006381333931"


def test_new_products_come_with_their_variants(world: World) -> None:
    rows = [
        {"product": "cap", "sku": f"cap-{s}", "axes": "size", "size": s, "name@en_US": "Cap", "offers.default.price": p}
        for s, p in (("s", "9.90"), ("m", "10.90"))
    ]
    run = bring(world, *rows)
    assert run.counts["created"] == 2, told(run)
    flat = world.flat("cap")
    assert (flat[""]["axes"], flat[""]["family"], flat["cap-m"]["size"]) == (["size"], "default", "m")
    assert flat["cap-m"]["offers.default.price"] == "10.90"


def test_numbers_may_have_a_decimal_comma(world: World) -> None:
    world.product("tee")
    attribute("height", "decimal")
    row = {"sku": "tee-s", "height": "1.234"}
    for said in ("", "x"):  # what no page offers says nothing
        assert told(bring(world, row, decimals=said)) == [(2, "height", "ambiguous_number")]
    assert told(bring(world, row, decimals=",", chunks=[table(row, delimiter=";")])) == []
    assert world.flat("tee")[""]["height"] == "1234"


class TestWhatOthersChangedSince:
    @pytest.fixture
    def rows(self, world: World, tmp_path: Path) -> Rows:
        world.product("tee")
        rows = exported(tmp_path)
        world.change(
            values={"brand": "Bolt"},
            variants=(VariantChange(sku="tee-s", offers={"default": OfferChange(price=Decimal("15.00"))}),),
        )
        return rows

    def test_stays_where_the_file_left_it_alone(self, world: World, rows: Rows) -> None:
        now = world.flat("tee")
        for row in rows:
            row["name@en_US"] = "Another name"
        assert told(bring(world, *rows)) == []
        assert world.flat("tee") == {**now, "": now[""] | {"name@en_US": "Another name"}}

    def test_is_told_where_the_file_changed_it_too(self, world: World, rows: Rows) -> None:
        for row in rows:
            row["brand"] = "Cord"
        rows[0]["offers.default.price"] = "12.00"
        run = bring(world, *rows)
        assert ("brand", "conflict") in {(column, code) for _, column, code in told(run)}
        [problem] = run.problems.filter(column="brand")
        assert problem.message.startswith("Somebody changed this after the file was exported: it is “Bolt” now.")
        assert (world.flat("tee")[""]["brand"], world.flat("tee")["tee-s"]["offers.default.price"]) == ("Bolt", "15.00")

    def test_is_replaced_on_purpose(self, world: World, rows: Rows) -> None:
        for row in rows:
            row["brand"], row["as_of"] = "Cord", ""
        assert told(bring(world, *rows)) == []
        assert world.flat("tee")[""]["brand"] == "Cord"
        assert world.flat("tee")["tee-s"]["offers.default.price"] == "19.90"  # as the file says


def test_what_a_spreadsheet_spoils_makes_nothing_new(world: World, tmp_path: Path) -> None:
    world.product("0012")
    rows = exported(tmp_path)
    assert [row["sku"] for row in rows] == ["0012-s", "0012-m"]
    rows[0]["sku"], rows[1]["as_of"] = "12-s", "1,23E+05"
    run = bring(world, *rows)
    assert told(run) == [(2, "sku", "not_there"), (3, "as_of", "as_of")]
    rows[0]["size"] = "l"
    rows[0]["as_of"], rows[1]["as_of"] = "", f"{JournalEntry.objects.latest('pk').pk}.0"
    run = bring(world, *rows)
    assert (run.counts["created"], told(run)) == (1, [])


def test_empty_cells_say_nothing_unless_they_are_to_empty(world: World, tmp_path: Path) -> None:
    world.product("tee")
    world.change(variants=(VariantChange(sku="tee-s", gtin="4006381333931"),))
    rows = exported(tmp_path)
    for row in rows:
        row |= {"brand": "", "gtin": "", "offers.default.price": "", "stock.main.available": ""}
    before = world.flat("tee")
    assert bring(world, *rows).counts["unchanged"] == 2
    assert world.flat("tee") == before
    assert told(bring(world, *rows, empty_cells="clear")) == []
    flat = world.flat("tee")
    assert (flat[""].get("brand"), flat["tee-s"]["gtin"]) == (None, None)
    assert flat["tee-s"]["offers.default.price"] == "19.90"  # what is sold keeps its price and stock
    assert flat["tee-s"]["stock.main.available"] == 5


def test_a_variant_inherits_until_its_cell_says_otherwise(world: World, tmp_path: Path) -> None:
    shade = attribute("shade", "select", on_variant=True)
    world.product("tee")
    AttributeOption.objects.create(attribute=shade, code="red", label_key="red", labels={"en_US": "Red"})
    world.change(values={"shade": "red"})
    rows = exported(tmp_path)
    assert [row["shade"] for row in rows] == ["red", "red"]
    assert bring(world, *rows).counts["unchanged"] == 2
    rows[1]["shade"] = "Navy blue"
    assert told(bring(world, *rows)) == []
    flat = world.flat("tee")
    assert (flat[""]["shade"], flat["tee-s"].get("shade"), flat["tee-m"]["shade"]) == ("red", None, "navy_blue")
    rows[1]["shade"] = ""
    bring(world, *(row | {"as_of": ""} for row in rows), empty_cells="clear")
    assert "shade" not in world.flat("tee")["tee-m"]


def test_rows_that_cannot_be_placed_are_told_and_the_others_come_in(world: World) -> None:
    world.product("tee")
    run = bring(
        world,
        {"sku": "tee-s", "brand": "Bolt", "gtin": "", "shelf": "7"},
        {"sku": "nobody", "brand": "Bolt"},
        {"sku": "tee-s", "brand": "Bolt"},
        {"sku": "", "brand": "Bolt"},
        {"sku": "tee-m", "gtin": "4006381333932"},
    )
    assert told(run) == [
        (3, "sku", "unknown_sku"),
        (4, "sku", "sku_repeated"),
        (5, "", "names_nothing"),
        (6, "gtin", "gtin_check_digit"),
    ]
    assert [note["message"] for note in run.notes] == ["The column “shelf” is not imported (1 filled cells)."]
    assert world.flat("tee")[""]["brand"] == "Bolt"
    path = runs.error_file(run)
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.DictReader(file))
    mended = [row | {"gtin": "4006381333931"} for row in rejected if row["sku"] == "tee-m"]
    assert told(bring(world, *mended)) == []
    assert world.flat("tee")["tee-m"]["gtin"] == "4006381333931"


def test_a_product_that_one_does_not_reach_is_neither_changed_nor_shown(world: World) -> None:
    world.product("tee")
    RoleLimit.objects.create(role=Group.objects.get(name="merchandiser"), kind="category", code="elsewhere")
    run = bring(world, {"sku": "tee-s", "brand": "Bolt"})
    assert told(run) == [(2, "sku", "unknown_sku")]
    assert world.flat("tee")[""]["brand"] == "Acme"
