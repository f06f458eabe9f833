"""A shop tells us what changes there only while our app subscribes to it: checked, shown and mended."""

from __future__ import annotations

import time
import zlib

from django.test import Client, override_settings

from channels.models import BulkRun, ChannelHealth, InboundEvent, RemoteLink
from channels.webhooks import inbound
from tests.channels.publishing.shop import Shop
from tests.channels.webhooks.receiver import listening

HELD = "{ webhookSubscriptions(first: 50) { nodes { id topic uri } } }"
MAKE = """mutation($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) { userErrors { message } }
}"""


def client(shop: Shop, user: str = "channelmanager") -> Client:
    found = Client()
    found.force_login(shop.user(user))
    return found


def do(shop: Shop, what: str, user: str = "channelmanager") -> str:
    answer = client(shop, user).post("/channels/shopify/subscriptions/", {"do": what}, follow=True)
    return answer.content.decode()


def held(shop: Shop) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in shop.sandbox.shopify(HELD).json["data"]["webhookSubscriptions"]["nodes"]:
        found.setdefault(node["topic"], []).append(node["uri"])
    return found


@override_settings(PIMHUB_PUBLIC_URL="https://pim.example")
def test_missing_subscriptions_are_named_and_made(shop: Shop) -> None:
    assert "not checked yet" in client(shop).get("/channels/shopify/messages/").content.decode()
    shown = do(shop, "check")
    assert "6 of 6 missing or sent elsewhere" in shown
    assert "APP_UNINSTALLED</span> to stop when our app is removed: missing" in shown
    assert "Repair subscriptions" in client(shop).get("/channels/shopify/calls/").content.decode()
    shown = do(shop, "repair")
    assert "6 subscriptions mended." in shown
    assert "all 6 in place" in shown
    here = ["https://pim.example/hooks/shopify/"]
    topics = ("PRODUCTS_UPDATE", "PRODUCTS_DELETE", "INVENTORY_LEVELS_UPDATE", "INVENTORY_ITEMS_UPDATE")
    assert held(shop) == dict.fromkeys((*topics, "BULK_OPERATIONS_FINISH", "APP_UNINSTALLED"), here)
    assert "0 subscriptions mended." in do(shop, "repair")


def test_a_mis_aimed_subscription_is_aimed_here_and_others_stay(shop: Shop) -> None:
    with override_settings(PIMHUB_PUBLIC_URL="https://old.example"):
        do(shop, "repair")
    shop.sandbox.shopify(MAKE, {"topic": "PRODUCTS_UPDATE", "uri": "https://reports.example/in"})
    with override_settings(PIMHUB_PUBLIC_URL="https://new.example"):
        shown = do(shop, "check")
        assert 'goes to <span class="code">https://old.example/hooks/shopify/</span>' in shown
        assert "all 6 in place" in do(shop, "repair")
    found = held(shop)
    assert sorted(found.pop("PRODUCTS_UPDATE")) == [
        "https://new.example/hooks/shopify/",
        "https://reports.example/in",
    ]
    assert all(addresses == ["https://new.example/hooks/shopify/"] for addresses in found.values())


@override_settings(PIMHUB_PUBLIC_URL="http://pim.example")
def test_what_the_shop_refuses_is_told_in_its_words(shop: Shop) -> None:
    assert "Address protocol http:// is not supported" in do(shop, "repair")
    assert not held(shop)


def test_what_is_subscribed_is_told_and_is_genuine(shop: Shop) -> None:
    with listening() as receiver, override_settings(PIMHUB_PUBLIC_URL=receiver.url):
        do(shop, "repair")
        shop.live()
        shop.settle()
        product = RemoteLink.objects.get(key="product").remote_id
        shop.sandbox.control("edit", channel="shopify", product=product, field="title", value="Edited there")
        until = time.monotonic() + 10
        while not receiver.taken and time.monotonic() < until:
            time.sleep(0.05)
    message = next(each for each in receiver.taken if each.headers["x-shopify-topic"] == "products/update")
    headers = {name: value for name, value in message.headers.items() if name.startswith("x-")}
    answer = Client().post("/hooks/shopify/", message.body, content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    headers["x-shopify-hmac-sha256"] = "AAAA"
    forged = Client().post("/hooks/shopify/", message.body, content_type="application/json", headers=headers)
    assert forged.status_code == 401
    assert InboundEvent.objects.get().topic == "products/update"


def test_the_end_of_a_file_of_calls_is_heard(shop: Shop) -> None:
    run = BulkRun.objects.create(channel=shop.channel(), kind="productSet", state="working", job="gid://x/1")
    BulkRun.objects.update(due_at="2099-01-01T00:00:00Z")
    InboundEvent.objects.create(
        channel=shop.channel(), sender_id="1", topic="bulk_operations/finish", body=zlib.compress(b"{}")
    )
    inbound.work_off()
    run.refresh_from_db()
    assert run.due_at.year < 2099
    assert InboundEvent.objects.get().outcome == "the file of calls is asked for"


@override_settings(PIMHUB_PUBLIC_URL="https://pim.example")
def test_only_who_may_publish_has_them_mended(shop: Shop) -> None:
    answer = client(shop, "merchandiser").post("/channels/shopify/subscriptions/", {"do": "repair"})
    assert answer.status_code == 403
    assert not held(shop)
    assert not ChannelHealth.objects.exists()
