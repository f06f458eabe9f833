"""What comes by itself: files in a folder, an address on schedule, signed calls."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog import tasks
from catalog.models import Delivery, ExternalSystem, Heard, Product, Reject, Source, StockLevel
from catalog.sources.collect import inbox
from catalog.sources.figures import figures
from catalog.sources.work import turn
from pimhub.foundation import signatures
from tests.world import World

S = Delivery.State


def source(**given: Any) -> Source:
    system, _ = ExternalSystem.objects.get_or_create(code="erp", defaults={"label": "ERP"})
    about: dict[str, Any] = {"code": "s", "system": system, "kind": "folder", "delivers": "stock"}
    return Source.objects.create(**(about | given))


def put(row: Source, name: str, text: str | bytes) -> None:
    folder = inbox(row)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (time.time() - 60, time.time() - 60))


def look(row: Source) -> list[Delivery]:
    Source.objects.filter(pk=row.pk).update(next_at=None)
    tasks.fetch_source(row.pk)
    while turn():
        pass
    return list(row.deliveries.order_by("id"))


def stock() -> dict[str, int]:
    return dict(StockLevel.objects.values_list("variant__sku", "available"))


def test_a_file_in_the_folder_is_worked_through_and_taken_away(world: World, settings: Any) -> None:
    world.product("tee", sizes=("s", "m"))
    row = source(
        format="csv",
        columns={"sku": "Item no.", "available": "On hand"},
        constants={"location": "main"},
        decimal_comma=True,
    )
    put(
        row,
        "a.csv",
        'Item no.;"On hand";Note\r\ntee-s;7;"two\r\nlines"\r\ntee-m;"1.200,0";\r\nnone;1;\r\ntee-s;2,5;\r\n',
    )
    (found,) = look(row)
    assert (found.state, found.line) == (S.DONE, 4)
    assert found.counts == {"updated": 2, "rejected": 2}
    assert [(e["line"], e["sku"], e["code"]) for e in found.first_errors] == [
        (3, "none", "unknown_sku"),
        (4, "tee-s", "fractional_stock"),
    ]
    assert stock() == {"tee-s": 7, "tee-m": 1200}
    assert list(inbox(row).iterdir()) == [inbox(row) / ".work"]
    assert list((inbox(row) / ".work").iterdir()) == []
    assert StockLevel.objects.get(variant__sku="tee-s").source == "erp"
    assert Reject.objects.count() == 2


def test_the_same_file_again_is_known_by_its_content(world: World) -> None:
    world.product("tee", sizes=("s",))
    row = source(constants={"location": "main"})
    line = json.dumps({"sku": "tee-s", "available": 9})
    put(row, "a.ndjson", line)
    look(row)
    put(row, "b.ndjson", line)
    assert [d.state for d in look(row)] == [S.DONE, S.SAME]
    assert Heard.objects.get().taken == 1


def test_a_killed_slice_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from catalog.sources import work

    world.product("tee", sizes=("s", "m", "l"))
    monkeypatch.setattr(work, "BATCH", 2)
    row = source()
    lines = [{"sku": f"tee-{s}", "location": "main", "available": n} for n, s in enumerate("smlsm", 1)]
    put(row, "a.ndjson", "\n".join(map(json.dumps, lines)))
    taken, calls = work.take, []

    def dying(*given: Any, **how: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return taken(*given, **how)

    monkeypatch.setattr(work, "take", dying)
    (found,) = look(row)
    assert (found.state, found.line, found.failures) == (S.WORKING, 2, 1)
    Delivery.objects.update(wait_until=timezone.now())
    (found,) = look(row)
    assert (found.state, sum(found.counts.values())) == (S.DONE, 5)
    assert stock() == {"tee-s": 4, "tee-m": 5, "tee-l": 3}


def test_a_file_that_cannot_be_read_says_why(world: World) -> None:
    row = source(format="csv", columns={"sku": "Item"})
    put(row, "a.csv", "Artikel;Menge\nx;1\n")
    (found,) = look(row)
    assert found.state == S.FAILED
    assert "no column “Item”" in found.problem


def test_items_come_the_same_way(world: World) -> None:
    row = source(delivers="item")
    line = {"code": "cap", "family": "default", "values": {"name@en_US": "Cap"}, "variants": [{"sku": "cap-1"}]}
    put(row, "items.ndjson", json.dumps(line) + "\n" + json.dumps({"code": "hat", "family": "none"}) + "\n{")
    (found,) = look(row)
    assert found.counts == {"updated": 1, "rejected": 2}
    assert Product.objects.get().code == "cap"


# ---- by address ----------------------------------------------------------------------------------


class Shelf(http.server.BaseHTTPRequestHandler):
    body = b""
    asked: list[str] = []

    def do_GET(self) -> None:  # noqa: N802 # as the library names it
        tag = f'"{hash(self.body)}"'
        Shelf.asked.append(self.headers.get("Authorization", ""))
        same = self.headers.get("If-None-Match") == tag
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", "0" if same else str(len(self.body)))
        self.end_headers()
        if not same:
            self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def shelf(settings: Any) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    settings.PIMHUB_ALLOWED_ORIGINS = [origin]
    yield f"{origin}/stock.ndjson"
    server.shutdown()


def test_an_address_is_fetched_with_its_key_and_asked_for_news_only(world: World, shelf: str) -> None:
    world.product("tee", sizes=("s",))
    row = source(kind="https", address=shelf)
    row.credentials = {"authorization": "Bearer key"}
    row.save()
    assert "key" not in row.credentials_encrypted
    Shelf.body, Shelf.asked = b'{"sku": "tee-s", "location": "main", "available": 4}', []
    assert [d.state for d in look(row)] == [S.DONE]
    row.refresh_from_db()
    assert [d.state for d in look(row)] == [S.DONE]  # 304: nothing came
    assert Shelf.asked == ["Bearer key"] * 2
    assert stock() == {"tee-s": 4}
    assert figures(row).late is False
    Source.objects.update(address=shelf.replace("127.0.0.1", "localhost"))
    look(row)
    row.refresh_from_db()
    assert row.problem


# ---- signed calls --------------------------------------------------------------------------------


def call(secret: str, body: bytes, *, message: str = "msg_1", at: int | None = None, path: str = "s") -> Any:
    stamp = at if at is not None else int(time.time())
    headers = {
        "webhook-id": message,
        "webhook-timestamp": str(stamp),
        "webhook-signature": "v1,bm9uZQ== " + signatures.sign(signatures.key_of(secret), message, stamp, body),
    }
    return Client().post(f"/hooks/sources/{path}/", body, content_type="application/x-ndjson", headers=headers)


def test_a_signed_call_is_taken_once(world: World) -> None:
    world.product("tee", sizes=("s",))
    row, secret = source(kind="webhook"), signatures.new_secret()
    row.credentials = {"secret": secret}
    row.save()
    body = b'{"sku": "tee-s", "location": "main", "available": 3, "sequence": 8}'
    assert call(secret, body).status_code == 202
    assert call(secret, body).status_code == 202
    assert [d.state for d in look(row)] == [S.DONE]
    assert stock() == {"tee-s": 3}
    for refused in (
        call(signatures.new_secret(), body, message="msg_2"),
        call(secret, body, message="msg_2", at=int(time.time()) - 900),
        Client().post("/hooks/sources/s/", body, content_type="application/x-ndjson"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
    assert call(secret, body, path="other").status_code == 404
    assert Delivery.objects.count() == 1


# ---- pages ---------------------------------------------------------------------------------------


def test_a_source_is_set_up_on_its_page_and_its_secrets_stay_hidden(world: World, client: Client) -> None:
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    client.force_login(world.people["ada"])
    given = {"code": "wms", "system": system.pk, "kind": "webhook", "delivers": "stock", "format": "ndjson"}
    given |= {"every_minutes": 5, "expected_minutes": 60, "enabled": "on", "authorization": "Bearer very-hidden"}
    answer = client.post("/sources/new/", given, follow=True)
    assert answer.status_code == 200, answer.content
    assert "whsec_" in answer.content.decode()
    page = client.get("/sources/wms/").content.decode()
    assert "whsec_" not in page
    assert "very-hidden" not in page
    assert "/hooks/sources/wms/" in page
    assert "wms" in client.get("/sources/").content.decode()
    assert client.post("/sources/new/", given | {"code": "x", "kind": "https"}).status_code == 422
    client.force_login(world.people["rafael"])
    assert client.get("/sources/").status_code == 403


def test_rejects_are_mended_on_their_page(world: World, client: Client) -> None:
    row = source(constants={"location": "main"})
    put(row, "a.ndjson", '{"sku": "tee-s", "available": 9}\n{"sku": "cap-1", "available": 1}')
    look(row)
    world.product("tee", sizes=("s",))
    client.force_login(world.people["mara"])
    page = client.get("/sources/rejects/?code=unknown_sku").content.decode()
    assert "There is no SKU “tee-s”" in page
    answer = client.post("/sources/rejects/", {"code": "unknown_sku", "do": "retry"}, follow=True)
    assert "1 taken, 0 overtaken, 1 refused again." in answer.content.decode()
    assert stock() == {"tee-s": 9}
    left = Reject.objects.get(state="open")
    client.post("/sources/rejects/", {"id": [left.pk], "do": "drop"})
    left.refresh_from_db()
    assert (left.state, left.closed_by) == ("dropped", world.people["mara"])
