"""A product that begins in the browser, and another variant of it."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Attribute, AttributeOption, Family, Product, Variant
from tests.world import World


@pytest.fixture
def mara(world: World, client: Client) -> Client:
    client.force_login(world.people["mara"])
    return client


def begin(client: Client, **given: str) -> str:
    """What the page says after it was sent: where it leads, or its text."""
    answer = client.post("/new-product/", {"family": "default", **given})
    return answer.headers["Location"] if answer.status_code == 302 else answer.content.decode()


def test_a_product_of_one_kind(mara: Client) -> None:
    assert 'href="/new-product/"' in mara.get("/products/").content.decode()
    assert begin(mara, name="Garden hose", code="hose") == "/products/hose/"
    product = Product.objects.get(code="hose")
    assert product.values == {"name@en_US": "Garden hose"}
    assert [v.sku for v in product.variants.all()] == ["hose"]


def test_a_variant_for_each_combination(mara: Client) -> None:
    given = {"axis0": "size", "values0": "S; m", "axis1": "color", "values1": "Dark green; Red"}
    assert begin(mara, name="Cap", code="cap", **given) == "/products/cap/"
    product = Product.objects.get(code="cap")
    assert product.axes == ["size", "color"]
    assert {v.sku: v.values for v in product.variants.all()} == {
        "cap-s-dark-green": {"size": "s", "color": "dark_green"},
        "cap-s-red": {"size": "s", "color": "red"},
        "cap-m-dark-green": {"size": "m", "color": "dark_green"},
        "cap-m-red": {"size": "m", "color": "red"},
    }


def test_codes_and_skus_by_the_patterns_of_the_family(mara: Client) -> None:
    Family.objects.filter(code="default").update(code_pattern="p-{number:4}", sku_pattern="{code}/{size}")
    assert "Left empty, it is made: p-{number:4}" in mara.get("/new-product/").content.decode()
    assert begin(mara, name="Cap", axis0="size", values0="S; M") == "/products/p-0001/"
    assert sorted(Variant.objects.values_list("sku", flat=True)) == ["p-0001/m", "p-0001/s"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "Hose"}, "A product needs a code."),
        ({"code": "TEE", "name": "Hose"}, "There is a product TEE already."),
        ({"code": "hose", "sku": "tee-s"}, "The SKU tee-s belongs to product tee"),
        ({"code": "hose", "axis0": "size", "values0": "S; huge"}, "huge: This is no option of Size."),
        ({"code": "hose", "axis0": "size", "values0": "S; s"}, "s stands here twice."),
        ({"code": "hose", "values0": "S"}, "Choose what these are values of."),
        ({"code": "hose", "axis0": "size", "values0": "S", "axis1": "size", "values1": "M"}, "differ by this already"),
        ({"code": "hose", "sku": "x", "axis0": "size", "values0": "S"}, "Leave this empty."),
        ({"code": "ho\x7fse"}, "ho"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed(
    mara: Client, world: World, given: dict[str, str], told: str
) -> None:
    before = world.product().values
    Attribute.objects.filter(code="size").update(open_options=False)
    page = begin(mara, **given)
    assert told in page
    assert Product.objects.count() == 1
    assert Product.objects.get().values == before
    assert not AttributeOption.objects.filter(label_key="huge").exists()
    for typed in given.values():
        assert typed.strip() in page


def test_what_was_typed_stays_when_the_family_is_changed(mara: Client) -> None:
    Family.objects.create(code="tools", labels={"en_US": "Tools"})
    page = mara.get("/new-product/", {"family": "tools", "name": "Saw", "code": "saw-1"}).content.decode()
    assert 'value="saw-1"' in page
    assert '<option value="tools" selected>Tools</option>' in page


def test_another_variant(mara: Client, world: World) -> None:
    world.product()
    assert 'href="/products/tee/variants/new/"' in mara.get("/products/tee/").content.decode()
    assert mara.post("/products/tee/variants/new/", {"axis:size": "l"}).status_code == 302
    assert Variant.objects.get(sku="tee-l").values == {"size": "l"}
    size = Attribute.objects.get(code="size")
    AttributeOption.objects.create(attribute=size, code="xl", label_key="xl", labels={"en_US": "XL"})
    for typed in ({"axis:size": "l"}, {"axis:size": "xl", "sku": "TEE-L"}):
        there = mara.post("/products/tee/variants/new/", typed)
        assert "There is a variant" in there.content.decode()
        assert Variant.objects.get(sku="tee-l").values == {"size": "l"}
    again = mara.post("/products/tee/variants/new/", {"axis:size": "l", "sku": "tee-l2"})
    assert again.status_code == 422
    assert "tee-l" in again.content.decode()
    assert Variant.objects.count() == 3


def test_a_product_of_one_kind_first_needs_what_tells_variants_apart(mara: Client) -> None:
    begin(mara, name="Garden hose", code="hose")
    page = mara.get("/products/hose/variants/new/").content.decode()
    assert "comes in one kind only" in page
    assert mara.get("/plans/new/?code=hose&deed=axes").status_code == 200


def test_who_may_not_add_products_is_told_so(world: World, client: Client) -> None:
    client.force_login(world.people["rafael"])
    assert client.get("/new-product/").status_code == 403
    assert client.post("/new-product/", {"family": "default", "code": "hose"}).status_code == 403
