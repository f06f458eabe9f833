"""Items a second that one worker brings to Amazon and Google, each beside bare HTTP calls with the same bodies.

The sandbox runs as a process of its own and enforces Amazon's published rates and Google's quota. "of limit" compares
with what the limit allows in the same time; a throttled call is one that the channel refused as too fast.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.catalogue import approved_catalogue
from benchmarks.measure import Table, own_instance, peak_megabytes
from catalog import blobs, events
from catalog.models import Product
from channels.connectors.amazon import rates as amazon_rates
from channels.connectors.google import rates as google_rates
from channels.models import BulkRun, Channel, Listing, MappingVersion, Placement, Publication
from channels.publishing.dispatch import dispatch
from channels.publishing.request import publish
from channels.sandbox.world import TOKEN

DONE = ("live", "blocked", "rejected")
LONGEST = 900.0


def run(say: Callable[[str], None], *, products: int = 30) -> Table:
    table = Table("publishing", say)
    with own_instance() as home:
        approved_catalogue(home, products)
        Channel.objects.update(publishes_on_approval=False)
        _dress()
        with _sandbox(home) as sandbox:
            half = products // 2
            rows = list(Product.objects.order_by("pk"))
            _amazon(table, sandbox, rows[:half], "Amazon, one by one", bulk_from=0)
            _amazon(table, sandbox, rows[half:], "Amazon, as a feed", bulk_from=1)
            _google(table, sandbox, rows)
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


def _dress() -> None:
    """Everything is a shirt from Portugal, so that Amazon takes it."""
    channel = Channel.objects.select_related("mapping").get(code="amazon")
    assert channel.mapping is not None
    rules = {**channel.mapping.rules, "product_type": {"const": "SHIRT"}, "country_of_origin": {"const": "PT"}}
    channel.mapping = MappingVersion.objects.create(channel=channel, number=2, rules=rules)
    channel.save()


class _Sandbox:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, name: str, **given: Any) -> Any:
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = json.dumps(given).encode() if given else None
        call.request("POST" if given else "GET", f"/_control/{name}", body, {"Content-Type": "application/json"})
        return json.loads(call.getresponse().read())

    def throttled(self, channel: str) -> int:
        return sum(c["channel"] == channel and c["status"] == 429 for c in self.ask("calls"))

    def bare(self, calls: list[tuple[str, str, bytes]], headers: dict[str, str]) -> float:
        """Calls a second over one connection, without limits, records or checks of ours."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        begun = time.perf_counter()
        for method, address, body in calls:
            connection.request(method, address, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        return len(calls) / (time.perf_counter() - begun)


@contextmanager
def _sandbox(home: Path) -> Iterator[_Sandbox]:
    (home / "sandbox" / "port").unlink(missing_ok=True)
    command = [sys.executable, "-m", "channels.sandbox", "--port", "0", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        note = home / "sandbox" / "port"
        while not note.exists():
            time.sleep(0.05)
        time.sleep(0.5)
        found = _Sandbox(int(note.read_text()))
        for channel in ("amazon", "google"):
            found.ask("settings", channel=channel, visible_after=0)
        found.ask("settings", channel="amazon", feed_after=0)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=10)


def _published(channel: Channel, products: list[Product]) -> tuple[float, float, list[Publication]]:
    """Seconds until all was accepted and until all was live, and the calls."""
    last = Publication.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    begun = time.time()
    publish(channel=channel, products=products)
    rows = Listing.objects.filter(placement__channel=channel, placement__product__in=products)
    while time.time() - begun < LONGEST:
        events.derive()
        dispatch(seconds=5)
        open_ = BulkRun.objects.exclude(state__in=("done", "unsent")).exists()
        if not open_ and rows.exists() and not rows.exclude(state__in=DONE).exists():
            break
        time.sleep(0.02)
    else:
        raise AssertionError(list(Placement.objects.exclude(problem="").values_list("problem", flat=True)[:3]))
    calls = list(Publication.objects.filter(pk__gt=last, verdict="accepted").order_by("pk"))
    assert calls, list(Placement.objects.values_list("problem", flat=True)[:3])
    ends = [each.finished_at.timestamp() for each in calls if each.finished_at]
    return max(ends) - begun, time.time() - begun, calls


def _amazon(table: Table, sandbox: _Sandbox, products: list[Product], name: str, *, bulk_from: int) -> None:
    channel = Channel.objects.select_related("mapping").get(code="amazon")
    channel.settings = {**channel.settings, "bulk_from": bulk_from}
    channel.save()
    sandbox.ask("settings", channel="amazon", bucket=True)
    before = sandbox.throttled("amazon")
    accepted, live, calls = _published(channel, products)
    refused = sandbox.throttled("amazon") - before
    sandbox.ask("settings", channel="amazon", bucket=False)
    bodies = [blobs.get(each.request) for each in calls]
    given = [(b["method"], "/amazon" + _path(b["url"], "/amazon"), str(b["body"]).encode()) for b in bodies]
    floor = sandbox.bare(given, {"x-amz-access-token": TOKEN})
    _, rate, burst = amazon_rates._ITEM["PUT"]
    table.add(
        name,
        items=len(calls),
        items_per_second=len(calls) / accepted,
        live_per_second=len(calls) / live,
        of_limit=round(len(calls) / (burst + rate * accepted), 3),
        of_bare=round(len(calls) / accepted / floor, 4),
        bare_calls_per_second=floor,
        throttled=refused,
    )


def _google(table: Table, sandbox: _Sandbox, products: list[Product]) -> None:
    channel = Channel.objects.select_related("mapping").get(code="google")
    per_minute = int(google_rates.PER_SECOND * 60)
    sandbox.ask("settings", channel="google", requests_per_minute=per_minute)
    before = sandbox.throttled("google")
    accepted, live, calls = _published(channel, products)
    refused = sandbox.throttled("google") - before
    sandbox.ask("settings", channel="google", requests_per_minute=None)
    bodies = [blobs.get(each.request) for each in calls]
    given = [(b["method"], "/google" + _path(b["url"], "/google"), str(b["body"]).encode()) for b in bodies]
    floor = sandbox.bare(given, {"Authorization": f"Bearer {TOKEN}"})
    table.add(
        "Google, inserts",
        items=len(calls),
        items_per_second=len(calls) / accepted,
        live_per_second=len(calls) / live,
        of_limit=round(len(calls) / (google_rates.BURST + google_rates.PER_SECOND * accepted), 3),
        of_bare=round(len(calls) / accepted / floor, 4),
        bare_calls_per_second=floor,
        throttled=refused,
    )


def _path(url: str, prefix: str) -> str:
    parts = urlsplit(url)
    return parts.path.removeprefix(prefix) + (f"?{parts.query}" if parts.query else "")
