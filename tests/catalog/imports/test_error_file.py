"""The rejected rows come back as a file that can be mended and imported."""

from __future__ import annotations

import csv
from pathlib import Path

from catalog.imports.error_file import write_error_file
from catalog.imports.problems import RowError
from catalog.imports.readers.csv import open_table
from tests.catalog.imports.tables import DATA, codes, products, reading, write


def error_file(source_path: Path, target: Path) -> list[dict[str, str]]:
    source = reading(source_path)
    problems: dict[int, list[RowError]] = {}
    for product in source.products():
        for error in product.errors:
            problems.setdefault(error.line, []).append(error)
    assert write_error_file(target, source, problems) == len(problems)
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_it_holds_the_rejected_rows_with_line_column_and_reason(tmp_path: Path) -> None:
    rows = error_file(DATA / "workshop_warts.csv", tmp_path / "errors.csv")
    assert [(row["pimhub_line"], row["pimhub_column"]) for row in rows] == [
        ("4", "Variant Barcode"),
        ("5", "Option1 Value"),
        ("6", "Variant Price"),
        ("7", "Variant SKU"),
        ("9", "Image Src"),
        ("13", "Handle"),
        ("14", ""),
    ]
    assert "expected is 1" in rows[0]["pimhub_reason"]
    assert (tmp_path / "errors.csv").read_bytes().startswith(b"\xef\xbb\xbfHandle ,Title,")
    assert not (tmp_path / "errors.csv.part").exists()


def test_a_row_can_stand_alone(tmp_path: Path) -> None:
    rows = error_file(DATA / "workshop_warts.csv", tmp_path / "errors.csv")
    later = rows[0]
    assert (later["Handle "], later["Title"]) == ("apron", "")
    assert (later["Option1 Name"], later["Option2 Name"], later["Option2 Value"]) == ("Farbe", "Größe", "L")
    assert rows[4]["Option1 Name"] == ""  # a picture's row stays one


def test_mended_it_is_imported_without_a_complaint(tmp_path: Path) -> None:
    path = tmp_path / "errors.csv"
    error_file(DATA / "workshop_warts.csv", path)
    text = path.read_text(encoding="utf-8-sig")
    mends = {
        "4006381333932": "4006381333948",
        "apron,,,,,,Farbe,Oliv,Größe,M,": "apron,,,,,,Farbe,Sand,Größe,M,",
        "1.299": "12.99",
        "ap-ol-m": "ap-ro-m",
        ",/apron-2.jpg": ",https://img.example/apron-2.jpg",
        ",Orphan": "orphan,Orphan",
    }
    for wrong, right in mends.items():
        assert text.count(wrong) >= 1, wrong
        text = text.replace(wrong, right, 1)
    lines = text.splitlines(keepends=True)
    assert lines[-1].startswith("tray,Tray, with a comma,")
    assert lines[-1].endswith(",Regal 5\n")
    found = products(write(tmp_path / "mended.csv", "".join(lines)))
    assert codes(found["tray"]) == [(len(lines), "", "row_too_long")]  # until someone mends it
    lines[-1] = lines[-1].replace("Tray, with a comma", '"Tray, with a comma"').replace(",Regal 5", "")
    found = products(write(tmp_path / "mended.csv", "".join(lines)))
    assert {code: codes(p) for code, p in found.items() if p.errors} == {}
    assert [v.sku for v in found["apron"].change.variants] == ["AP-OL-L", "AP-X", "ap-ro-m"]
    assert found["apron"].change.axes == ("color", "size")
    assert found["apron"].media_adds
    assert reading(tmp_path / "mended.csv").ignored_columns[0].name == "Lager-Notiz"


def test_a_second_error_file_has_its_reasons_once(tmp_path: Path) -> None:
    error_file(DATA / "workshop_warts.csv", tmp_path / "one.csv")
    rows = error_file(tmp_path / "one.csv", tmp_path / "two.csv")
    assert list(rows[0])[-3:] == ["pimhub_line", "pimhub_column", "pimhub_reason"]
    assert len([name for name in rows[0] if name.startswith("pimhub_")]) == 3


def test_formulas_are_guarded_and_come_back_as_they_were(tmp_path: Path) -> None:
    source = write(
        tmp_path / "f.csv",
        'Handle,Title,Vendor,Variant SKU,Variant Price\n-a,"=HYPERLINK(""x"")",@home,+1,oops\n',
    )
    rows = error_file(source, tmp_path / "errors.csv")
    assert [rows[0][name] for name in ("Handle", "Title", "Vendor", "Variant SKU")] == [
        "'-a",
        '\'=HYPERLINK("x")',
        "'@home",
        "'+1",
    ]
    text = (tmp_path / "errors.csv").read_text(encoding="utf-8-sig").replace("oops", "5.00", 1)
    product = products(write(tmp_path / "mended.csv", text))["-a"]
    assert product.change.values == {"name@en_US": '=HYPERLINK("x")', "brand": "@home"}
    assert product.change.variants[0].sku == "+1"


def test_a_product_without_variant_columns_filled_comes_back_whole(tmp_path: Path) -> None:
    source = write(
        tmp_path / "f.csv", "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU\na,A,perhaps,,,\n"
    )
    error_file(source, tmp_path / "errors.csv")
    text = (tmp_path / "errors.csv").read_text(encoding="utf-8-sig").replace("perhaps", "TRUE", 1)
    change = products(write(tmp_path / "mended.csv", text))["a"].change
    assert ([v.sku for v in change.variants], change.axes) == (["a"], ())


def test_reasons_of_the_database_can_be_added(tmp_path: Path) -> None:
    source = reading(DATA / "packt_furniture.csv")
    problems = {3: [RowError(3, "Title", "x", "one", "First."), RowError(3, "", "", "two", "Second.")]}
    write_error_file(tmp_path / "errors.csv", source, problems)
    (row,) = open_table(tmp_path / "errors.csv")
    assert row.cells[-3:] == ["3", "Title", "First. | Second."]
