"""A pack that counts what it holds is a bundle in the shop: from its links to what customers can buy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog import events
from catalog.models import AssociationType, Product
from catalog.products.changes import AssociationChange, ProductChange, VariantChange
from channels.models import Channel, Listing, MappingVersion, Placement
from channels.publishing.dispatch import dispatch
from tests.channels.publishing.shop import Shop

HELD = "query($q: String) { productVariants(first: 5, query: $q) { nodes { id sku "
HELD += "productVariantComponents(first: 9) { nodes { quantity productVariant { sku } } } } } }"


@pytest.fixture
def packs(shop: Shop) -> Shop:
    """The shop sells packs from the stock of what they hold."""
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    AssociationType.objects.create(code="contains", quantified=True)
    mapping = shop.channel().mapping
    assert mapping is not None
    rules = {**mapping.rules, "components": {"from": "$contents"}}
    MappingVersion.objects.filter(pk=mapping.pk).update(rules=rules)
    return shop


def pack(shop: Shop, **contents: int) -> Product:
    product = shop.product(code="pack", sizes=("l",))
    held = tuple(AssociationChange(sku=sku.replace("_", "-"), quantity=Decimal(n)) for sku, n in contents.items())
    shop.write(ProductChange(code="pack", variants=(VariantChange(sku="pack-l", associations={"contains": held}),)))
    shop.approve(product)
    return product


def there(shop: Shop) -> dict[str, int]:
    [node] = shop.sandbox.shopify(HELD, {"q": 'sku:"pack-l"'}).json["data"]["productVariants"]["nodes"]
    return {each["productVariant"]["sku"]: each["quantity"] for each in node["productVariantComponents"]["nodes"]}


def test_a_pack_is_put_together_changed_and_taken_apart(packs: Shop) -> None:
    packs.live("tee")
    pack(packs, tee_s=6)
    packs.settle()
    assert packs.states()["pack/pack-l"] == "live"
    assert there(packs) == {"tee-s": 6}
    pack(packs, tee_s=4, tee_m=2)
    packs.settle()
    assert there(packs) == {"tee-s": 4, "tee-m": 2}
    pack(packs)
    packs.settle()
    assert there(packs) == {}
    assert set(packs.states().values()) == {"live"}


def test_what_it_holds_may_come_later(packs: Shop) -> None:
    """Who publishes the pack first is told what is missing, and need do nothing more than publish that."""
    product = packs.product("tee")
    pack(packs, tee_s=6)
    events.derive()
    dispatch(seconds=3)
    assert "no variant with the SKU tee-s" in Placement.objects.get(product__code="pack").problem
    assert there(packs) == {}
    packs.approve(product)
    packs.hurry()
    packs.settle()
    packs.hurry()
    packs.settle()
    assert there(packs) == {"tee-s": 6}
    assert not Listing.objects.exclude(state="live").exists()


@pytest.mark.parametrize("mode", ["timeout_before", "timeout_after"])
def test_a_lost_answer_puts_nothing_together_twice(packs: Shop, mode: str) -> None:
    packs.live("tee")
    pack(packs, tee_s=6)
    packs.settle()
    pack(packs, tee_m=3)
    plan = {"mode": mode, "count": 1, "delay": 0}
    packs.sandbox.control("chaos", channel="shopify", **plan)
    events.derive()
    dispatch(seconds=2)
    packs.hurry()
    packs.settle()
    assert there(packs) == {"tee-m": 3}
    assert packs.states()["pack/pack-l"] == "live"
    changes = [e for c in packs.sandbox.control("calls?since=0") for e in c["effects"] if e.startswith("bundle.")]
    assert len(changes) == 2
