"""A day of trade over three channels: whatever comes late, doubled or shuffled, the shelves end as the ERP's books."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from catalog import blobs, events
from catalog.models import ExternalSystem, Source, StockLevel
from catalog.sources.collect import REMOTE, collect, due
from catalog.sources.work import turn
from channels.models import Channel, Listing, Publication, StockRule
from channels.publishing import shelf
from channels.reconcile import look as looking
from channels.sandbox.erp.books import history
from channels.sandbox.shoppers import on_shelf
from channels.sandbox.store import Store
from channels.sandbox.world import CLIENT_SECRET
from channels.webhooks import inbound
from tests.channels.publishing import test_amazon as goods
from tests.channels.publishing.shop import Shop
from tests.channels.sources.test_reconciliation import with_source
from tests.channels.webhooks.receiver import Receiver, listening

CODES = ("tee", "hat", "sock")
STOCKED = {"tee-s": 40, "tee-m": 3, "hat-s": 25, "hat-m": 1, "sock-s": 12, "sock-m": 60}
CAP, BUFFER = 8, 2
HEADERS = re.compile(r"x-shopify|content-type", re.IGNORECASE)
NOT_OURS = re.compile(r"order(?!ing)|customer|buyer|shopper|basket|cart|invoice|shipment", re.IGNORECASE)


@dataclass
class Day:
    """The hub beside its sandboxes; `hub` is whatever its workers would do meanwhile."""

    shop: Shop
    between: Receiver
    seed: str
    kept: list[Any] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.shop.sandbox.running.sandbox.store

    def post(self, path: str, **given: Any) -> Any:
        answer = self.shop.sandbox.call("POST", f"/erp/{path}", json.dumps(given).encode())
        assert answer.status == 200, answer.body
        return answer.json

    def overhear(self, order: dict[str, Any]) -> None:
        """The shop tells the hub of the order too, as shops do whose owner ticked one box too many."""
        raw = json.dumps(order).encode()
        signature = base64.b64encode(hmac.new(CLIENT_SECRET.encode(), raw, hashlib.sha256).digest()).decode()
        headers = {
            "X-Shopify-Hmac-SHA256": signature,
            "X-Shopify-Webhook-Id": order["id"],
            "X-Shopify-Topic": "orders/create",
        }
        answer = Client().post("/hooks/shopify/", data=raw, content_type="application/json", headers=headers)
        assert answer.status_code == 200

    def hub(self, rng: random.Random, *, everything: bool = False) -> None:
        """What the shops told arrives late and again, sources are asked, and workers have a slice each."""
        waiting = self.between.tried[len(self.kept) :]
        self.kept += waiting
        late = [got for got in waiting if rng.random() < 0.5] if not everything else []
        for got in rng.sample(self.kept, k=min(3, len(self.kept))) + [g for g in waiting if g not in late]:
            headers = {name: value for name, value in got.headers.items() if HEADERS.match(name)}
            answer = Client().post("/hooks/shopify/", data=got.body, content_type="application/json", headers=headers)
            assert answer.status_code == 200
        Source.objects.update(next_at=None)
        for source in due(*REMOTE):
            collect(source)
        while turn():
            pass
        events.derive()
        inbound.poll_all()
        while inbound.work_off():
            pass
        self.shop.settle(seconds=60)
        looking.look(seconds=20)
        shelf.put_right()
        self.shop.settle(seconds=60)


@pytest.fixture
def opened(shop: Shop, settings: Any) -> Iterator[Receiver]:
    """Three channels, each with its own rule of stock, that listen to their shops; and the ERP as the source."""
    settings.PIMHUB_ALLOWED_ORIGINS = [shop.sandbox.url]
    Channel.objects.update(publishes_on_approval=True, policy={"stock_settles_minutes": 0})
    amazon = shop.channel("amazon")
    amazon.settings = amazon.settings | {"queue": "sandbox"}
    amazon.save()
    StockRule.objects.create(channel=shop.channel("shopify"), cap=CAP)
    StockRule.objects.create(channel=amazon, buffer=BUFFER)
    with listening() as between:
        place = {"url": f"{between.url}/hooks/shopify/", "secret": CLIENT_SECRET}
        mess = {"webhook_copies": 2, "webhook_shuffle": True}
        shop.sandbox.control("settings", channel="shopify", webhooks=[place], **mess)
        shop.sandbox.control("settings", channel="amazon", queue=True, visible_after=0)
        shop.sandbox.control("settings", channel="google", visible_after=0)
        system = ExternalSystem.objects.create(code="erp", label="ERP")
        for kind, delivers in (("stock", "stock"), ("offers", "offer")):
            Source.objects.create(
                code=kind,
                system=system,
                kind="https",
                delivers=delivers,
                address=f"{shop.sandbox.url}/erp/{kind}.ndjson",
                snapshot=f"{shop.sandbox.url}/erp/snapshot/stock.ndjson" if kind == "stock" else "",
            )
        for code in CODES:
            goods.live(shop, code=code)
        yield between


def ruled(channel: str, units: int) -> int:
    """What a channel shows of so many units: said here once more, without the code under test."""
    if channel == "shopify":
        return min(units, CAP)
    if channel == "amazon":
        return max(units - BUFFER, 0)
    return 1 if units > 0 else 0


def written(day: Day) -> Iterator[tuple[str, str, int]]:
    """Every figure of stock that we sent to a channel that counts, in the order of sending: (channel, SKU, units)."""
    items = {item["id"]: item["sku"] for item in day.store.all("item")}
    for call in Publication.objects.select_related("placement__channel").order_by("pk"):
        body = json.loads(blobs.get(call.request)["body"])
        if call.operation == "inventorySetQuantities":
            for row in body["variables"]["input"]["quantities"]:
                yield "shopify", items[row["inventoryItemId"]], row["quantity"]
        elif call.operation == "patchListingsItem":
            for patch in body["patches"]:
                if patch["path"].endswith("fulfillment_availability"):
                    (sku,) = call.carries
                    yield "amazon", sku, patch["value"][0]["quantity"]


@pytest.mark.parametrize("seed", ["1", *(pytest.param(str(n), marks=pytest.mark.long) for n in range(2, 8))])
@pytest.mark.timeout(300)
def test_after_a_hundred_orders_every_shelf_is_as_the_books(opened: Receiver, shop: Shop, seed: str) -> None:
    day, rng = Day(shop, opened, seed), random.Random(seed)
    for sku, units in STOCKED.items():
        day.post("items", sku=sku, price="19.90", available=units)
    day.hub(rng)
    orders = []
    for number in range(1, 101):
        orders.append(day.post("trade/order", seed=seed, number=number))
        day.overhear(orders[-1])
        day.post("trade/post", seed=seed, number=number)
        if rng.random() < 0.12:
            day.hub(rng)
    day.post("trade/post", seed=seed, number=101, all="1")
    Source.objects.filter(code="stock").update(address=f"{shop.sandbox.url}/erp/stock.ndjson?all=1")
    Source.objects.filter(code="offers").update(address=f"{shop.sandbox.url}/erp/offers.ndjson?all=1")
    for _ in range(3):
        for channel in Channel.objects.all():
            looking.look_soon(channel)
        day.hub(rng, everything=True)

    books = {item["sku"]: item["available"] for item in day.store.all("erp_item")}
    bought = [order for order in orders if order["lines"]]
    assert {order["kind"] for order in bought} == {order["kind"] for order in orders}
    assert {order["channel"] for order in bought} == {"shopify", "amazon", "google"}
    # 1. Every shelf is as the books by its channel's rule, and the hub holds what the ERP does.
    for channel in ("shopify", "amazon", "google"):
        shown = {sku: on_shelf(day.store, channel, sku) for sku in books}
        assert shown == {sku: ruled(channel, units) for sku, units in books.items()}, channel
    assert dict(StockLevel.objects.values_list("variant__sku", "available")) == books
    assert with_source(Source.objects.get(code="stock")).found == {}
    assert set(Listing.objects.values_list("state", flat=True)) == {"live"}
    # 2. Nothing was taken twice: what came in is there, or in somebody's parcel.
    allocated = dict.fromkeys(books, 0)
    for order in day.store.all("erp_order"):
        for sku, units in order["allocated"].items():
            placed = order["moved"]["placed"][sku]
            back = sum(order["moved"].get(kind, {}).get(sku, 0) for kind in ("cancelled", "returned"))
            assert 0 <= units <= placed - back
            allocated[sku] += units
    came = {sku: STOCKED[sku] for sku in books}
    for sku in books:
        figures = history(day.store, sku)
        assert min(figures) >= 0
    delivered = {item["sku"]: item["units"] for item in day.store.all("erp_delivery")}
    for sku in books:
        assert books[sku] == came[sku] + delivered.get(sku, 0) - allocated[sku], sku
    # 3. Each figure that we sent was one of the ERP's, and none came after a newer one.
    said = {sku: history(day.store, sku) for sku in books}
    at: dict[tuple[str, str], int] = {}
    calls = list(written(day))
    assert len(calls) > 30
    for channel, sku, units in calls:
        if channel == "amazon" and sku not in said:
            continue
        start = at.get((channel, sku), 0)
        later = [n for n, figure in enumerate(said[sku]) if n >= start and ruled(channel, figure) == units]
        assert later, f"{channel} was sent {units} of {sku}, which the ERP did not say after {said[sku][start]}"
        at[channel, sku] = later[0]
    # 4. Of orders and customers nothing is kept here.
    assert [m.__name__ for m in apps.get_models() if NOT_OURS.search(m.__name__)] == []
    for model in apps.get_models():
        for row in model._base_manager.values():
            packed = [zlib.decompress(bytes(v)) for v in row.values() if isinstance(v, bytes | memoryview) and v]
            text = f"{row} {packed}"
            assert "customers.example" not in text, model
            assert "Shopper" not in text, model
