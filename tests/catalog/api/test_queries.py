"""How often a write asks the database: so often and no more, however many products there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Completeness, Product, ValueIndex, Variant
from tests.catalog.api.conftest import Api
from tests.world import World

AN_EDIT, A_CHUNK = 35, 35


def asked(work: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


@pytest.mark.parametrize("key", ["name@en_US", "brand", "description@en_US"])
def test_an_edit(api: Api, world: World, key: str) -> None:
    world.product("tee", sizes=("s", "m", "l"))

    def edit(value: str) -> None:
        assert api.patch("products/tee/?fields=code", {"values": {key: value}}).status_code == 200

    edit("first")  # the configuration is read, and queries are put into SQL
    assert asked(lambda: edit("second")) <= AN_EDIT
    assert Product.objects.get(code="tee").values[key] == "second"


def test_a_chunk_takes_as_many_for_few_as_for_many(api: Api, world: World) -> None:
    def lines(start: int, count: int) -> list[dict[str, Any]]:
        return [
            {
                "code": f"p{n}",
                "family": "default",
                "values": {"name@en_US": f"P {n}", "brand": "Acme"},
                "variants": [{"sku": f"p{n}", "offers": {"default": {"price": "9.90"}}, "stock": {"main": n}}],
            }
            for n in range(start, start + count)
        ]

    def send(rows: list[dict[str, Any]]) -> None:
        assert not [r for r in api.bulk("products/", rows) if r["errors"]]

    send(lines(0, 1))
    few, many = asked(lambda: send(lines(10, 5))), asked(lambda: send(lines(100, 100)))
    assert few == many <= A_CHUNK
    again = asked(lambda: send(lines(100, 100)))
    assert again < many
    changed = [row | {"values": {"name@en_US": "Other"}} for row in lines(100, 100)]
    assert asked(lambda: send(changed)) <= A_CHUNK
    assert Variant.objects.count() == Product.objects.count() == 106


def test_what_is_derived_is_written_where_it_may_be_another(api: Api, world: World) -> None:
    world.product("tee")
    figures, index = Completeness.objects.order_by("pk"), ValueIndex.objects.order_by("pk")
    before = list(index.values())
    lacking = list(figures.values_list("filled", flat=True))
    assert api.patch("products/tee/", {"values": {"custom_label_0": "x"}}).status_code == 200
    assert list(index.values()) == before
    assert api.patch("products/tee/", {"values": {"brand": "Acme", "name@de_DE": "Hemd"}}).status_code == 200
    assert "Acme" in index.values_list("text", flat=True)
    assert list(figures.values_list("filled", flat=True)) != lacking
    assert api.patch("products/tee/", {"values": {"brand": None, "name@de_DE": None}}).status_code == 200
    assert "Acme" not in index.values_list("text", flat=True)
    assert list(figures.values_list("filled", flat=True)) == lacking
