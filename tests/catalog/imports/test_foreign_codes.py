"""A file that speaks in another system's codes: what the system calls by its own is found, and not doubled."""

from __future__ import annotations

from catalog.imports.run import start_run, work_through
from catalog.models import ExternalSystem, Product, Variant
from catalog.products.changes import VariantChange
from tests.world import World

HEAD = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"


def test_handles_and_skus_of_the_erp_are_ours(world: World) -> None:
    ExternalSystem.objects.create(code="erp")
    world.product("tee", sizes=("s",))
    world.change("tee", references={"erp": "4711"}, variants=(VariantChange("tee-s", references={"erp": "4711-1"}),))
    # The ERP renumbers it while a file with the old numbers is still on its way.
    world.change("tee", references={"erp": "9000"})
    text = HEAD + "erp:4711,Tee shirt,Northwind,Size,s,erp:4711-1,21.90\n"
    run = work_through(start_run(user=world.people["mara"], filename="a.csv", chunks=[text.encode()], apply=True))
    assert run.counts.get("rejected", 0) == 0, run.problems.first()
    assert Product.everything.count() == 1
    assert Variant.everything.count() == 1
    assert world.flat("tee")[""]["brand"] == "Northwind"
    assert world.flat("tee")[""]["references.erp"] == "9000"
