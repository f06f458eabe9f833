"""The page of one import: what would change, in people's words."""

from __future__ import annotations

from django.test import Client

from tests.catalog.imports.test_run import bring_in, plan
from tests.world import World

HEAD = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"


def test_changes_are_told_with_labels_and_both_values(world: World, client: Client) -> None:
    bring_in((HEAD + "tee,Tee,Acme,Size,S,T-1,10\n").encode(), world)
    run = plan((HEAD + "tee,Better Tee,Acme,Size,S,T-1,12\n").encode(), world)
    client.force_login(world.people["mara"])
    text = client.get(f"/imports/{run.pk}/").content.decode()
    assert "Name (en_US)" in text
    assert "Price (default)" in text
    assert "Better" in text
    assert "10.00" in text
    assert "offers.default.price" not in text


def test_only_the_rows_of_one_bucket_are_shown_when_asked(world: World, client: Client) -> None:
    run = bring_in((HEAD + "tee,Tee,Acme,Size,S,T-1,10\nmug,Mug,Acme,,,M-1,ten\n").encode(), world)
    client.force_login(world.people["mara"])
    text = client.get(f"/imports/{run.pk}/?bucket=rejected").content.decode()
    assert "mug" in text
    assert "T-1" not in text
    assert "“ten” is not an amount" in text
