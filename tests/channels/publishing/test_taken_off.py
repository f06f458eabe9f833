"""What should not be on a channel any more leaves it in the safe order, so many a day unasked, and is seen off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.trash import restore_product, trash_product
from channels.models import Channel, Hold, Listing, Placement, Publication
from channels.publishing import holds
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


def policy(**given: Any) -> None:
    Channel.objects.filter(code="shopify").update(policy={"ask": given})


def archive(shop: Shop, product: Product) -> None:
    with acting(user=shop.user("reviewer"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=product, user=shop.user("reviewer"), comment="no longer made")


def there(shop: Shop) -> dict[str, Any]:
    held: dict[str, Any] = shop.sandbox.state("shopify")
    return held


def operations() -> list[str]:
    return list(Publication.objects.order_by("pk").values_list("operation", flat=True))


def test_an_archived_product_leaves_the_sales_channels_and_is_archived_there(shopify: Shop) -> None:
    product = shopify.live()
    shopify.settle()
    archive(shopify, product)
    shopify.settle()
    assert operations()[-2:] == ["publishableUnpublish", "productUpdate"]
    assert set(shopify.states().values()) == {"off"}
    assert Publication.objects.filter(removal=True).count() == 2
    assert there(shopify)["products"] == 1  # archived, not deleted: orders hang on it


def test_it_comes_back_when_it_is_approved_again(shopify: Shop) -> None:
    product = shopify.live()
    shopify.settle()
    archive(shopify, product)
    shopify.settle()
    with acting(user=shopify.user("reviewer"), source=ChangeSet.Source.PAGE):
        verbs.reopen(product=product, user=shopify.user("reviewer"))
    shopify.product(**{"description@en_US": "<p>Anew.</p>"})
    shopify.approve(product)
    shopify.settle()
    assert shopify.states() == {"tee/": "live", "tee/tee-s": "live", "tee/tee-m": "live"}
    assert there(shopify)["products"] == 1


def test_the_trash_takes_off_and_a_restore_brings_back(shopify: Shop) -> None:
    product = shopify.live()
    shopify.settle()
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        trash_product(product=product, force=True)
    shopify.settle()
    assert set(shopify.states().values()) == {"off"}
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        restore_product(product=product)
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}


def test_more_removals_than_pass_wait_for_a_person(shopify: Shop) -> None:
    policy(removals_a_day=1)
    products = [shopify.live(code) for code in ("tee", "cap")]
    shopify.settle()
    for product in products:
        archive(shopify, product)
    shopify.settle()
    states = shopify.states()
    assert sorted({states["tee/"], states["cap/"]}) == ["held", "off"]
    hold = Hold.objects.get(state=Hold.State.OPEN)
    assert hold.kind == "removal"
    holds.confirm(hold=hold, user=shopify.user("channelmanager"))
    shopify.settle()
    assert set(shopify.states().values()) == {"off"}
    with pytest.raises(holds.CannotConfirm):
        holds.confirm(hold=hold, user=shopify.user("channelmanager"))


def test_a_removal_that_nobody_wants_any_more_asks_no_longer(shopify: Shop) -> None:
    policy(removals_a_day=0)
    product = shopify.live()
    shopify.settle()
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        trash_product(product=product, force=True)
    shopify.settle()
    assert set(shopify.states().values()) == {"held"}
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        restore_product(product=product)
    shopify.settle()
    # It was held, so it is still there, and shown as it is.
    assert set(shopify.states().values()) == {"live"}
    assert set(Hold.objects.values_list("state", flat=True)) == {"over"}
    assert not Publication.objects.filter(removal=True).exists()


def test_a_far_move_of_a_price_waits_and_the_rest_goes_on(shopify: Shop) -> None:
    policy(price_percent=20)
    product = shopify.live()
    shopify.settle()
    before = len(operations())
    shopify.product(price="25.90", **{"description@en_US": "<p>Softer.</p>"})
    shopify.approve(product)
    shopify.settle()
    assert operations()[before:] == ["productSet"]  # the text went out
    assert shopify.states() == {"tee/": "live", "tee/tee-s": "held", "tee/tee-m": "held"}
    hold = Hold.objects.get(state=Hold.State.OPEN)
    assert "tee-s: 19.9 to 25.9" in hold.reason
    # Another price is another question: the word for the first one does not count for it.
    shopify.product(price="29.90")
    shopify.settle()
    with pytest.raises(holds.CannotConfirm):
        holds.confirm(hold=hold, user=shopify.user("channelmanager"))
    holds.confirm(hold=Hold.objects.get(state=Hold.State.OPEN), user=shopify.user("channelmanager"))
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}
    assert {x.price for x in Listing.objects.exclude(sku="")} == {Decimal("29.9")}


def test_a_small_move_passes(shopify: Shop) -> None:
    policy(price_percent=20)
    shopify.live()
    shopify.settle()
    shopify.product(price="21.90")
    shopify.settle()
    assert set(shopify.states().values()) == {"live"}
    assert not Hold.objects.exists()


def test_a_shrinking_list_of_variants_waits(shopify: Shop) -> None:
    product = shopify.live(sizes=("s", "m", "l"))
    shopify.settle()
    gone = tuple(VariantChange(sku=sku, trashed=True) for sku in ("tee-m", "tee-l"))
    shopify.write(ProductChange(code="tee", variants=gone))
    shopify.approve(product)
    shopify.settle()
    assert there(shopify)["variants"] == 3
    hold = Hold.objects.get(state=Hold.State.OPEN)
    assert (hold.kind, hold.reason) == ("shrink", "2 variants would go: tee-l, tee-m")
    holds.confirm(hold=hold, user=shopify.user("channelmanager"))
    shopify.settle()
    assert there(shopify)["variants"] == 1
    assert shopify.states() == {"tee/": "live", "tee/tee-s": "live"}


def test_a_channel_that_only_previews_sends_nothing(shopify: Shop) -> None:
    Channel.objects.filter(code="shopify").update(sends=False)
    shopify.live()
    shopify.settle()
    assert operations() == []
    assert set(shopify.states().values()) == {"queued"}
    assert there(shopify)["products"] == 0


@pytest.mark.parametrize("code", ["google", "amazon"])
def test_the_other_channels_delete(shop: Shop, code: str) -> None:
    Channel.objects.exclude(code=code).update(publishes_on_approval=False)
    Channel.objects.filter(code=code).update(publishes_on_approval=True)
    from tests.channels.publishing.test_amazon import shirt, with_picture

    product = with_picture(shop, shirt(shop))
    shop.approve(product)
    shop.settle()
    assert set(shop.states(code).values()) == {"live"}, Placement.objects.values_list("problem", flat=True)
    archive(shop, product)
    shop.settle()
    assert set(shop.states(code).values()) == {"off"}
    held = shop.sandbox.state(code)
    assert not held.get("products"), held
    assert not held.get("items"), held
