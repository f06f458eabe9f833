"""Products of many variants: Shopify takes them, works by itself, and is asked how it came out."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import Attribute, AttributeOption, ChangeSet, Product
from channels.connectors.outcome import Verdict
from channels.models import ChannelIssue, Placement, Publication
from channels.publishing import send
from channels.publishing.work import work
from channels.reconcile.run import reconcile
from governance.workflow import verbs
from tests.channels.publishing.shop import Shop

MANY = tuple(f"c{n}" for n in range(105))


def many(shop: Shop, **given: object) -> Product:
    color = Attribute.objects.get(code="color")
    AttributeOption.objects.bulk_create(
        AttributeOption(attribute=color, code=code, label_key=code, labels={"en_US": code.upper()}) for code in MANY
    )
    return shop.live(sizes=MANY, **given)


def turn(shop: Shop) -> Placement:
    """One turn of the controller on the Shopify placement, due or not."""
    events.derive()
    shop.hurry()
    placement = Placement.objects.get(channel__code="shopify")
    assert work(placement.pk)
    placement.refresh_from_db()
    return placement


def calls() -> list[tuple[str, str]]:
    return list(Publication.objects.order_by("number").values_list("operation", "verdict"))


def test_it_is_asked_until_it_is_done(shop: Shop) -> None:
    shop.sandbox.control("settings", channel="shopify", operation_polls=2)
    many(shop)
    placement = turn(shop)
    assert calls()[-1] == ("productSet", Verdict.WORKING)
    assert set(shop.states().values()) == {"queued"}
    assert placement.problem == "The channel is still working on it."
    turn(shop)
    assert calls()[-1] == ("productOperation", Verdict.WORKING)
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert ("productSet", Verdict.ACCEPTED) in calls()
    state = shop.sandbox.state("shopify")
    assert (state["products"], state["variants"], state["calls"]["productSet"]) == (1, 105, 1)
    assert reconcile(shop.channel())["in_sync"] == 106


def test_an_edit_while_it_works_is_sent_afterwards(shop: Shop) -> None:
    product = many(shop)
    turn(shop)
    shop.product(sizes=MANY, price="21.00")
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    assert [name for name, _ in calls() if name == "productVariantsBulkUpdate"]
    assert reconcile(shop.channel())["drifted"] == []
    assert shop.sandbox.state("shopify")["calls"]["productSet"] == 1
    assert product.pk


def test_a_worker_that_dies_while_it_works_asks_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    many(shop)
    turn(shop)

    class Killed(BaseException):
        pass

    def dying(*args: object, **given: object) -> None:
        raise Killed

    monkeypatch.setattr(send.connections, "send", dying)
    with pytest.raises(Killed):
        turn(shop)
    monkeypatch.undo()
    Placement.objects.update(lease_until=timezone.now())
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    state = shop.sandbox.state("shopify")
    assert (state["products"], state["calls"]["productSet"]) == (1, 1)


def test_what_is_refused_in_the_end_says_so_at_its_field(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # Preflight would stop this; it is left out, as for a rule that only the shop knows.
    monkeypatch.setattr("channels.connectors.shopify.connector.ShopifyConnector.validate", lambda *args: [])
    Attribute.objects.filter(code="brand").update(limits={})
    many(shop, brand="x" * 256)
    turn(shop)
    shop.hurry()
    shop.settle()
    assert "rejected" in shop.states().values()
    assert [v for name, v in calls() if name == "productSet"] == [Verdict.REJECTED]
    issue = ChannelIssue.objects.get(placement__channel__code="shopify", severity="error")
    assert issue.key == "brand"


@pytest.mark.parametrize("asked", [0, 1])
def test_what_is_taken_off_meanwhile_is_off_once_it_is_there(shop: Shop, asked: int) -> None:
    shop.sandbox.control("settings", channel="shopify", operation_polls=asked + 2)
    product = many(shop)
    for _ in range(1 + asked):
        turn(shop)
    with acting(user=shop.user("reviewer"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=product, user=shop.user("reviewer"), comment="no longer made")
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"off"}
    (there,) = shop.sandbox.running.sandbox.store.all("product")
    assert (there["status"], there["_publications"]) == ("ARCHIVED", {})
    assert ("productSet", Verdict.ACCEPTED) in calls()


def test_what_is_refused_meanwhile_is_off_without_a_call(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.connectors.shopify.connector.ShopifyConnector.validate", lambda *args: [])
    Attribute.objects.filter(code="brand").update(limits={})
    product = many(shop, brand="x" * 256)
    turn(shop)
    with acting(user=shop.user("reviewer"), source=ChangeSet.Source.PAGE):
        verbs.archive(product=product, user=shop.user("reviewer"), comment="no longer made")
    shop.hurry()
    shop.settle()
    assert set(shop.states().values()) == {"blocked"}  # it was never there
    assert shop.sandbox.state("shopify")["products"] == 0
    assert not Publication.objects.filter(removal=True).exists()
