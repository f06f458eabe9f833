"""Messages from channels: believed only when genuine, kept once, worked on once; then the read-back decides."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as connection
from django.db import connections as database
from django.test import Client
from django.utils import timezone

from catalog.models import Product
from channels.models import Channel, InboundEvent, InboundTally, Listing, Placement, RemoteLink
from channels.reconcile.look import look, looks_due
from channels.webhooks import inbound
from governance.models import AuditEntry
from pimhub.foundation import signatures
from tests.channels.publishing import test_amazon as amazon_goods
from tests.channels.publishing.conftest import shop as shop
from tests.channels.publishing.shop import Shop
from tests.channels.webhooks.receiver import listening

NEW, OLD = "new-secret", "old-secret"


@pytest.fixture
def channel(shop: Shop) -> Iterator[Channel]:
    found = shop.channel()
    found.credentials = found.credentials | {"client_secret": NEW, "client_secret_previous": OLD}
    found.save()
    Channel.objects.filter(code="amazon").update(publishes_on_approval=False)
    return found


def shopify(body: Any, *, secret: str = NEW, id: str = "w1", topic: str = "products/update") -> dict[str, Any]:
    raw = json.dumps(body).encode()
    signed = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
    headers = {
        "X-Shopify-Hmac-SHA256": signed,
        "X-Shopify-Webhook-Id": id,
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": "sandbox.myshopify.com",
        "X-Shopify-Triggered-At": "2026-11-22T05:00:00.123456789Z",
    }
    return {"data": raw, "content_type": "application/json", "headers": headers}


def send(message: dict[str, Any], path: str = "/hooks/shopify/") -> int:
    return int(Client().post(path, **message).status_code)


def listen() -> None:
    while inbound.work_off() or looks_due():
        before = list(Placement.objects.values_list("pk", "check_at"))
        look(seconds=20)
        if before == list(Placement.objects.values_list("pk", "check_at")):
            break


def remote_number(code: str = "tee", key: str = "product") -> int:
    link = RemoteLink.objects.get(placement__product__code=code, placement__channel__code="shopify", key=key)
    return int(link.remote_id.rsplit("/", 1)[-1])


def test_five_times_each_shuffled_some_forged_some_with_the_old_secret_is_one_effect_each(
    channel: Channel, shop: Shop
) -> None:
    shop.live()
    shop.live("hat")
    shop.settle()
    numbers = {"tee": remote_number(), "hat": remote_number("hat")}
    chance = random.Random(7)
    good = [
        shopify({"id": numbers[code]}, id=f"{code}-{n}", secret=chance.choice((NEW, OLD)))
        for code in numbers
        for n in range(5)
    ]
    forged = [shopify({"id": numbers["tee"]}, id=f"forged-{n}", secret="guessed") for n in range(10)]
    for message in forged[:5]:  # a genuine message whose body was changed
        message |= {"data": shopify({"id": 1})["data"]}
    calls = [(m, 200) for m in good * 5] + [(m, 401) for m in forged]
    chance.shuffle(calls)
    for message, status in calls:
        assert send(message) == status
    assert InboundEvent.objects.count() == 10
    tally = InboundTally.objects.get()
    assert (tally.kept, tally.repeated, tally.refused) == (10, 40, 10)
    reads = shop.sandbox.control("state")["shopify"]["calls"]
    listen()
    assert not InboundEvent.objects.exclude(state="done").exists()
    after = shop.sandbox.control("state")["shopify"]["calls"]
    assert sum(after.values()) - sum(reads.values()) == 2  # one look at each product, for all its messages
    assert set(shop.states().values()) == {"live"}
    calls_before = after
    for message, status in calls:
        assert send(message) == status
    listen()
    assert shop.sandbox.control("state")["shopify"]["calls"] == calls_before


def test_an_edit_in_the_shop_is_found_as_drift_and_its_end_too(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    gid = f"gid://shopify/Product/{remote_number()}"
    shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Edited there")
    assert send(shopify({"id": remote_number()})) == 200
    assert set(shop.states().values()) == {"live"}  # kept, not yet worked on
    listen()
    assert shop.states()["tee/"] == "drifted"
    shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Tee shirt")
    assert send(shopify({"id": remote_number()}, id="w2")) == 200
    listen()
    assert set(shop.states().values()) == {"live"}


def test_stock_changed_there_is_found_by_its_inventory_item(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    gid = f"gid://shopify/Product/{remote_number()}"
    shop.sandbox.control("edit", channel="shopify", product=gid, field="stock", sku="tee-s", value=99)
    item = {"inventory_item_id": remote_number(key="inventory:tee-s"), "location_id": 1, "available": 99}
    assert send(shopify(item, topic="inventory_levels/update")) == 200
    listen()
    assert shop.states() == {"tee/": "live", "tee/tee-s": "drifted", "tee/tee-m": "live"}


def test_an_echo_of_our_own_call_costs_no_call(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    assert send(shopify({"id": remote_number()})) == 200
    inbound.work_off()
    Listing.objects.update(verified_at=timezone.now())  # it was read back after the message came
    calls = shop.sandbox.control("state")["shopify"]["calls"]
    listen()
    assert shop.sandbox.control("state")["shopify"]["calls"] == calls
    assert not Placement.objects.filter(check_at__isnull=False).exists()


def test_what_cannot_be_read_now_is_looked_at_later(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    send(shopify({"id": remote_number()}))
    inbound.work_off()
    shop.sandbox.control("chaos", channel="shopify", mode="error500", count=None)
    look()
    placement = Placement.objects.get(channel=channel)
    assert placement.check_at is not None
    assert placement.check_at > timezone.now() + dt.timedelta(seconds=15)
    shop.sandbox.control("chaos", channel="shopify", mode="off")
    Placement.objects.update(check_at=timezone.now())
    listen()
    assert not Placement.objects.filter(check_at__isnull=False).exists()
    assert set(shop.states().values()) == {"live"}


def test_a_removed_app_pauses_the_channel(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    relabelled = shopify({"id": remote_number()}, topic="app/uninstalled", id="w0")
    assert send(relabelled) == 200  # topics are not signed: a product's message ends nothing
    listen()
    channel.refresh_from_db()
    assert not channel.paused
    shop.sandbox.control("settings", channel="shopify", webhooks=[])
    assert send(shopify({"id": 1, "myshopify_domain": "x.myshopify.com"}, topic="app/uninstalled")) == 200
    listen()
    channel.refresh_from_db()
    assert channel.paused
    assert "removed from the shop" in channel.pause_reason
    assert AuditEntry.objects.filter(kind="channel.paused", about="channel:shopify").count() == 1
    Placement.objects.update(check_at=timezone.now())
    assert not looks_due()  # nothing is called while it is paused


def test_a_message_that_cannot_be_read_is_kept_and_says_so(channel: Channel, shop: Shop) -> None:
    assert send(shopify(["no object"])) == 200
    assert send(shopify({"id": "x; drop"}, id="w2")) == 200
    listen()
    assert list(InboundEvent.objects.values_list("state", flat=True)) == ["failed", "failed"]
    assert "names no Product" in InboundEvent.objects.first().outcome  # type: ignore[union-attr]


def test_of_an_order_only_its_topic_is_kept(channel: Channel, shop: Shop) -> None:
    order = {"id": 1, "email": "jane@customers.example", "line_items": [{"sku": "tee-s", "quantity": 1}]}
    assert send(shopify(order, topic="orders/create")) == 200
    assert send(shopify(order, topic="orders/create")) == 200
    listen()
    row = InboundEvent.objects.get()
    assert (row.topic, row.raw, row.repeats, row.state) == ("orders/create", b"", 1, "done")
    assert "not kept" in row.outcome


def test_what_is_too_large_or_for_nobody_is_refused(channel: Channel, shop: Shop) -> None:
    assert send(shopify({"x": "y" * inbound.LARGEST})) == 413
    assert send(shopify({"id": 1}), "/hooks/no-such-channel/") == 401
    message = shopify({"id": 1})
    assert send(message | {"headers": {}}) == 401
    assert Client().get("/hooks/shopify/").status_code == 405
    assert not InboundEvent.objects.exists()


def test_another_shops_message_is_none_for_this_channel(channel: Channel, shop: Shop) -> None:
    channel.settings = channel.settings | {"endpoint": "https://ours.myshopify.com"}
    channel.save()
    assert send(shopify({"id": 1})) == 401
    message = shopify({"id": 1})
    message["headers"]["X-Shopify-Shop-Domain"] = "ours.myshopify.com"
    assert send(message) == 200


def test_google_is_believed_by_its_address_and_leads_to_the_offer(channel: Channel, shop: Shop) -> None:
    google = shop.channel("google")
    google.credentials = google.credentials | {"webhook_token": "unguessable"}
    google.save()
    placement = Placement.objects.create(channel=google, product=shop.live())
    address = "accounts/1001/productInputs/en~US~tee-s?dataSource=accounts/1001/dataSources/2001"
    RemoteLink.objects.create(channel=google, placement=placement, key="offer:tee-s", remote_id=address)
    data = {"account": "accounts/1001", "resourceType": "PRODUCT", "resource": "accounts/1001/products/en~US~tee-s"}
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    body = {"message": {"data": packed, "messageId": "g1"}}
    message = {"data": json.dumps(body).encode(), "content_type": "application/json"}
    assert send(message, "/hooks/google/guessed/") == 401
    assert send(message, "/hooks/google/") == 401
    for _ in range(3):
        assert send(message, "/hooks/google/unguessable/") == 200
    inbound.work_off()
    placement.refresh_from_db()
    assert placement.check_at is not None
    assert InboundEvent.objects.get().repeats == 2


def test_a_replaced_secret_counts_until_the_time_that_the_page_shows(shop: Shop, client: Client) -> None:
    channel = shop.channel()
    channel.credentials = channel.credentials | {"client_secret": OLD}
    channel.save()
    client.force_login(shop.user("admin"))
    where = "/channels/shopify/settings/"

    def save(**given: str) -> str:
        boxes = [box for _, found in client.get(where).context["groups"] for box in found]
        held = {box.html_name: box.value() for box in boxes if box.value() not in (None, False)}
        return client.post(where, held | given, follow=True).content.decode()

    assert "The one before counts until" in save(c_client_secret=NEW, c_overlap="6")
    assert [send(shopify({}, secret=s, id=s)) for s in (NEW, OLD, "guessed")] == [200, 200, 401]
    entry = AuditEntry.objects.get(kind="credential.rotated")
    until = dt.datetime.fromisoformat(entry.data["previous_until"])
    assert dt.timedelta(hours=5.9) < until - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=6)
    # Saving something else neither ends nor lengthens it.
    save(label="Shop")
    channel.refresh_from_db()
    assert channel.credentials["client_secret_previous_until"] == entry.data["previous_until"]
    channel.credentials = channel.credentials | {"client_secret_previous_until": "2026-01-01T00:00:00+00:00"}
    channel.save()
    assert [send(shopify({}, secret=s, id=f"{s}-late")) for s in (NEW, OLD)] == [200, 401]
    assert "The one before" not in client.get(where).content.decode()
    assert "is stored" in save(c_client_secret="third", c_overlap="0")
    assert [send(shopify({}, secret=s, id=f"{s}-at-once")) for s in ("third", NEW)] == [200, 401]


def test_a_channel_without_a_way_of_its_own_takes_standard_webhooks(channel: Channel, shop: Shop) -> None:
    shop.live()
    shop.settle()
    secret, old = signatures.new_secret(), signatures.new_secret()
    amazon = shop.channel("amazon")
    amazon.credentials = {"webhook_secret": secret, "webhook_secret_previous": old}
    amazon.connector = "other"
    amazon.save()
    Listing.objects.create(
        placement=Placement.objects.create(channel=amazon, product=Product.objects.get()), sku="tee-s"
    )
    raw = json.dumps({"type": "stock.changed", "data": {"skus": ["tee-s"]}}).encode()
    now = dt.datetime.now(dt.UTC)

    def post(key: str, at: dt.datetime) -> int:
        headers = signatures.headers([signatures.key_of(key)], id="m1", at=at, body=raw)
        return send({"data": raw, "content_type": "application/json", "headers": headers}, "/hooks/amazon/")

    assert post(secret, now - dt.timedelta(minutes=10)) == 401
    assert post(signatures.new_secret(), now) == 401
    assert [post(secret, now), post(old, now)] == [200, 200]
    inbound.work_off()
    assert InboundEvent.objects.get().outcome == "products to be read back: 1"


def test_amazons_queue_is_emptied_and_forgets_only_what_is_kept(channel: Channel, shop: Shop) -> None:
    amazon = shop.channel("amazon")
    amazon.settings = amazon.settings | {"queue": "sandbox"}
    amazon.publishes_on_approval = True
    amazon.save()
    Channel.objects.exclude(code="amazon").update(publishes_on_approval=False)
    shop.sandbox.control("settings", channel="amazon", queue=True)
    amazon_goods.live(shop)
    assert inbound.poll_all() > 0
    assert inbound.poll_all() == 0
    assert shop.sandbox.call("GET", "/amazon/_queue").json == {"messages": []}
    listen()
    assert not InboundEvent.objects.exclude(state="done").exists()


def test_the_sandbox_shop_sends_doubled_shuffled_forged_messages(channel: Channel, shop: Shop) -> None:
    with listening() as between:  # what comes is passed on in this thread, as SQLite has one writer at a time
        place = {"url": f"{between.url}/hooks/shopify/", "secret": OLD}
        mess = {"webhook_copies": 3, "webhook_shuffle": True, "webhook_delay": 0.2, "webhook_forged": 50}
        shop.sandbox.control("settings", channel="shopify", webhooks=[place], **mess)
        shop.live()
        shop.settle()
        gid = f"gid://shopify/Product/{remote_number()}"
        shop.sandbox.control("edit", channel="shopify", product=gid, field="title", value="Edited there")
        shop.sandbox.running.sandbox.teller.close()
    answers = Counter(
        send({"data": got.body, "content_type": "application/json", "headers": got.headers}) for got in between.tried
    )
    listen()
    assert shop.states()["tee/"] == "drifted"
    tally = InboundTally.objects.get()
    assert (answers[200], answers[401]) == (tally.kept + tally.repeated, tally.refused)
    assert tally.repeated == 2 * tally.kept > 0
    assert tally.refused > 0
    assert InboundEvent.objects.count() == tally.kept


def test_a_page_shows_where_messages_come_in_and_what_became_of_them(
    channel: Channel, shop: Shop, client: Client
) -> None:
    send(shopify({"id": 5}))
    send(shopify({"id": 5}))
    send(shopify({"id": 5}, secret="guessed"))
    inbound.work_off()
    client.force_login(shop.user("channelmanager"))
    page = client.get("/channels/shopify/messages/").content.decode()
    assert "/hooks/shopify/" in page
    assert "products/update" in page
    assert "about nothing of ours" in page
    assert "the signature does not fit" in page


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
def test_many_at_once_are_one_row(channel: Channel, shop: Shop) -> None:
    message = shopify({"id": 1})
    answers: list[int] = []

    def post() -> None:
        try:
            answers.append(send(message))
        finally:
            database.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert InboundEvent.objects.get().repeats == 7


def test_old_messages_are_forgotten_unless_they_wait(channel: Channel, shop: Shop) -> None:
    for n in range(3):
        send(shopify({"id": n}, id=f"w{n}"))
    InboundEvent.objects.filter(sender_id="w0").update(state="done")
    InboundEvent.objects.exclude(sender_id="w2").update(received_at=timezone.now() - dt.timedelta(days=31))
    assert inbound.forget_old() == 1
    assert set(InboundEvent.objects.values_list("sender_id", flat=True)) == {"w1", "w2"}
