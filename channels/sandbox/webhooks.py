"""What the sandbox tells by itself: the shop's webhooks, as unreliable as real ones when told to, and Amazon's queue.

The shop tells the app's webhook subscriptions, signed with its client secret. Settings of `shopify`: `webhooks` is a
list of {"url", "secret"} that get every message besides, whatever they subscribed to. `webhook_copies`
says how often each is sent, `webhook_shuffle` mixes what came together, `webhook_delay` seconds pass before, and of
`webhook_forged` messages in a hundred a forgery is sent as well. Setting of `amazon`: `queue` keeps notifications
until they are fetched.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
import queue
import random
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.settings import settings
from channels.sandbox.shopify.subscriptions import subscribers, took
from channels.sandbox.store import Store
from channels.sandbox.world import CLIENT_SECRET
from pimhub.foundation import http

log = logging.getLogger(__name__)

SHOP = "sandbox.myshopify.com"
TRIES = 3
TOPICS = {
    "product.created": "products/create",
    "product.updated": "products/update",
    "product.deleted": "products/delete",
    "stock.set": "inventory_levels/update",
    "item.updated": "inventory_items/update",
    "bulk.finished": "bulk_operations/finish",
}


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    body: bytes
    id: str
    at: str


class Teller:
    """Sends in a thread of its own, so that a slow receiver holds up no call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.Queue[Message | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._random = random.Random(0)  # noqa: S311 - the same run twice is the same mess

    def tell(self, channel: str, effects: Sequence[str]) -> None:
        """Effects are "product.updated gid://…", as the journal keeps them."""
        if channel == "amazon" and settings(self._store, "amazon")["queue"]:
            for what, _, sku in (effect.partition(" ") for effect in effects):
                if what.startswith("item."):
                    self._enqueue(_status_change(sku))
                elif what == "feed.finished":
                    self._enqueue(_feed_finished(sku))
        listened = settings(self._store, "shopify")["webhooks"] or self._store.count("subscription")
        if channel != "shopify" or not listened:
            return
        for effect in dict.fromkeys(effects):
            what, _, gid = effect.partition(" ")
            if what in TOPICS:
                body = _body(TOPICS[what], gid, self._store.get("bulk", gid) or {})
                self._waiting.put(self._message(TOPICS[what], body))
        self._begin()

    def uninstalled(self) -> None:
        """As if the shop's owner removed our app."""
        self._waiting.put(self._message("app/uninstalled", {"id": 1, "myshopify_domain": SHOP, "domain": SHOP}))
        self._begin()

    def close(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout=5)

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
            self._thread.start()

    def _message(self, topic: str, body: dict[str, Any]) -> Message:
        at = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        return Message(topic, json.dumps(body).encode(), secrets.token_hex(16), at)

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            knobs = settings(self._store, "shopify")
            time.sleep(float(knobs["webhook_delay"]))
            found, over = [first], False
            while not self._waiting.empty():
                more = self._waiting.get()
                over = over or more is None
                found += [more] if more is not None else []
            calls = [(m, place, True) for m in found for place in self._places(m)] * int(knobs["webhook_copies"])
            forged = [(m, p, False) for m, p, _ in calls if self._random.random() * 100 < knobs["webhook_forged"]]
            calls += forged
            if knobs["webhook_shuffle"]:
                self._random.shuffle(calls)
            for message, place, genuine in calls:
                self._send(message, place, genuine=genuine)
            if over:
                return

    def _places(self, message: Message) -> list[dict[str, Any]]:
        """Those who subscribed to its topic, and those who hear everything."""
        found = [
            {"url": each["uri"], "secret": CLIENT_SECRET, "subscription": each["id"]}
            for each in subscribers(self._store, message.topic)
        ]
        if message.topic == "app/uninstalled":  # with the app its subscriptions go
            for each in self._store.all("subscription"):
                self._store.delete("subscription", each["id"])
        return [*found, *settings(self._store, "shopify")["webhooks"]]

    def _send(self, message: Message, place: dict[str, Any], *, genuine: bool) -> None:
        secret = str(place["secret"]) if genuine else secrets.token_hex(16)
        signature = base64.b64encode(hmac.new(secret.encode(), message.body, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": message.topic,
            "X-Shopify-Hmac-SHA256": signature,
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Webhook-Id": message.id if genuine else secrets.token_hex(16),
            "X-Shopify-Triggered-At": message.at,
            "X-Shopify-API-Version": "2026-10",
        }
        request = http.Request("POST", str(place["url"]), headers, message.body)
        parts = urlsplit(request.url)
        for attempt in range(TRIES if genuine else 1):
            answer = http.send(request, timeout=5, allowed_origins=[f"{parts.scheme}://{parts.netloc}"])
            if 200 <= answer.status < 300:
                self._note(place, taken=True)
                return
            time.sleep(0.2 * attempt)
        if genuine:
            self._note(place, taken=False)
            log.warning("webhook %s was not taken: %s %s", message.topic, answer.status, answer.error)

    def _note(self, place: dict[str, Any], *, taken: bool) -> None:
        if "subscription" in place:
            took(self._store, str(place["subscription"]), taken=taken)

    # ---- Amazon's queue --------------------------------------------------------------------------

    def _enqueue(self, body: dict[str, Any]) -> None:
        number = str(self._store.next("notice"))
        self._store.put("notice", number, {"receipt": number, "body": json.dumps(body)})

    def serve_queue(self, call: Call) -> Reply:
        """`GET …/_queue?max=n` shows messages, `POST …/_queue/done` {"receipts"} forgets them."""
        if call.method == "GET" and call.path == "/_queue":
            most = dict(call.query).get("max", "10")
            found = self._store.all("notice")[: int(most) if most.isdigit() else 10]
            return json_reply(200, {"messages": found})
        if call.method == "POST" and call.path == "/_queue/done":
            for receipt in json.loads(call.body)["receipts"]:
                self._store.delete("notice", str(receipt))
            return json_reply(200, {})
        return json_reply(404, {"error": "ask GET /_queue or POST /_queue/done"})


def _body(topic: str, gid: str, bulk: dict[str, Any]) -> dict[str, Any]:
    number = int(gid.rsplit("/", 1)[-1])
    if topic == "bulk_operations/finish":
        told = {"status": bulk["status"].lower(), "error_code": bulk["errorCode"], "type": bulk["type"].lower()}
        return {"admin_graphql_api_id": gid, "completed_at": bulk["completedAt"], **told}
    if topic == "inventory_levels/update":
        return {"inventory_item_id": number, "location_id": 1}
    return {"id": number} | ({} if topic == "products/delete" else {"admin_graphql_api_id": gid})


def _status_change(sku: str) -> dict[str, Any]:
    return {
        "NotificationType": "LISTINGS_ITEM_STATUS_CHANGE",
        "EventTime": dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z"),
        "Payload": {"Sku": sku},
        "NotificationMetadata": {"NotificationId": f"sandbox-{secrets.token_hex(8)}"},
    }


def _feed_finished(id: str) -> dict[str, Any]:
    """This one begins its names with small letters, by Amazon's own schema."""
    return {
        "notificationType": "FEED_PROCESSING_FINISHED",
        "eventTime": dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z"),
        "payload": {"feedProcessingFinishedNotification": {"feedId": id, "feedType": "JSON_LISTINGS_FEED"}},
        "notificationMetadata": {"notificationId": f"sandbox-{secrets.token_hex(8)}"},
    }
