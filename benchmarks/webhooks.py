"""Messages of a channel to a whole running instance at fifty a second: how long it takes to answer, what it keeps and
what becomes of each.

Each message comes five times, all of them shuffled; as many again as one in ten are forged, and a third are signed with
the secret of before. The baseline is a page that does nothing, asked at the same pace.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from benchmarks import whole
from benchmarks.measure import Table

NEW, OLD, FORGED = "new-secret", "old-secret", "guessed"
A_SECOND, SENDERS, COPIES = 50, 16, 5
LONGEST = 300.0  # until all that was kept is worked on
SECRETS = f"""
from channels.models import Channel
channel = Channel.objects.get(code="shopify")
channel.credentials = channel.credentials | {{"client_secret": "{NEW}", "client_secret_previous": "{OLD}"}}
channel.save()
"""


@dataclass(frozen=True, slots=True)
class Message:
    path: str
    body: bytes = b""
    id: str = ""
    signed: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-Shopify-Hmac-SHA256": self.signed,
            "X-Shopify-Webhook-Id": self.id,
            "X-Shopify-Topic": "products/update",
            "X-Shopify-Shop-Domain": "sandbox.myshopify.com",
            "X-Shopify-Triggered-At": "2026-11-22T05:00:00.123456789Z",
        }


def run(say: Callable[[str], None], *, products: int = 200) -> Table:
    """A message for each of so many products."""
    table = Table("webhooks", say)
    with whole.whole_instance() as product:
        whole.command(product, "shell", "-c", SECRETS)
        product.start()
        messages = _messages(products)
        bare = _send(product.port, [Message("/livez")] * len(messages))
        table.add("a page that does nothing, at the same pace", **_figures(bare))
        answered = _send(product.port, messages)
        table.add(f"messages, {A_SECOND} a second", **_figures(answered))
        begun = time.monotonic()
        forged = sum(message.id.startswith("forged") for message in messages)
        statuses = Counter(status for status, _ in answered)
        if statuses != {200: len(messages) - forged, 401: forged}:
            raise RuntimeError(f"{forged} of {len(messages)} messages were forged, and the answers were {statuses}")
        waits = "SELECT count(*) FROM channels_inboundevent WHERE state = 'waiting'"
        while product.rows(waits)[0][0] and time.monotonic() - begun < LONGEST:
            time.sleep(0.2)
        states = dict(product.rows("SELECT state, count(*) FROM channels_inboundevent GROUP BY state"))
        if sum(states.values()) != products:
            raise RuntimeError(f"{sum(states.values())} rows for {products} messages: {states}")
        seconds = time.monotonic() - begun
        table.add("kept, one row each", **states, refused_without_a_row=forged, worked_on_after_s=seconds)
    return table


def _messages(products: int) -> list[Message]:
    luck = random.Random(6)  # noqa: S311 (no secret)
    good = [_message(f"m{n}", n, OLD if luck.random() < 1 / 3 else NEW) for n in range(products)] * COPIES
    found = good + [_message(f"forged{n}", n, FORGED) for n in range(max(len(good) // 10, 1))]
    luck.shuffle(found)
    return found


def _message(id: str, number: int, secret: str) -> Message:
    body = json.dumps({"id": number, "title": f"Product {number}"}).encode()
    signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return Message("/hooks/shopify/", body, id, signed)


def _send(port: int, messages: list[Message]) -> list[tuple[int, float]]:
    """(status, seconds) of each; they leave at an even pace, whether or not earlier ones were answered."""
    waiting: SimpleQueue[tuple[float, Message] | None] = SimpleQueue()
    found: list[tuple[int, float]] = []

    def sender() -> None:
        while (given := waiting.get()) is not None:
            due, message = given
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("POST" if message.body else "GET", message.path, message.body, message.headers)
                status = connection.getresponse().status
            except OSError:
                status = 0
            finally:
                connection.close()
            # From when it should have left: waiting for a sender counts too.
            found.append((status, time.monotonic() - due))

    threads = [threading.Thread(target=sender) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    for number, message in enumerate(messages):
        due = begun + number / A_SECOND
        time.sleep(max(due - time.monotonic(), 0))
        waiting.put((due, message))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    return found


def _figures(answered: list[tuple[int, float]]) -> dict[str, float]:
    ordered = sorted(seconds * 1000 for _, seconds in answered)
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    return {"calls": len(ordered)} | {k: round(ordered[int(len(ordered) * share)], 1) for k, share in at.items()}
