"""Pictures by address are rows in a queue of their own, and a host that is down costs little."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from catalog.media import ingest
from catalog.models import MediaAsset, MediaHost
from tests.catalog.media.pictures import photo, saved

PICTURE = saved(photo(), "JPEG")
S = MediaAsset.State


class Shop(BaseHTTPRequestHandler):
    down = False
    hits: Counter[str] = Counter()

    def do_GET(self) -> None:
        Shop.hits[self.path] += 1
        body = b"" if self.down else PICTURE
        self.send_response(503 if self.down else 404 if self.path == "/gone.jpg" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def shop(settings: SettingsWrapper) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Shop.down, Shop.hits = False, Counter()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    settings.PIMHUB_ALLOWED_ORIGINS = [origin]
    yield origin
    server.shutdown()
    server.server_close()


def queued(*urls: str) -> None:
    for url in urls:
        MediaAsset.objects.create(
            source_url=url, url_digest=url[-60:], host=url.split("/")[2].split(":")[0], fetch_at=timezone.now()
        )


def test_what_is_due_is_fetched_once(db: None, shop: str) -> None:
    queued(*(f"{shop}/{n}.jpg" for n in range(20)), f"{shop}/gone.jpg")
    assert not ingest.fetch_due()
    assert set(MediaAsset.objects.exclude(source_url__endswith="gone.jpg").values_list("state", flat=True)) == {S.READY}
    gone = MediaAsset.objects.get(source_url__endswith="gone.jpg")
    assert (gone.state, gone.fetch_at) == (S.FAILED, None)
    assert "no picture at this address" in gone.problem
    assert set(Shop.hits.values()) == {1}
    assert not ingest.fetch_due()
    assert sum(Shop.hits.values()) == 21


def test_a_host_that_is_down_is_left_alone_and_asked_again_later(db: None, shop: str) -> None:
    Shop.down = True
    queued(*(f"{shop}/{n}.jpg" for n in range(30)))
    assert not ingest.fetch_due()
    assert sum(Shop.hits.values()) <= ingest.PER_HOST  # not thirty
    host = MediaHost.objects.get()
    assert host.closed_until is not None
    assert host.closed_until > timezone.now()

    MediaHost.objects.update(closed_until=timezone.now())  # a minute passes
    before = sum(Shop.hits.values())
    assert not ingest.fetch_due()
    assert sum(Shop.hits.values()) == before + 1  # one picture asks for all

    Shop.down = False
    MediaHost.objects.update(closed_until=timezone.now())
    MediaAsset.objects.update(fetch_at=timezone.now())
    assert not ingest.fetch_due()
    assert set(MediaAsset.objects.values_list("state", flat=True)) == {S.READY}


def test_another_host_does_not_wait_for_the_one_that_is_down(db: None, shop: str) -> None:
    queued(f"{shop}/1.jpg", "http://other.example/2.jpg")
    MediaHost.objects.create(name="other.example", failures=9, closed_until=timezone.now() + dt.timedelta(minutes=5))
    assert not ingest.fetch_due()
    assert MediaAsset.objects.get(source_url__endswith="1.jpg").state == S.READY
    assert MediaAsset.objects.get(source_url__endswith="2.jpg").state == S.EXTERNAL


def test_a_person_may_ask_again(db: None, shop: str) -> None:
    queued(f"{shop}/1.jpg")
    MediaAsset.objects.update(state=S.FAILED, attempts=5, fetch_at=None, problem="It was down.")
    assert not ingest.fetch_due()
    assert ingest.retry(MediaAsset.objects.all()) == 1
    ingest.fetch_due()
    assert MediaAsset.objects.get().state == S.READY
