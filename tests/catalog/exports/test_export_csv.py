"""The product export."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.change_sets import acting
from catalog.exports.run import export_csv
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.write import write_product
from catalog.setup import ensure_base


@pytest.mark.django_db
def test_a_row_per_variant_with_formulas_disarmed(tmp_path: Path) -> None:
    ensure_base()
    with acting(source="system"):
        result = write_product(
            ProductChange(
                code="tee",
                family="default",
                values={"name@en_US": "=1+1", "weight": {"amount": "0.5", "unit": "kg"}},
                variants=(VariantChange(sku="A", offers={"default": OfferChange(price=Decimal("9.90"))}),),
            )
        )
    assert result.status == "created", result.errors
    path = tmp_path / "out.csv"
    assert export_csv(path) == 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["sku"] == "A"
    assert row["name@en_US"] == "'=1+1"
    assert row["offers.default.price"] == "9.90"
    assert "0.5" in row["weight"]
