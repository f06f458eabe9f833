"""Whatever a file holds, each of its rows has exactly one place, and nothing crashes."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.imports.error_file import write_error_file
from catalog.imports.formats.shopify import ShopifyReading
from catalog.imports.readers.csv import open_table
from catalog.imports.text import code_key
from tests.catalog.imports.tables import reading

CELLS: dict[str, list[str]] = {
    "Handle": ["a", "A", "b", "c", "", " ", "'a", "-"],
    "Title": ["", "", "A", "=1+1", "GrÃ¶ÃŸe\nzwei"],
    "Published": ["", "TRUE", "perhaps"],
    "Option1 Name": ["", "", "Size", "Title", "Farbe", "颜"],
    "Option1 Value": ["", "S", "s ", "M", "Default Title", "1/2", "½"],
    "Option2 Name": ["", "", "Color", "Size"],
    "Option2 Value": ["", "", "red"],
    "Variant SKU": ["", "", "X", "'x", "Y", "a-s", "'"],
    "Variant Grams": ["", "0.0", "100", "1,5", "heavy"],
    "Variant Weight Unit": ["", "kg", "stone"],
    "Variant Inventory Tracker": ["", "shopify"],
    "Variant Inventory Qty": ["", "3", "-1", "x"],
    "Variant Price": ["", "5.00", "12,99 €", "1.299", "9" * 40],
    "Variant Barcode": ["", "", "4006381333931", "'4006381333931", "4006381333932", "4E+12"],
    "Image Src": ["", "", "https://x.y/1.jpg", "https://x.y/2.jpg", "/3.jpg"],
    "Image Position": ["", "1", "2", "top"],
    "Image Alt Text": ["", "alt"],
    "Variant Image": ["", "", "https://x.y/1.jpg", "no"],
    "Country of Origin": ["", "DE", "Atlantis"],
    "Note (product.metafields.own.note)": ["", "text"],
    "Included / World": ["", "TRUE"],
}
rows = st.lists(
    st.tuples(
        st.tuples(*(st.sampled_from(choices) for choices in CELLS.values())),
        st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1, -3, -30]),  # cells too many, or too few
    ),
    min_size=1,
    max_size=14,
)
columns = st.sets(st.sampled_from([name for name in CELLS if name != "Handle"]), min_size=1)


def written(path: Path, names: list[str], made: list[tuple[tuple[str, ...], int]]) -> Path:
    places = [list(CELLS).index(name) for name in names]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for cells, change in made:
            row = [cells[at] for at in places] + ["beyond"] * max(0, change)
            writer.writerow(row[: max(1, len(row) + change)] if change < 0 else row)
    return path


def check_every_line_has_one_place(source: ShopifyReading) -> dict[int, list[object]]:
    lines: list[int] = []
    problems: dict[int, list[object]] = {}
    skus: list[str] = []
    count = 0
    for product in source.products():
        count += 1
        lines += product.lines
        assert set(product.lines.values()) <= {"variant", "image", "product", "blank"}
        assert product.rejected_lines <= product.lines.keys()
        assert product.rejected_lines == {error.line for error in product.errors}
        assert {w.line for w in product.warnings} <= product.lines.keys()
        assert all(problem.message for problem in [*product.errors, *product.warnings])
        for variant in product.change.variants:
            assert variant.line is not None
            assert product.lines[variant.line] == "variant"
            assert variant.line not in product.rejected_lines
            assert product.line_of_sku[variant.sku] == variant.line
        good = [n for n, role in product.lines.items() if role == "variant" and n not in product.rejected_lines]
        assert len(good) == len(product.change.variants)
        assert {sku for sku, _ in product.cells} <= {"", *product.line_of_sku}
        assert set(product.contexts) == (set(product.lines) if product.change.code else set())
        skus += [code_key(v.sku) for v in product.change.variants]
        for error in product.errors:
            problems.setdefault(error.line, []).append(error)
    assert sorted(lines) == [record.line for record in source.table]
    assert len(lines) == source.rows
    assert len(skus) == len(set(skus))
    assert count == source.product_count
    return problems


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=columns, made=rows, policy=st.sampled_from(["reject", "empty"]))
def test_each_row_of_a_dirty_file_has_one_place_and_the_error_file_holds_the_rejected(
    names: set[str], made: list[tuple[tuple[str, ...], int]], policy: str
) -> None:
    ordered = ["Handle", *(name for name in CELLS if name in names)]
    with tempfile.TemporaryDirectory() as folder:
        source = reading(written(Path(folder) / "f.csv", ordered, made), bad_barcodes=policy)
        problems = check_every_line_has_one_place(source)
        if not problems:
            return
        again = Path(folder) / "errors.csv"
        assert write_error_file(again, source, problems) == len(problems)  # type: ignore[arg-type]
        assert len(list(open_table(again))) == len(problems)
        check_every_line_has_one_place(reading(again, bad_barcodes=policy))
