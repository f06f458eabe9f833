"""What somebody changed on the channel is found field by field, and each of the three answers does what it says."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import blobs
from catalog.change_sets import acting
from catalog.models import ChangeSet, Product
from channels.models import Channel, Drift, Listing, Publication, RemoteLink
from channels.publishing import drift
from channels.publishing.request import publish
from channels.reconcile import look as looking
from channels.reconcile import run
from governance.models import Proposal
from tests.channels.publishing.shop import Shop
from tests.channels.sandbox.shop import read


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    shop.live()
    shop.settle()
    return shop


def edit(shop: Shop, sku: str = "", **fields: Any) -> None:
    for field, value in fields.items():
        more = {"sku": sku} if sku else {}
        shop.sandbox.control("edit", channel="shopify", product=remote(), field=field, value=value, **more)


def remote() -> str:
    return RemoteLink.objects.get(key="product").remote_id


def look(shop: Shop) -> list[tuple[str, str, str]]:
    run.reconcile(shop.channel())
    found = Drift.objects.filter(state=Drift.State.OPEN).order_by("path")
    return list(found.values_list("sku", "facet", "path"))


def test_keep_ours(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    assert look(shopify) == [("", "content", "/title")]
    row = Drift.objects.get()
    assert (row.ours, row.theirs) == ("Tee shirt", "Hacked")
    assert shopify.states()["tee/"] == "drifted"
    drift.keep_ours(drifts=[row], user=shopify.user("channelmanager"))
    shopify.settle()
    assert look(shopify) == []
    assert set(shopify.states().values()) == {"live"}
    row.refresh_from_db()
    assert row.state == "kept"


def test_nothing_is_sent_before_somebody_answers(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    look(shopify)
    before = Publication.objects.count()
    shopify.product(price="19.95")
    shopify.settle()
    assert Publication.objects.count() == before + 1  # the price alone
    assert look(shopify) == [("", "content", "/title")]


def test_what_is_put_right_there_is_over(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    look(shopify)
    edit(shopify, title="Tee shirt")
    assert look(shopify) == []
    assert Drift.objects.get().state == "over"
    assert set(shopify.states().values()) == {"live"}


def test_theirs_becomes_a_proposal_and_is_shown_once_approved(shopify: Shop) -> None:
    edit(shopify, vendor="Acme Ltd")
    look(shopify)
    row = Drift.objects.get()
    assert drift.source_of(row) == ("", "brand")
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        drift.adopt(drift=row, user=shopify.user("merchandiser"))
    proposal = Proposal.objects.get()
    assert (proposal.key, proposal.base, proposal.value) == ("brand", "Acme", "Acme Ltd")
    shopify.product(brand="Acme Ltd")
    shopify.approve(Product.objects.get(code="tee"))
    shopify.settle()
    assert look(shopify) == []
    assert set(shopify.states().values()) == {"live"}


def test_a_price_is_its_owners_and_cannot_be_adopted(shopify: Shop) -> None:
    edit(shopify, sku="tee-s", price="1.00")
    assert look(shopify) == [("tee-s", "offer", "/price")]
    with pytest.raises(drift.CannotAnswer), acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        drift.adopt(drift=Drift.objects.get(), user=shopify.user("merchandiser"))
    assert Drift.objects.get().state == "open"


def test_a_field_is_left_to_the_channel(shopify: Shop) -> None:
    edit(shopify, title="Summer special", vendor="Acme Ltd")
    assert len(look(shopify)) == 2
    row = Drift.objects.get(path="/title")
    drift.hand_over(drifts=[row], user=shopify.user("channelmanager"))
    shopify.settle()
    # The other field still waits for its answer: nothing of it was sent along.
    assert look(shopify) == [("", "content", "/vendor")]
    drift.keep_ours(drifts=list(Drift.objects.filter(state="open")), user=shopify.user("channelmanager"))
    shopify.settle()
    assert look(shopify) == []
    assert set(shopify.states().values()) == {"live"}
    # They change it again: it is theirs, so that is no drift.
    edit(shopify, title="Autumn special")
    assert look(shopify) == []
    shopify.settle()
    # Our own edit goes out, and leaves theirs alone.
    product = shopify.product(**{"description@en_US": "<p>New words.</p>", "name@en_US": "Our name"})
    shopify.approve(product)
    shopify.settle()
    assert look(shopify) == []
    listing = Listing.objects.get(sku="")
    shown: Any = blobs.get(listing.verified["content"])
    assert (shown["title"], shown["vendor"]) == ("Autumn special", "Acme")
    drift.take_back(drift=Drift.objects.get(state="handed_over"), user=shopify.user("channelmanager"))
    shopify.settle()
    listing.refresh_from_db()
    again: Any = blobs.get(listing.verified["content"])
    assert again["title"] == "Our name"


def shown(shop: Shop) -> tuple[str, str]:
    held = read(shop.sandbox, remote())
    assert held is not None
    return held["title"], held["vendor"]


def test_nothing_that_was_found_there_is_ever_sent_back(shopify: Shop) -> None:
    edit(shopify, title="Hacked", vendor="Acme Ltd")
    look(shopify)
    drift.keep_ours(drifts=[Drift.objects.get(path="/title")], user=shopify.user("channelmanager"))
    shopify.settle()
    # The approved whole of that part went out, so the other difference is over.
    assert shown(shopify) == ("Tee shirt", "Acme")
    assert look(shopify) == []
    assert Drift.objects.get(path="/vendor").state == "over"
    edit(shopify, vendor="Acme Ltd")
    look(shopify)
    product = shopify.product(**{"description@en_US": "<p>Softer.</p>"})
    shopify.approve(product)
    shopify.settle()
    assert shown(shopify) == ("Tee shirt", "Acme")
    assert look(shopify) == []
    assert set(shopify.states().values()) == {"live"}
    sent = [str(blobs.get(held)) for held in Publication.objects.values_list("request", flat=True)]
    assert any("Softer" in each for each in sent)
    assert not any("Hacked" in each or "Acme Ltd" in each for each in sent)


def test_the_answer_to_one_difference_sends_nothing_of_another_part(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    edit(shopify, sku="tee-s", price="1.00")
    assert len(look(shopify)) == 2
    drift.keep_ours(drifts=[Drift.objects.get(path="/title")], user=shopify.user("channelmanager"))
    shopify.settle()
    assert look(shopify) == [("tee-s", "offer", "/price")]
    assert shopify.states()["tee/tee-s"] == "drifted"
    assert Drift.objects.get(path="/price").theirs == "1.00"


def test_what_was_proposed_is_not_asked_again_while_it_waits(shopify: Shop) -> None:
    edit(shopify, vendor="Acme Ltd")
    look(shopify)
    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        drift.adopt(drift=Drift.objects.get(), user=shopify.user("merchandiser"))
    assert look(shopify) == []
    shopify.product(price="19.95")
    shopify.settle()
    assert shown(shopify) == ("Tee shirt", "Acme Ltd")  # the price alone was sent
    Proposal.objects.update(state=Proposal.State.REJECTED)
    assert look(shopify) == [("", "content", "/vendor")]


def test_publishing_by_name_answers_all_of_it(shopify: Shop) -> None:
    edit(shopify, title="Hacked", vendor="Acme Ltd")
    look(shopify)
    product = Product.objects.get(code="tee")
    with acting(user=shopify.user("channelmanager"), source=ChangeSet.Source.PAGE):
        publish(channel=shopify.channel(), products=[product], over_drift=True)
    shopify.settle()
    assert shown(shopify) == ("Tee shirt", "Acme")
    answers = Drift.objects.values_list("state", "decided_by__username")
    assert set(answers) == {("kept", "channelmanager")}


def test_it_is_found_without_anybody_asking(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    assert looking.schedule() == 0  # it was looked at a moment ago
    Channel.objects.filter(code="shopify").update(policy={"read_back_hours": 0})
    assert looking.schedule() == 1
    looking.look(seconds=5)
    assert Drift.objects.get().path == "/title"


def test_an_answer_counts_once(shopify: Shop) -> None:
    edit(shopify, title="Hacked")
    look(shopify)
    row = Drift.objects.get()
    drift.keep_ours(drifts=[row], user=shopify.user("channelmanager"))
    with pytest.raises(drift.CannotAnswer):
        drift.hand_over(drifts=[row], user=shopify.user("channelmanager"))
