"""An edit and an approval at the same moment: one of them comes first, and nothing is lost."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import close_old_connections, connection  # noqa: F401 # `connection`: for skipif

from catalog.change_sets import acting
from catalog.models import Product
from catalog.products.changes import ProductChange
from catalog.products.state import content_of
from catalog.products.write import write_product
from governance.models import Revision, Standing
from governance.revisions.read import flat, read
from governance.workflow import verbs
from governance.workflow.base import Refused
from tests.catalog.products.test_concurrency import at_once
from tests.world import World, build_world

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
]
ROUNDS = 200


@pytest.fixture
def shop(transactional_db: None) -> World:
    return build_world()


def edit(world: World, brand: str) -> str:
    close_old_connections()
    with acting(user=world.people["mara"], source="page"):
        return write_product(ProductChange(code="tee", values={"brand": brand})).status


def approve(world: World, content_hash: str, who: str = "rafael") -> Revision | str:
    close_old_connections()
    person = world.people[who]
    try:
        with acting(user=person, source="page"):
            return verbs.approve(product=Product.objects.get(code="tee"), user=person, content_hash=content_hash)
    except Refused as refused:
        return refused.code


def test_two_hundred_times_an_edit_meets_an_approval(shop: World) -> None:
    product = shop.product()
    seen = {"approved": 0, "content_changed": 0}
    for turn in range(ROUNDS):
        shop.change(values={"brand": f"{turn}"})
        if Standing.objects.get(product=product).state != "in_review":
            shop.verb("submit", product, "mara")
        standing = Standing.objects.get(product=product)
        edited, decided = at_once(
            [partial(edit, shop, f"{turn} late"), partial(approve, shop, standing.content_hash)][:: 1 - 2 * (turn % 2)]
        )[:: 1 - 2 * (turn % 2)]
        assert edited == "updated"
        after = Standing.objects.select_related("live").get(product=product)
        assert shop.flat()[""]["brand"] == f"{turn} late"  # never lost
        if isinstance(decided, Revision):
            seen["approved"] += 1
            assert read(decided).values["brand"] == f"{turn}"  # what was looked at, not what came after
            assert (after.live, after.state) == (decided, "draft")
        else:
            seen[decided] += 1
            assert after.state == "in_review"
        assert after.content_hash != (after.live.content_hash if after.live else "")
    assert sum(seen.values()) == ROUNDS
    assert min(seen.values()) > 0, seen


def test_two_approvals_at_once_make_one_revision(shop: World) -> None:
    product = shop.product()
    for turn in range(20):
        shop.change(values={"brand": f"{turn}"})
        shop.verb("submit", product, "mara")
        seen = Standing.objects.get(product=product).content_hash
        results = at_once([partial(approve, shop, seen, "rafael"), partial(approve, shop, seen, "ada")])
        assert sorted(isinstance(r, Revision) for r in results) == [False, True]
        assert "wrong_state" in results
        revision = Revision.objects.get(product=product, number=turn + 1)
        assert flat(read(revision)) == content_of(shop.flat())
