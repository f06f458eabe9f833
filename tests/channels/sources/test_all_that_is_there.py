"""A channel is asked for all that it has: what is there and not ours is a gap, whatever it is called there."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from channels.models import Call, Channel, Gap, Reconciliation
from channels.reconcile import repair as repairs
from channels.reconcile import there, work
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import amazon as amazon
from tests.channels.publishing.test_amazon import live
from tests.channels.sandbox.test_amazon_listings import shirt, worded

STRANGE = Gap.Hop.STRANGE


def compared(channel: Channel, *, seconds: float = 20) -> Reconciliation:
    """A comparison to its end; the channel's pauses are cut short."""
    run, until = work.start(channel=channel), time.monotonic() + seconds
    while time.monotonic() < until:
        if not work.advance(run.pk):
            Reconciliation.objects.filter(pk=run.pk).update(wait_until=None)
            time.sleep(0.05)
        run.refresh_from_db()
        if run.state != "working":
            return run
    raise AssertionError(f"still working: {run.place}")


def strangers(run: Reconciliation) -> dict[str, Gap]:
    return {gap.sku: gap for gap in run.gaps.filter(hop=STRANGE)}


def somebody_lists(shop: Shop, channel: str, sku: str, title: str) -> None:
    """Somebody else puts an item into the shop."""
    if channel == "amazon":
        item = shirt(item_name=worded(title))
        answer = shop.sandbox.amazon("PUT", sku, item)
        assert answer.json["status"] == "ACCEPTED", answer.json
    elif channel == "google":
        attributes = {
            "title": title,
            "link": "https://shop.example.com/x",
            "imageLink": "https://shop.example.com/x.png",
        }
        attributes |= {"availability": "IN_STOCK", "condition": "NEW", "description": title}
        attributes |= {"price": {"amountMicros": "19900000", "currencyCode": "USD"}}  # type: ignore[dict-item]
        body = {"offerId": sku, "contentLanguage": "en", "feedLabel": "US", "productAttributes": attributes}
        answer = shop.sandbox.google("POST", "productInputs:insert", body, dataSource="accounts/1001/dataSources/2003")
        assert answer.status == 200, answer.json
    else:
        query = "mutation($p: ProductSetInput!){productSet(input:$p,synchronous:true){userErrors{message}}}"
        product = {"title": title, "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}]}
        product["variants"] = [{"sku": sku, "optionValues": [{"optionName": "Title", "name": "Default Title"}]}]
        answer = shop.sandbox.shopify(query, {"p": product})
        assert not answer.json["data"]["productSet"]["userErrors"], answer.json
    time.sleep(0.4)  # until it can be seen


@pytest.fixture(params=["shopify", "google", "amazon"])
def channel(request: pytest.FixtureRequest, amazon: Shop) -> Channel:
    """One of the three, with a tee of ours on it."""
    Channel.objects.update(publishes_on_approval=False)
    Channel.objects.filter(code=request.param).update(publishes_on_approval=True)
    live(amazon)
    return Channel.objects.get(code=request.param)


def test_what_somebody_else_put_there_is_told_and_left_alone(amazon: Shop, channel: Channel) -> None:
    run = compared(channel)
    assert (run.state, run.problem, run.gaps_found) == ("done", "", 0)  # ours is no stranger
    mug = amazon.product("mug", sizes=("s",))  # a draft: nothing of it was ever sent
    somebody_lists(amazon, channel.code, "foreign-1", "Fremde Mütze")
    somebody_lists(amazon, channel.code, "mug-s", "Mug")
    run = compared(channel)
    assert (run.state, run.problem, run.gaps_found) == ("done", "", 2)
    found = strangers(run)
    assert found["foreign-1"].theirs.startswith("Fremde Mütze (")
    assert (found["foreign-1"].product, found["foreign-1"].who) == (None, "the channel's manager")
    assert (found["mug-s"].product, found["mug-s"].who) == (mug, "whoever chooses what is sold there")
    assert Call.objects.filter(channel=channel, operation="list").exists()
    before = amazon.sandbox.state(channel.code)["calls"]
    repairs.ask(run.gaps.all(), user=amazon.user("channelmanager"))
    while repairs.work_off():
        pass
    amazon.settle()
    assert {gap.state for gap in run.gaps.all()} == {"open"}
    assert all("choose its product for the channel, or end it there" in gap.note for gap in run.gaps.all())
    assert amazon.sandbox.state(channel.code)["calls"] == before


def test_a_shop_of_many_pages_is_asked_to_its_end(amazon: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.connectors.google.wire.PAGE", 2)
    monkeypatch.setattr("channels.connectors.shopify.listed.PAGE", 2)
    for code in ("google", "shopify"):
        for number in range(5):
            somebody_lists(amazon, code, f"foreign-{number}", f"Cap {number}")
        run = compared(Channel.objects.get(code=code))
        assert sorted(strangers(run)) == [f"foreign-{n}" for n in range(5)]


@pytest.mark.parametrize(("end", "problem"), [("FATAL", "Amazon broke off the report"), ("CANCELLED", "")])
def test_a_report_that_breaks_off_is_told_and_an_empty_one_is_none(amazon: Shop, end: str, problem: str) -> None:
    amazon.sandbox.control("settings", channel="amazon", report_ends=[end])
    run = compared(Channel.objects.get(code="amazon"))
    assert run.state == "done"
    assert (problem in run.problem) if problem else run.problem == ""


def test_a_channel_that_says_nothing_is_asked_again_and_then_told_of(
    amazon: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "TRIES", 3)
    channel = Channel.objects.get(code="google")
    somebody_lists(amazon, "google", "foreign-1", "Cap")
    amazon.sandbox.control("chaos", channel="google", mode="error500", count=3)
    run = compared(channel)
    assert run.state == "done"
    assert "did not tell all that it has" in run.problem
    assert Call.objects.filter(channel=channel, operation="list").count() == 3
    assert list(strangers(compared(channel))) == ["foreign-1"]


def test_a_worker_that_dies_between_two_parts_loses_none(amazon: Shop) -> None:
    """Each part is kept with the cursor: who comes next goes on after it."""
    somebody_lists(amazon, "amazon", "foreign-1", "Cap")
    run = work.start(channel=Channel.objects.get(code="amazon"))
    seen = set()
    for _ in range(40):
        work.advance(run.pk, seconds=0)  # one that dies at once did nothing
        run = Reconciliation.objects.get(pk=run.pk)
        if run.state != "working":
            break
        seen.add(run.place.split(":")[0])
        step = there.step(run) if run.place else None  # done, but not kept: the worker died
        del step
        work.advance(run.pk, seconds=0.001)
        Reconciliation.objects.filter(pk=run.pk).update(wait_until=None)
        time.sleep(0.05)
    assert run.state == "done"
    assert {"!report", "!document"} <= seen
    assert list(strangers(run)) == ["foreign-1"]
    assert run.gaps.count() == 1


def test_the_page_offers_nothing_to_send_for_strangers(amazon: Shop) -> None:
    somebody_lists(amazon, "google", "foreign-1", "Fremde Mütze")
    run = compared(Channel.objects.get(code="google"))
    client = Client()
    client.force_login(amazon.user("channelmanager"))
    page = client.get(f"/reconciliation/{run.pk}/?hop=strange").content.decode()
    assert "Fremde Mütze" in page
    assert "on the channel, and not ours" in page
    assert "Send ours" not in page
    assert 'name="gap"' not in page
