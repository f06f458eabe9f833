"""Many items go to Amazon as one feed: each booked as a call of its own, and nothing lost or doubled on the way."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog import blobs, events
from catalog.media.ingest import upload
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from channels import connections
from channels.connectors.amazon.bulk import Bulk
from channels.demo.products import PICTURES
from channels.models import BulkLine, BulkRun, Call, Channel, ChannelIssue, Listing, Placement, Publication
from channels.publishing.dispatch import dispatch
from channels.reconcile.run import reconcile
from pimhub.foundation.http import Request, Response
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_bulk import Killed, _kill_at, _later

MANY = 4  # products


@pytest.fixture
def amazon(shop: Shop) -> Shop:
    """Only Amazon publishes; three waiting products are many."""
    Channel.objects.exclude(code="amazon").update(publishes_on_approval=False)
    channel = Channel.objects.get(code="amazon")
    channel.settings = {**channel.settings, "bulk_from": 3}
    channel.save()
    return shop


def goods(shop: Shop, count: int = MANY, sizes: tuple[str, ...] = ("s",)) -> None:
    picture = upload((PICTURES / "solidus_solidus_cap_black_1.png").read_bytes())
    for number in range(count):
        values = {"product_type": "T-Shirt", "country_of_origin": "PT", "description@en_US": "<p>Soft tee.</p>"}
        product = shop.product(code=f"tee{number}", sizes=sizes, **values)
        shop.write(ProductChange(code=product.code, media=(MediaChange(sha256=picture.sha256, alt={"en_US": "Tee"}),)))
        shop.approve(product)


def reprice(shop: Shop, number: int, price: str) -> None:
    variant = VariantChange(sku=f"tee{number}-s", offers={"default": OfferChange(price=Decimal(price))})
    shop.write(ProductChange(code=f"tee{number}", variants=(variant,)))


def price_there(shop: Shop, number: int) -> Any:
    held = shop.sandbox.amazon("GET", f"tee{number}-s", includedData="attributes").json["attributes"]
    return held["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]


def called(shop: Shop) -> Counter[str]:
    return Counter(shop.sandbox.state("amazon")["calls"])


def recover(shop: Shop) -> None:
    for _ in range(6):
        _later(shop)
        shop.settle(seconds=60)
        if set(shop.states("amazon").values()) == {"live"}:
            return


def test_many_waiting_items_go_as_one_feed_and_each_has_its_record(amazon: Shop) -> None:
    goods(amazon)
    amazon.settle()
    assert set(amazon.states("amazon").values()) == {"live"}
    calls = called(amazon)
    assert (calls["createFeedDocument"], calls["createFeed"], calls["getFeedDocument"]) == (1, 1, 1)
    assert "putListingsItem" not in calls
    run = BulkRun.objects.get()
    assert (run.state, run.lines_count, run.problem) == ("done", MANY, "")
    assert reconcile(amazon.channel("amazon"))["in_sync"] == MANY
    for made in Publication.objects.select_related("placement__product"):
        assert (made.operation, made.verdict, made.status) == ("putListingsItem", "accepted", 200)
        assert made.revision is not None
        assert made.mapping is not None
        assert "attributes" in json.loads(blobs.get(made.request)["body"])
        assert blobs.get(made.response)["submissionId"] == run.job
        call = Call.objects.get(publication=made)
        assert (call.operation, call.skus) == ("putListingsItem in bulk", [f"{made.placement.product.code}-s"])
    assert Listing.objects.filter(price=Decimal("19.90")).count() == MANY


def test_few_go_one_by_one(amazon: Shop) -> None:
    goods(amazon, count=2)
    amazon.settle()
    assert not BulkRun.objects.exists()
    assert called(amazon)["putListingsItem"] == 2


def test_the_variants_of_a_product_follow_their_parent_in_one_feed(amazon: Shop) -> None:
    # Parents show at once and no reading waits for its turn: all of them let their variants follow in the same round.
    amazon.sandbox.control("settings", channel="amazon", visible_after=0, rate_times=1000)
    goods(amazon, sizes=("s", "m", "l"))
    amazon.settle()
    assert set(amazon.states("amazon").values()) == {"live"}
    assert list(BulkRun.objects.order_by("pk").values_list("lines_count", flat=True)) == [MANY, 3 * MANY]
    assert "putListingsItem" not in called(amazon)
    item = amazon.sandbox.amazon("GET", "tee1-m", includedData="relationships").json
    assert item["relationships"][0]["relationships"] == [{"type": "VARIATION", "parentSkus": ["tee1"]}]


def test_a_new_price_of_many_is_patched_by_feed(amazon: Shop) -> None:
    goods(amazon)
    amazon.settle()
    for number in range(MANY):
        reprice(amazon, number, "21.50")
    amazon.settle()
    assert called(amazon)["createFeed"] == 2
    assert "patchListingsItem" not in called(amazon)
    assert price_there(amazon, 3) == 21.5
    assert set(Listing.objects.values_list("price", flat=True)) == {Decimal("21.50")}


def test_what_amazon_refuses_is_told_at_its_field_and_the_others_go_on(
    amazon: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.connectors.amazon.connector.AmazonConnector.validate", lambda *given: [])
    goods(amazon)
    amazon.approve(amazon.product(code="tee0", sizes=("s",), country_of_origin=None))
    amazon.settle()
    states = amazon.states("amazon")
    assert states.pop("tee0/tee0-s") == "rejected"
    assert set(states.values()) == {"live"}
    issue = ChannelIssue.objects.get(code="90220", cleared_at=None)
    assert (issue.field, issue.sku, issue.key) == ("country_of_origin", "tee0-s", "country_of_origin")


@pytest.mark.parametrize("end", ["CANCELLED", "FATAL"])
def test_of_a_feed_that_breaks_off_only_what_is_missing_is_sent_again(amazon: Shop, end: str) -> None:
    """Half of a FATAL feed was done. Each item is read before anything else, and the rest goes one by one."""
    amazon.sandbox.control("settings", channel="amazon", feed_ends=[end])
    goods(amazon)
    recover(amazon)
    assert set(amazon.states("amazon").values()) == {"live"}
    assert BulkRun.objects.get().problem.startswith("Amazon ")
    assert called(amazon)["putListingsItem"] == (MANY if end == "CANCELLED" else MANY // 2)
    assert amazon.sandbox.state("amazon")["items"] == MANY


@pytest.mark.parametrize(
    ("step", "lost"),
    [("bulk upload", "after"), ("bulk start", "before"), ("bulk start", "after"), ("bulk report", "after"),
     ("answers", "after")],
)  # fmt: skip
def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    amazon: Shop, step: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods(amazon)
    with monkeypatch.context() as patch:
        _kill_at(step, lost, patch)
        with pytest.raises(Killed):
            amazon.settle()
    recover(amazon)
    assert set(amazon.states("amazon").values()) == {"live"}
    assert called(amazon)["createFeed"] == 1  # one whose answer was lost is found among Amazon's feeds
    assert "putListingsItem" not in called(amazon)
    assert [p.verdict for p in Publication.objects.all()] == ["accepted"] * MANY


def test_a_lost_start_is_not_taken_for_a_feed_of_somebody_else(amazon: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two strange feeds: which is ours cannot be told, so the items are read, and what is there is not sent again."""
    goods(amazon)
    genuine = connections.send

    def losing(channel: Channel, request: Request, *, timeout: float) -> Response:
        answer = genuine(channel, request, timeout=timeout)
        if request.method == "POST" and request.url.endswith("/feeds") and answer.status == 202:
            genuine(channel, request, timeout=timeout)  # somebody else's, at the same moment
            return Response(0, error="no complete answer")
        return answer

    monkeypatch.setattr(connections, "send", losing)
    recover(amazon)
    assert set(amazon.states("amazon").values()) == {"live"}
    assert amazon.sandbox.state("amazon")["items"] == MANY


