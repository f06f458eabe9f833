"""Source, hub and channel compared: each gap says where it arose and who acts, and can be repaired."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.change_sets import acting
from catalog.intake.messages import Message
from catalog.intake.take import take
from catalog.models import ChangeSet, ExternalSystem, Product, Reject, Source, StockLevel
from catalog.products.changes import ProductChange, VariantChange
from catalog.products.reference import load_reference
from channels.models import Gap, Reconciliation
from channels.reconcile import of_source, work
from channels.reconcile import repair as repairs
from governance.models import Override
from tests.channels.publishing.shop import Shop

H = Gap.Hop


@pytest.fixture
def source(shop: Shop) -> Source:
    """The sandbox ERP, whose snapshot says 10 of each size of the tee."""
    shop.live("tee", sizes=("s", "m", "l"))
    for size in "sml":
        body = {"sku": f"tee-{size}", "price": "19.90", "available": 10}
        assert shop.sandbox.call("POST", "/erp/items", json.dumps(body).encode()).status == 200
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    address = "sandbox:/erp/snapshot/stock.ndjson"
    return Source.objects.create(code="erp", system=system, kind="webhook", delivers="stock", snapshot=address)


def compared(**subject: Any) -> Reconciliation:
    """A comparison from its start to its end."""
    run = work.start(**subject)
    while work.advance(run.pk):
        pass
    run.refresh_from_db()
    assert run.state in ("done", "failed"), run.state
    return run


def with_source(source: Source) -> Reconciliation:
    return compared(source=source)


def repair(run: Reconciliation, *, user: Any, way: str = "repair") -> dict[str, tuple[str, str]]:
    """Ask for all of its gaps, and what became of each SKU: its state and note."""
    repairs.ask(run.gaps.all(), user=user, way=way)
    while repairs.work_off():
        pass
    return {gap.sku: (gap.state, gap.note) for gap in run.gaps.all()}


def say(*messages: Message) -> None:
    with acting(source=ChangeSet.Source.API, system="erp"):
        take(messages, load_reference())


def newest(shop: Shop) -> dict[str, int]:
    lines = shop.sandbox.call("GET", "/erp/snapshot/stock.ndjson").body.splitlines()
    return {line["sku"]: line["sequence"] for line in map(json.loads, lines)}


def test_each_gap_of_a_source_names_its_hop(shop: Shop, source: Source) -> None:
    number = newest(shop)
    # s: an old message came, the newest never did; m: here by a person's override; l: refused.
    say(Message("tee-s", "main", available=9, sequence=0, line={"sku": "tee-s"}))
    product = Product.objects.get(code="tee")
    later = timezone.now() + dt.timedelta(days=1)
    key = "stock.main.available"
    Override.objects.create(product=product, sku="tee-m", key=key, pair=[10, 5], until=later)
    Reject.objects.create(
        kind="stock", source="erp", sku="tee-l", sku_key="tee-l", place="main", line={}, code="x", errors=[],
        first_at=timezone.now(), last_at=timezone.now(),
    )  # fmt: skip
    run = with_source(source)
    assert {gap.sku: gap.hop for gap in run.gaps.all()} == {"tee-s": H.LOST, "tee-m": H.OVERRIDDEN, "tee-l": H.REFUSED}
    assert (run.checked, run.in_sync, run.found) == (3, 0, {"lost": 1, "overridden": 1, "refused": 1})
    gap = run.gaps.get(sku="tee-s")
    assert (gap.theirs, gap.ours, gap.line["sequence"]) == ("10", "9", number["tee-s"])
    became = repair(run, user=shop.user("admin"))
    assert became["tee-s"] == ("repaired", "")
    assert became["tee-m"][0] == became["tee-l"][0] == "open"
    assert "rejected messages" in became["tee-l"][1]
    assert "for a time" in became["tee-m"][1]
    level = StockLevel.objects.get(variant__sku="tee-s")
    assert (level.available, level.source_sequence) == (10, number["tee-s"])
    again = with_source(source)
    assert {gap.sku for gap in again.gaps.all()} == {"tee-m", "tee-l"}


def test_what_somebody_wrote_over_the_source_is_put_back(shop: Shop, source: Source) -> None:
    numbers = newest(shop)
    say(*(Message(sku, "main", available=10, sequence=numbers[sku]) for sku in numbers))
    assert with_source(source).in_sync == 3
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", stock={"main": 77}),)))
    run = with_source(source)
    (gap,) = run.gaps.all()
    assert (gap.sku, gap.hop, gap.who) == ("tee-s", H.WRITTEN, "who changed it here")
    assert repair(run, user=shop.user("admin")) == {"tee-s": ("repaired", "")}
    assert StockLevel.objects.get(variant__sku="tee-s").available == 10
    assert with_source(source).gaps.count() == 0


def test_a_snapshot_that_cannot_be_had_says_so(shop: Shop, source: Source) -> None:
    Source.objects.update(snapshot="sandbox:/erp/nothing")
    run = with_source(Source.objects.get())
    assert "404" in run.problem
    assert run.gaps.count() == 0


def test_drift_on_a_channel_is_found_and_repaired_on_the_page(shop: Shop, client: Client) -> None:
    shop.live("tee")
    shop.settle()
    (product,) = shop.sandbox.running.sandbox.store.all("product")
    edited = {"channel": "shopify", "product": product["id"], "field": "stock", "sku": "tee-s", "value": 99}
    shop.sandbox.control("edit", **edited)
    client.force_login(shop.user("channelmanager"))
    answer = client.post("/reconciliation/", {"what": "channel:shopify"}, follow=True)
    assert "data-poll" in answer.content.decode()
    run = Reconciliation.objects.get()
    while work.advance(run.pk):
        pass
    page = client.get(f"/reconciliation/{run.pk}/").content.decode()
    assert "data-poll" not in page
    assert "changed on the channel" in page
    assert "the channel&#x27;s manager" in page
    gap = run.gaps.get()
    assert (gap.sku, gap.hop) == ("tee-s", H.DRIFTED)
    client.post(f"/reconciliation/{run.pk}/repair/", {"hop": "drifted"})
    gap.refresh_from_db()
    assert (gap.state, gap.repaired_by) == ("repaired", shop.user("channelmanager"))
    shop.settle()
    assert compared(channel=shop.channel("shopify")).found == {}
    assert "Shopify" in client.get("/reconciliation/").content.decode()
    client.force_login(shop.user("merchandiser"))
    assert client.get("/reconciliation/").status_code == 403


# ---- in slices --------------------------------------------------------------------------------------


def test_a_comparison_goes_on_where_a_killed_worker_left_it(
    shop: Shop, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_source, "BATCH", 1)
    run = work.start(source=source)
    assert work.start(source=source) == run  # one at a time
    keep, calls = work._keep, []

    def dying(run: Reconciliation, step: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt  # as a kill: nothing after it runs
        return bool(keep(run, step))

    monkeypatch.setattr(work, "_keep", dying)
    with pytest.raises(KeyboardInterrupt):
        work.advance(run.pk)
    run.refresh_from_db()
    assert (run.state, run.checked, run.gaps.count()) == ("working", 1, 1)
    assert not work.advance(run.pk)
    run.refresh_from_db()
    assert (run.state, run.checked, run.in_sync, run.gaps.count()) == ("done", 3, 0, 3)
    assert not of_source.folder(run).exists()


def test_the_slower_of_two_workers_drops_what_it_found(shop: Shop, source: Source) -> None:
    run = work.start(source=source)
    first, second = (Reconciliation.objects.select_related("source__system").get(pk=run.pk) for _ in "ab")
    assert work._keep(first, of_source.step(first))
    assert not work._keep(second, of_source.step(second))
    assert run.gaps.count() == 3


def test_what_the_snapshot_does_not_know_is_a_gap(shop: Shop, source: Source) -> None:
    numbers = newest(shop)
    shop.live("cap", sizes=("s",))
    say(*(Message(sku, "main", available=10, sequence=numbers[sku]) for sku in numbers))
    say(Message("cap-s", "main", available=4, sequence=1))
    run = with_source(source)
    (gap,) = run.gaps.all()
    assert (gap.sku, gap.hop, gap.ours, gap.theirs) == ("cap-s", H.ABSENT, "4", "")
    assert repair(run, user=shop.user("admin"))["cap-s"][0] == "open"


def test_a_comparison_is_stopped_and_old_gaps_are_forgotten(shop: Shop, source: Source) -> None:
    run = work.start(source=source)
    work.advance(run.pk, seconds=0)
    assert work.stop(run)
    assert not work.stop(run)
    run = with_source(source)
    assert run.gaps.count() == 3
    assert work.forget_old() == 0
    Reconciliation.objects.update(finished_at=timezone.now() - dt.timedelta(days=31))
    assert work.forget_old() == 3
    run.refresh_from_db()
    assert run.gaps_found == 3


def test_a_busy_channel_is_compared_later_and_not_called_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from channels.rates import Wait
    from channels.reconcile import of_channel

    shop.live("tee")
    shop.settle()
    check = of_channel.check

    def busy(*given: Any, **how: Any) -> None:
        raise Wait(60)

    run = work.start(channel=shop.channel("shopify"))
    monkeypatch.setattr(of_channel, "check", busy)
    assert not work.advance(run.pk)
    assert run.pk not in work.waiting()
    monkeypatch.setattr(of_channel, "check", check)
    Reconciliation.objects.update(wait_until=None)
    work.advance(run.pk)
    run.refresh_from_db()
    assert (run.state, run.found) == ("done", {})
    assert run.checked > 0


# ---- proposals --------------------------------------------------------------------------------------


def test_a_gap_is_proposed_and_taken_in_the_inbox(shop: Shop, source: Source) -> None:
    from governance import proposals
    from governance.models import Proposal

    numbers = newest(shop)
    say(*(Message(sku, "main", available=10, sequence=numbers[sku]) for sku in numbers))
    shop.write(ProductChange(code="tee", variants=(VariantChange(sku="tee-s", stock={"main": 77}),)))
    run = with_source(source)
    assert repair(run, user=shop.user("channelmanager"), way="propose") == {"tee-s": ("proposed", "")}
    assert StockLevel.objects.get(variant__sku="tee-s").available == 77
    (row,) = Proposal.objects.filter(state="open")
    assert (row.key, row.base, row.value) == ("stock.main.available", 77, 10)
    assert "in its snapshot of" in row.reason
    with acting(user=shop.user("merchandiser"), source=ChangeSet.Source.PAGE):
        proposals.accept(proposal=row, user=shop.user("merchandiser"))
    assert StockLevel.objects.get(variant__sku="tee-s").available == 10


# ---- by the API -------------------------------------------------------------------------------------


def test_machines_compare_list_and_repair(shop: Shop, source: Source, client: Client) -> None:
    from catalog.access import tokens

    def call(method: str, path: str, body: Any = None, scopes: tuple[str, ...] = ("reconciliations:write",)) -> Any:
        _, token = tokens.create(user=shop.user("channelmanager"), name="t", scopes_wanted=scopes)
        how = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}
        return getattr(client, method)(f"/api/v1/reconciliations/{path}", body, **how)

    assert call("post", "", {"source": "erp"}, ("reconciliations:read",)).status_code == 403
    assert call("post", "", {}).status_code == 422
    assert call("post", "", {"source": "none"}).json()["code"] == "unknown_source"
    answer = call("post", "", {"source": "erp"})
    assert (answer.status_code, answer.json()["state"]) == (202, "working")
    pk = answer.json()["id"]
    while work.advance(pk):
        pass
    assert call("get", f"{pk}/").json()["percent"] == 100
    gaps = call("get", f"{pk}/gaps/?hop=written", scopes=("reconciliations:read",)).json()["results"]
    assert {gap["sku"] for gap in gaps} == {"tee-s", "tee-m", "tee-l"}
    assert call("get", f"{pk}/gaps/?hop=nowhere").status_code == 422
    assert call("post", f"{pk}/repair/", {}).status_code == 422
    assert call("post", f"{pk}/repair/", {"ids": [gaps[0]["id"]]}).json() == {"asked": 1}
    assert call("post", f"{pk}/repair/", {"hop": "written"}).json() == {"asked": 2}
    repairs.work_off()
    states = {gap["state"] for gap in call("get", f"{pk}/gaps/").json()["results"]}
    assert states == {"repaired"}
    assert call("post", f"{pk}/stop/").json()["state"] == "done"
    assert call("get", "?source=erp").json()["results"][0]["id"] == pk
