"""What files of sources may look like: workbooks, tables and lines, well made and not."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Delivery, Offer, Product, Reject, Source
from catalog.sources.rows import BadFile, Profile, readable, rows
from pimhub.foundation import spreadsheets
from tests.catalog.sources.test_sources import look, put, source, stock
from tests.workbooks import workbook
from tests.world import World

S = Delivery.State


def read(tmp_path: Path, data: bytes, **about: Any) -> list[Any]:
    """The rows of a file, or why a row cannot be read."""
    profile = Profile(about.pop("format", "csv"), **about)
    path = tmp_path / "file"
    path.write_bytes(data)
    found = rows(readable(path, profile), profile, start=0)
    return [error.errors[0].code if error else given for _, given, error in found]


# ---- workbooks ----------------------------------------------------------------------------------------


def test_a_workbook_is_taken_and_numbers_stay_exact(world: World) -> None:
    world.product("tee", sizes=("s", "m"))
    row = source(format="xlsx", columns={"available": "On hand"}, constants={"location": "main"}, decimal_comma=True)
    put(row, "a.xlsx", workbook([["sku", "On hand"], ["tee-s", 1200], [None, None], ["tee-m", "1.300"], ["none", 1]]))
    (found,) = look(row)
    assert (found.state, found.counts) == (S.DONE, {"updated": 2, "rejected": 1})
    assert stock() == {"tee-s": 1200, "tee-m": 1300}
    prices = source(code="p", delivers="offer", format="xlsx", constants={"price_list": "default"})
    put(prices, "p.xlsx", workbook([["sku", "price"], ["tee-s", 19.9], ["tee-m", "12.50"]]))
    look(prices)
    assert dict(Offer.objects.values_list("variant__sku", "price")) == {
        "tee-s": Decimal("19.90"),
        "tee-m": Decimal("12.50"),
    }
    from catalog.sources.collect import inbox

    assert [p for each in (row, prices) for p in (inbox(each) / ".work").iterdir()] == []


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
WIDE = '<row r="1000000"><c r="Z1000000"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (workbook([["sku"], ["x"]], extra=FAR), "column 16,384, row 1,048,576"),
        (workbook([["sku"], ["x"]], extra=WIDE), "more than 10,000,000 cells"),
        (workbook([["sku"], ["x"]], filler=600 * 1024 * 1024), "unpacks to more than 512 MB"),
        (workbook([]), "is empty"),
        (workbook([["sku"], ["x"]])[:-200], "damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel workbook"),
        (b"sku;available\n", "damaged"),
    ],
    ids=["far cell", "wide area", "bomb", "empty", "cut off", "old", "no workbook"],
)
def test_a_workbook_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read(tmp_path, data, format="xlsx")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_reader_that_asks_for_too_much_ends_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds also where the figures of the archive say nothing: the process of the worker lives on."""
    child = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 28,) * 2); bytearray(1 << 30)"
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {spreadsheets.sys.executable} -c "{child}"\n')
    program.chmod(0o755)
    path = tmp_path / "file"
    path.write_bytes(workbook([["sku"]]))
    monkeypatch.setattr(spreadsheets.sys, "executable", str(program))
    with pytest.raises(spreadsheets.BadWorkbook, match="more memory than is sound"):
        spreadsheets.unpack(path, tmp_path / "rows")


# ---- tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "about", "says"),
    [
        ("sku;available\nx;1\n", {}, "No column says “location”"),
        ("sku;available;sku;location\nx;1;y;main\n", {}, "the column “sku” 2 times"),
        ("Item;available\nx;1\n", {"columns": {"sku": "Artikel"}}, "no column “Artikel”, but “Item”, “available”"),
        ("", {}, "No column says"),
        ('{"sku": "x"}\n', {}, "This is NDJSON"),
        ("sku;available;location\n".encode("utf-16"), {}, "UTF-16"),
        (workbook([["sku"]]), {}, "Set the format of the source to XLSX"),
        (workbook([["sku"]]), {"format": "ndjson"}, "Set the format of the source to XLSX"),
        ("x" * 1_100_000, {}, "more than 1,000,000 bytes"),
    ],
)
def test_a_table_that_says_nothing_names_its_remedy(tmp_path: Path, data: Any, about: Any, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read(tmp_path, data if isinstance(data, bytes) else data.encode(), **about)


def test_a_torn_row_is_refused_alone(tmp_path: Path) -> None:
    text = 'sep=;\nsku;location;available\na;main;1\nb;"main;2\nc;main;3\n"d";"ma""in";4\ne;main;"5\n'
    found = read(tmp_path, text.encode())
    assert found == [
        {"sku": "a", "location": "main", "available": 1},
        "torn_row",
        {"sku": "c", "location": "main", "available": 3},
        {"sku": "d", "location": 'ma"in', "available": 4},
        "torn_row",
    ]


def test_old_spreadsheets_letters_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, "sku,location,available\nMütze,main,1\n".encode("cp1252"))
    assert found == [{"sku": "Mütze", "location": "main", "available": 1}]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "xlsx"])
