"""The product export."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.change_sets import acting
from catalog.exports.run import export_csv
from catalog.models import AssociationType
from catalog.products.changes import AssociationChange, OfferChange, ProductChange, VariantChange
from catalog.products.write import write_product
from catalog.setup import ensure_base
from tests.world import build_world


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
    assert (row["state"], row["published"]) == ("draft", "")


@pytest.mark.django_db
def test_only_what_a_filter_finds_is_exported(tmp_path: Path) -> None:
    world = build_world()
    AssociationType.objects.create(code="pack", quantified=True)
    world.product("hat", sizes=("s",))
    target = AssociationChange(sku="hat-s", quantity=Decimal(6))
    world.change(
        "six-hats",
        family="default",
        values={"brand": "Bolt"},
        variants=(VariantChange(sku="six-hats", gtin="4006381333931", associations={"pack": (target,)}),),
    )
    path = tmp_path / "out.csv"
    call_command("export_products", "--out", str(path), "--filter", '{"field": "brand", "op": "=", "value": "Bolt"}')
    (row,) = csv.DictReader(path.open(encoding="utf-8-sig"))
    assert (row["sku"], row["gtin"], row["associations.pack"]) == ("six-hats", "4006381333931", "6 × hat-s")
    with pytest.raises(SystemExit):
        call_command("export_products", "--out", str(path), "--filter", "{")
