"""Categories and associations on the product page."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from catalog.models import Association, AssociationType, Category, Product
from catalog.products.changes import AssociationChange
from tests.world import World


@pytest.fixture
def mara(world: World, client: Client) -> Client:
    world.product()
    tree = Category.objects.get(code="products")
    for code, label in (("shirts", "Shirts"), ("tops", "Tops"), ("warm", "Summer")):
        tree = Category.objects.get(pk=tree.pk)
        Category.objects.add_child(tree, {"code": code, "code_key": code, "labels": {"en_US": label}})
    client.force_login(world.people["mara"])
    return client


def placed() -> list[str]:
    return sorted(Product.objects.get(code="tee").categories.values_list("code", flat=True))


def test_a_product_is_put_into_categories_by_code_or_name_and_taken_out(mara: Client) -> None:
    mara.post("/products/tee/links/", {"add_category": "shirts; Summer"})
    assert placed() == ["shirts", "warm"]
    page = unescape(mara.get("/products/tee/").content.decode())
    assert "Products › Summer" in page
    mara.post("/products/tee/links/", {"placed": ["shirts", "warm"], "category": ["warm"]})
    assert placed() == ["warm"]


def test_what_somebody_else_did_meanwhile_stays(mara: Client, world: World) -> None:
    mara.post("/products/tee/links/", {"add_category": "shirts"})
    world.change("tee", add_categories=("tops",))
    mara.post("/products/tee/links/", {"placed": ["shirts"], "category": ["shirts"], "add_category": "summer"})
    assert placed() == ["shirts", "tops", "warm"]


def test_a_category_that_there_is_not_is_named(mara: Client) -> None:
    answer = mara.post("/products/tee/links/", {"add_category": "winter"}, follow=True)
    assert "There is no category “winter”" in unescape(answer.content.decode())
    assert placed() == []


def test_categories_are_found_while_typing(mara: Client) -> None:
    assert unescape(mara.get("/categories/", {"add_category": "shirts; SUM"}).content.decode()) == (
        '<option value="shirts; warm">Products › Summer</option>'
    )


def targets() -> list[str]:
    return sorted(
        a.to_product.code for a in Association.objects.filter(product__code="tee").select_related("to_product")
    )


def test_associations_that_somebody_changed_meanwhile_are_not_written_over(mara: Client, world: World) -> None:
    for code in ("socks", "belt", "hat"):
        world.product(code)
    kind = AssociationType.objects.create(code="goes_with")
    name = f"association:{kind.code}"
    mara.post("/products/tee/links/", {name: "socks", f"seen:{name}": ""})
    page = mara.get("/products/tee/").content.decode()
    assert f'name="seen:{name}">socks</textarea>' in page
    world.change(
        "tee", associations={kind.code: (AssociationChange(product="socks"), AssociationChange(product="belt"))}
    )
    sent = {name: "socks\nhat", f"seen:{name}": "socks"}
    answer = mara.post("/products/tee/links/", sent, follow=True).content.decode()
    assert "Somebody changed the associations meanwhile" in answer
    assert targets() == ["belt", "socks"]
    # Who changes something else on the panel has seen the old list, and leaves it alone.
    mara.post("/products/tee/links/", {name: "socks", f"seen:{name}": "socks", "add_category": "shirts"})
    assert (targets(), placed()) == (["belt", "socks"], ["shirts"])
    mara.post("/products/tee/links/", {name: "hat", f"seen:{name}": "socks\nbelt"})
    assert targets() == ["hat"]
