"""Many products at once go to Shopify in a file: each booked as if it had gone alone, and nothing twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from catalog import events
from catalog.models import Attribute
from channels import connections
from channels.connectors.outcome import Verdict
from channels.models import BulkLine, BulkRun, Call, Channel, ChannelIssue, Placement, Publication
from channels.publishing import bulk as files
from channels.publishing.dispatch import dispatch
from channels.reconcile.run import reconcile
from pimhub.foundation.http import Request, Response
from tests.channels.publishing.shop import Shop

MANY = [f"tee{n}" for n in range(4)]


class Killed(BaseException):
    """As if the process were gone."""


@pytest.fixture
def bulk(shop: Shop) -> Shop:
    """The shop, whose channel sends a file from three waiting products on."""
    shop.live("first")
    shop.settle()
    channel = shop.channel()
    Channel.objects.filter(pk=channel.pk).update(settings={**channel.settings, "bulk_from": 3})
    return shop


def many(shop: Shop, **given: Any) -> None:
    for code in MANY:
        shop.live(code, **given)


def lines(operation: str) -> list[Publication]:
    rows = Publication.objects.filter(operation=operation, bulk_line__isnull=False)
    return list(rows.order_by("pk").select_related("placement__product"))


def made(shop: Shop) -> dict[str, int]:
    return {name: shop.sandbox.state("shopify")[name] for name in ("products", "variants")}


def test_many_go_in_one_file_and_each_has_its_record(bulk: Shop) -> None:
    many(bulk)
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert reconcile(bulk.channel())["drifted"] == []
    assert made(bulk) == {"products": 5, "variants": 10}
    runs = {run.kind: run for run in BulkRun.objects.all()}
    assert runs["productSet"].lines_count == len(MANY)
    assert {run.state for run in runs.values()} == {"done"}
    sent = lines("productSet")
    assert [p.placement.product.code for p in sent] == MANY
    for publication in sent:
        assert (publication.verdict, publication.status) == (Verdict.ACCEPTED, 200)
        assert publication.request
        assert publication.response
        assert publication.revision_id
        assert publication.mapping_id
        call = Call.objects.get(publication=publication)
        assert (call.operation, call.verdict, call.placement_id) == (
            "productSet in bulk",
            "accepted",
            publication.placement_id,
        )
    # What follows the first file goes in a second: the sales channels of each product.
    assert runs["publishablePublish"].lines_count == len(MANY)
    assert Call.objects.filter(operation="bulk start").count() == BulkRun.objects.count()


def test_few_go_alone(bulk: Shop) -> None:
    for code in MANY[:2]:
        bulk.live(code)
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert not BulkRun.objects.exists()


def test_a_line_that_is_refused_is_told_at_its_field_and_the_others_go_on(
    bulk: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.connectors.shopify.connector.ShopifyConnector.validate", lambda *args: [])
    Attribute.objects.filter(code="brand").update(limits={})
    for code in MANY:
        bulk.live(code, brand="x" * 256 if code == "tee3" else "Acme")
    bulk.settle()
    states = bulk.states()
    assert "rejected" in {state for row, state in states.items() if row.startswith("tee3/")}
    assert {state for row, state in states.items() if not row.startswith("tee3/")} == {"live"}
    issue = ChannelIssue.objects.get(placement__channel__code="shopify", severity="error")
    assert (issue.key, issue.placement.product.code) == ("brand", "tee3")


def test_a_file_that_breaks_off_leaves_nothing_out_and_makes_nothing_twice(bulk: Shop) -> None:
    bulk.sandbox.control("settings", channel="shopify", bulk_fail_after=1)
    many(bulk)
    bulk.settle()
    bulk.hurry()
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert made(bulk) == {"products": 5, "variants": 10}
    assert reconcile(bulk.channel())["drifted"] == []
    first = BulkRun.objects.order_by("pk")[0]
    assert first.problem == "FAILED INTERNAL_SERVER_ERROR"
    assert lines("productSet")[0].verdict == Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("step", "lost"),
    [
        ("bulk upload", "before"),
        ("bulk upload", "after"),
        ("bulk start", "before"),
        ("bulk start", "after"),
        ("bulk state", "after"),
        ("answers", "after"),
    ],
)
def test_a_worker_killed_at_any_step_leaves_nothing_out_and_makes_nothing_twice(
    bulk: Shop, monkeypatch: pytest.MonkeyPatch, step: str, lost: str
) -> None:
    many(bulk)
    _kill_at(step, lost, monkeypatch)
    with pytest.raises(Killed):
        bulk.settle()
    monkeypatch.undo()
    _later(bulk)
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert made(bulk) == {"products": 5, "variants": 10}
    assert bulk.sandbox.state("shopify")["calls"]["productSet"] == 5
    assert [p.verdict for p in lines("productSet")] == [Verdict.ACCEPTED] * len(MANY)


def test_a_worker_killed_while_it_books_answers_books_the_rest_later(
    bulk: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.publishing.bulk._BOOKED_AT_ONCE", 2)
    many(bulk)
    booked, genuine = [], files._note_answers

    def dying(found: Any) -> None:
        if booked:
            raise Killed
        booked.append(found)
        genuine(found)

    monkeypatch.setattr(files, "_note_answers", dying)
    with pytest.raises(Killed):
        bulk.settle()
    monkeypatch.undo()
    assert BulkLine.objects.filter(answered_at__isnull=False).count() == 2
    _later(bulk)
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert bulk.sandbox.state("shopify")["calls"]["productSet"] == 5


def test_an_answer_that_is_lost_at_the_start_is_looked_for(bulk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bulk)
    genuine, lost = connections.send, []

    def losing(channel: Channel, request: Request, *, timeout: float) -> Response:
        answer = genuine(channel, request, timeout=timeout)
        if b"bulkOperationRunMutation" in request.body and not lost:
            lost.append(answer)
            return Response(0, error="no complete answer")
        return answer

    monkeypatch.setattr(connections, "send", losing)
    bulk.settle()
    assert lost
    assert Call.objects.filter(operation="bulk list").exists()
    assert set(bulk.states().values()) == {"live"}
    assert bulk.sandbox.state("shopify")["calls"]["productSet"] == 5


def test_a_price_overtakes_the_file_with_its_content(bulk: Shop) -> None:
    many(bulk)
    bulk.settle()
    bulk.sandbox.control("settings", channel="shopify", bulk_seconds=600)  # until the end is asked for
    for code in MANY:
        bulk.approve(bulk.product(code, brand="Other"))
    until = {BulkRun.State.WORKING}
    for _ in range(200):
        dispatch(seconds=0.2)
        if BulkRun.objects.filter(kind="productSet", state__in=until).exists():
            break
        events.derive()
    line = BulkLine.objects.filter(run__state=BulkRun.State.WORKING, run__kind="productSet").latest("pk")
    code = line.placement.product.code
    bulk.product(code, brand="Other", price="29.00")
    events.derive()
    dispatch(seconds=1)
    assert Publication.objects.filter(
        operation="productVariantsBulkUpdate", placement__product__code=code, verdict=Verdict.ACCEPTED
    ).exists()
    assert BulkLine.objects.filter(placement__product__code=code, settled_at__isnull=True).exists()
    bulk.sandbox.control("settings", channel="shopify", bulk_seconds=0)
    bulk.settle()
    assert reconcile(bulk.channel())["drifted"] == []


def test_what_was_changed_while_the_file_gathers_is_taken_out(bulk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.publishing.bulk._gathering", lambda run: None)
    many(bulk)
    events.derive()
    dispatch(seconds=2)
    assert BulkLine.objects.count() == len(MANY)
    monkeypatch.undo()
    bulk.approve(bulk.product("tee0", **{"name@en_US": "Another name"}))
    events.derive()
    dispatch(seconds=0.3)
    BulkRun.objects.update(due_at=timezone.now())
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert bulk.sandbox.state("shopify")["calls"]["productSet"] == 5
    withdrawn = Publication.objects.get(placement__product__code="tee0", verdict=Verdict.TRANSIENT)
    assert withdrawn.message == "The product was changed before the file left; nothing was sent."


def test_a_file_of_a_paused_channel_is_given_back(bulk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.publishing.bulk._gathering", lambda run: None)
    many(bulk)
    events.derive()
    dispatch(seconds=2)
    monkeypatch.undo()
    Channel.objects.filter(code="shopify").update(paused=True)
    BulkRun.objects.update(due_at=timezone.now())
    dispatch(seconds=1)
    assert BulkRun.objects.get().state == "closed"
    old = timezone.now() - dt.timedelta(minutes=6)
    BulkRun.objects.update(due_at=old, created_at=old)
    dispatch(seconds=1)
    assert BulkRun.objects.get().state == "unsent"
    Channel.objects.filter(code="shopify").update(paused=False)
    bulk.hurry()
    bulk.settle()
    assert set(bulk.states().values()) == {"live"}
    assert BulkRun.objects.count() == 1  # after a file that could not be sent, calls go alone for a while


def _kill_at(step: str, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die at the call of that step: before it leaves, or when its answer is there."""

    def dying(genuine: Callable[..., Response]) -> Callable[..., Response]:
        def call(*args: Any, **given: Any) -> Response:
            if step != "answers" and given.get("operation") != step:
                return genuine(*args, **given)
            if lost == "after":
                genuine(*args, **given)
            raise Killed

        return call

    name = "fetch" if step == "answers" else "ask"
    monkeypatch.setattr(connections, name, dying(getattr(connections, name)))


def _later(shop: Shop) -> None:
    """The hold of the dead worker is over, and so is the time a call may take."""
    past = timezone.now() - dt.timedelta(minutes=2)
    BulkRun.objects.exclude(state="done").update(due_at=timezone.now())
    BulkRun.objects.filter(started_at__isnull=False, job="").update(started_at=past)
    Placement.objects.update(lease_until=None)
    shop.hurry()
