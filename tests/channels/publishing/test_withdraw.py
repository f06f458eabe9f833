"""Archived and trashed products leave the shop, and come back as they were."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from catalog.products import trash
from channels.models import Listing, Placement
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop


def shown(shop: Shop) -> dict[str, object]:
    places = "resourcePublications(first: 5) { nodes { publication { id } } }"
    query = f"{{ products(first: 5) {{ nodes {{ status title {places} }} }} }}"
    [node] = shop.sandbox.shopify(query, {}).json["data"]["products"]["nodes"]
    count = len(node["resourcePublications"]["nodes"])
    return {"status": node["status"], "title": node["title"], "places": count}


def put_in_trash(shop: Shop, product: Product) -> None:
    with acting(user=shop.user("admin"), source=ChangeSet.Source.PAGE):
        trash.trash_product(product=product, force=True)


@pytest.mark.parametrize("how", ["archive", "trash"])
def test_it_leaves_the_shop_and_comes_back(shop: Shop, how: str) -> None:
    product = shop.live()
    shop.settle()
    before = shown(shop)
    assert (before["status"], before["places"]) == ("ACTIVE", 1)
    admin = shop.user("admin")
    if how == "trash":
        put_in_trash(shop, product)
    else:
        with acting(user=admin, source=ChangeSet.Source.PAGE):
            verbs.archive(product=product, user=admin, comment="no longer made")
    shop.settle()
    assert shown(shop) == before | {"status": "ARCHIVED", "places": 0}
    assert shop.states()["tee/"] == Listing.State.OFF
    product.refresh_from_db()
    if how == "trash":
        with acting(user=admin, source=ChangeSet.Source.PAGE):
            trash.restore_product(product=product)
    else:
        with acting(user=admin, source=ChangeSet.Source.PAGE):
            verbs.reopen(product=product, user=admin)
        shop.approve(product)
    shop.settle()
    assert shown(shop) == before
    assert set(shop.states().values()) == {"live"}
    assert shop.sandbox.state("shopify")["products"] == 1


def test_what_never_was_in_the_shop_is_not_made_there(shop: Shop) -> None:
    product = shop.product()
    put_in_trash(shop, product)
    shop.settle()
    assert shop.sandbox.state("shopify")["products"] == 0
    assert not Placement.objects.filter(product=product, due_at__isnull=False).exists()


def test_somebody_who_publishes_it_in_the_shop_again_is_put_right(shop: Shop) -> None:
    product = shop.live()
    shop.settle()
    put_in_trash(shop, product)
    shop.settle()
    gid = Placement.objects.get(product=product, channel__code="shopify").links.get(key="product").remote_id
    shop.sandbox.control("edit", channel="shopify", product=gid, field="status", value="ACTIVE")
    Placement.objects.update(must_read=True, due_at=timezone.now())
    shop.hurry()
    shop.settle()
    assert shown(shop)["status"] == "ARCHIVED"