def test_a_number_that_would_fill_the_memory_is_a_row_to_refuse(tmp_path: Path, kind: str) -> None:
    far = "1e999999999"
    data = {
        "csv": f"sku,location,available\na,main,{far}\nb,main,2\n".encode(),
        "ndjson": f'{{"sku":"a","available":{far}}}\n{{"sku":"b","available":2}}\n'.encode(),
        "xlsx": workbook([["sku", "location", "available"], ["a", "main", far], ["b", "main", 2]]),
    }[kind]
    first, second = read(tmp_path, data, format=kind)
    assert first == "not_json" or first["available"] == far
    assert second["available"] == 2


def test_a_table_goes_on_at_any_row(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'sku,location,available\n"a\r\nb",main,1\r\n\r\nc,main,2\nd,"main,3\ne,main,4')
    profile = Profile("csv")
    whole = list(rows(path, profile, start=0))
    for number, (at, _, _) in enumerate(whole, 1):
        rest = list(rows(path, profile, start=at))
        assert [(a, g) for a, g, _ in rest] == [(a, g) for a, g, _ in whole[number:]]
    assert whole[-1][0] == path.stat().st_size


# ---- items --------------------------------------------------------------------------------------------


def test_rows_of_a_table_become_products_and_their_variants(world: World) -> None:
    columns = {"code": "Model", "sku": "Item", "name@en_US": "Name", "variant.size": "Size"}
    row = source(delivers="item", format="xlsx", columns=columns, constants={"family": "default"})
    head = ["Model", "Item", "Name", "Size", "axes", "gtin", "offers.default.price", "stock.main.available", "extra!"]
    put(
        row,
        "items.xlsx",
        workbook(
            [
                head,
                ["cap", "cap-s", "Cap", "s", "size", 4006381333931, 9.5, 3, "not read"],
                ["cap", "cap-m", "Cap", "m", "size", None, "10.00", 4, None],
                ["hat", "hat-1", "Hat", "no such size", None, None, None, None, None],
            ]
        ),
    )
    (found,) = look(row)
    assert found.counts == {"updated": 2, "rejected": 1}, found.first_errors
    cap = Product.objects.get(code="cap")
    assert cap.values["name@en_US"] == "Cap"
    assert {v.sku: (v.gtin, v.values.get("size")) for v in cap.variants.all()} == {
        "cap-s": ("4006381333931", "s"),
        "cap-m": (None, "m"),
    }
    assert stock() == {"cap-s": 3, "cap-m": 4}
    assert dict(Offer.objects.values_list("variant__sku", "price")) == {
        "cap-s": Decimal("9.50"),
        "cap-m": Decimal("10.00"),
    }
    assert [(r.sku, r.place) for r in Reject.objects.all()] == [("hat", "default")]


def line(code: str, family: str) -> str:
    return json.dumps({"code": code, "family": family, "variants": [{"sku": f"{code}-1"}]})


def test_each_refused_item_is_kept_and_taken_when_its_cause_is_gone(world: World) -> None:
    from catalog.intake.again import retry, retry_mended
    from catalog.models import Family

    row = source(delivers="item")
    put(row, "a.ndjson", f"{line('cap', 'hats')}\n{line('hat', 'hats')}\n{{oops\n{{oops!\n")
    look(row)
    kept = {r.sku or r.line: r.code for r in Reject.objects.filter(state="open")}
    assert kept == {"cap": "unknown_family", "hat": "unknown_family", "{oops": "not_json", "{oops!": "not_json"}
    Family.objects.create(code="hats")
    assert retry_mended() is False
    assert set(Product.objects.values_list("code", flat=True)) == {"cap", "hat"}
    assert retry(list(Reject.objects.filter(state="open"))) == {"taken": 0, "overtaken": 0, "rejected": 2}


def test_an_item_that_came_again_closes_what_was_refused_of_it(world: World) -> None:
    row = source(delivers="item")
    put(row, "a.ndjson", line("cap", "hats"))
    look(row)
    put(row, "b.ndjson", line("cap", "default"))
    look(row)
    assert Reject.objects.get().state == "overtaken"
    assert Source.objects.get().problem == ""