def test_a_report_that_does_not_add_up_is_not_believed(amazon: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = Bulk.bulk_answers
    monkeypatch.setattr(Bulk, "bulk_answers", lambda self, body, lines: genuine(self, body, [*lines, lines[0]]))
    goods(amazon)
    recover(amazon)
    assert set(amazon.states("amazon").values()) == {"live"}
    assert "putListingsItem" not in called(amazon)  # they were there: reading showed it
    assert set(Publication.objects.values_list("message", flat=True)) == {"the answer was lost; the channel shows it"}


def test_an_item_in_a_feed_is_left_alone_meanwhile(amazon: Shop) -> None:
    """A feed and a call are not ordered: a newer price waits for the feed, and then goes out."""
    amazon.sandbox.control("settings", channel="amazon", feed_after=600)
    goods(amazon)
    events.derive()
    for _ in range(40):
        dispatch(seconds=1)
        if BulkRun.objects.filter(state="working").exists():
            break
    reprice(amazon, 0, "25.00")
    events.derive()
    dispatch(seconds=1)
    assert Publication.objects.count() == MANY == BulkLine.objects.count()
    assert reconcile(amazon.channel("amazon"))["drifted"] == []
    amazon.sandbox.control("settings", channel="amazon", feed_after=0)
    store = amazon.sandbox.running.sandbox.store
    feed = store.all("feed")[0]
    store.put("feed", feed["feedId"], feed | {"due": 0})
    BulkRun.objects.update(due_at=timezone.now())
    amazon.settle()
    assert price_there(amazon, 0) == 25
    assert set(amazon.states("amazon").values()) == {"live"}
    assert not Placement.objects.filter(must_read=True).exists()
