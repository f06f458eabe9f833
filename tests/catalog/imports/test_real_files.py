"""Exports that shops really made; kept outside the project, so skipped where they are not at hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from catalog.imports.error_file import write_error_file
from catalog.products.changes import UNSET
from tests.catalog.imports.tables import reading
from tests.catalog.imports.test_every_line import check_every_line_has_one_place

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "shopify_csv"

# file → rows, products, rows of variants, rows of pictures only; variants that come in, SKUs made for them
COUNTS = {
    "packt_furniture.csv": (21, 20, 21, 0, 21, 21),
    "velofant_bikes_sv.csv": (48, 14, 19, 29, 19, 5),
    "bilali_fashion_de.csv": (194, 48, 130, 64, 47, 2),
    "partners_apparel.csv": (22, 20, 22, 0, 22, 22),
    "partners_home_and_garden.csv": (21, 20, 21, 0, 21, 21),
    "shopify_sample_template.csv": (17, 3, 16, 1, 2, 0),
    "br_trendnow_pt.csv": (1381, 213, 665, 716, 632, 67),
    "es_babyheaven.csv": (522, 99, 159, 363, 159, 159),
    "faridrony_hair.csv": (565, 84, 445, 120, 361, 355),
    "za_garden_solutions.csv": (1842, 70, 1842, 0, 1081, 897),
    "procure_impact.csv": (1145, 375, 548, 597, 50, 46),
    "nl_prijsgarantie_7cols.csv": (814, 814, 814, 0, 811, 1),
    "ro_basarabia_grocery.csv": (503, 503, 503, 0, 503, 0),
    "ro_basarabia_images_only.csv": (104, 104, 0, 104, 0, 0),
    "tr_eticaret.csv": (94, 16, 16, 78, 16, 16),
    "learnshopdev_padded_headers.csv": (25, 24, 24, 0, 24, 24),
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_of_a_real_file_has_its_place(name: str, tmp_path: Path) -> None:
    if not (FOLDER / name).exists():
        pytest.skip(f"{name} is not at hand")
    source = reading(FOLDER / name)
    problems = check_every_line_has_one_place(source)
    found = list(source.products())
    roles = Counter(role for product in found for role in product.lines.values())
    variants = [variant for product in found for variant in product.change.variants]
    assert (
        source.rows,
        len(found),
        roles["variant"],
        roles["image"],
        len(variants),
        sum(variant.sku_generated for variant in variants),
    ) == COUNTS[name]
    written = write_error_file(tmp_path / "errors.csv", source, problems)  # type: ignore[arg-type]
    assert written == len(problems) == sum(len(product.rejected_lines) for product in found)


def test_the_swedish_bicycles_are_read_whole() -> None:
    path = FOLDER / "velofant_bikes_sv.csv"
    if not path.exists():
        pytest.skip("velofant_bikes_sv.csv is not at hand")
    source = reading(path, locale="sv_SE")
    found = list(source.products())
    assert not any(product.errors or product.warnings for product in found)
    variants = [variant for product in found for variant in product.change.variants]
    assert sum(variant.gtin is not UNSET for variant in variants) == 14
    assert Counter(product.change.axes for product in found) == {
        (): 10, ("color",): 2, ("mounting_point",): 1, ("ramstorlek",): 1,
    }  # fmt: skip
    assert all("name@sv_SE" in product.change.values for product in found)
    assert [(column.name, column.filled) for column in source.ignored_columns] == [("Option1 Linked To", 1)]


def test_the_german_fashion_loses_only_variants_whose_sku_is_taken() -> None:
    path = FOLDER / "bilali_fashion_de.csv"
    if not path.exists():
        pytest.skip("bilali_fashion_de.csv is not at hand")
    found = list(reading(path).products())
    assert Counter(error.code for product in found for error in product.errors) == {
        "sku_repeated": 83,
        "product_rejected": 1,
    }
    assert not any(product.warnings for product in found)
    assert {axis for product in found for axis in product.change.axes or ()} == {"color", "size"}
    countries = Counter(p.change.values.get("country_of_origin") for p in found)
    assert (countries["CZ"], countries["DE"]) == (34, 3)
    assert sum(product.change.values.get("hs_code") == "611421" for product in found) == 38
