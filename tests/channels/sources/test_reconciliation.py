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
from channels.reconcile.three import repair, with_channel, with_source
from governance.models import Override
from tests.channels.publishing.shop import Shop

H = Gap.Hop


@pytest.fixture
def source(shop: Shop, settings: Any) -> Source:
    """The sandbox ERP, whose snapshot says 10 of each size of the tee."""
    settings.PIMHUB_ALLOWED_ORIGINS = [shop.sandbox.url]
    shop.live("tee", sizes=("s", "m", "l"))
    for size in "sml":
        body = {"sku": f"tee-{size}", "price": "19.90", "available": 10}
        assert shop.sandbox.call("POST", "/erp/items", json.dumps(body).encode()).status == 200
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    address = f"{shop.sandbox.url}/erp/snapshot/stock.ndjson"
    return Source.objects.create(code="erp", system=system, kind="webhook", delivers="stock", snapshot=address)


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
    count = repair(list(run.gaps.all()), user=shop.user("admin"))
    assert count == 1
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
    assert repair([gap], user=shop.user("admin")) == 1
    assert StockLevel.objects.get(variant__sku="tee-s").available == 10
    assert with_source(source).gaps.count() == 0


def test_a_snapshot_that_cannot_be_had_says_so(shop: Shop, source: Source) -> None:
    Source.objects.update(snapshot=f"{shop.sandbox.url}/erp/nothing")
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
    page = answer.content.decode()
    assert "changed on the channel" in page
    assert "the channel&#x27;s manager" in page
    run = Reconciliation.objects.get()
    gap = run.gaps.get()
    assert (gap.sku, gap.hop) == ("tee-s", H.DRIFTED)
    client.post(f"/reconciliation/{run.pk}/repair/", {"hop": "drifted"})
    gap.refresh_from_db()
    assert (gap.state, gap.repaired_by) == ("repaired", shop.user("channelmanager"))
    shop.settle()
    assert with_channel(shop.channel("shopify")).found == {}
    assert "Shopify" in client.get("/reconciliation/").content.decode()
    client.force_login(shop.user("merchandiser"))
    assert client.get("/reconciliation/").status_code == 403
