"""Files from an SFTP server: whole, once, in order, and only from a server whose key a person confirmed."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from django.test import Client
from django.utils import timezone

from catalog import tasks
from catalog.models import Delivery, ExternalSystem, Source, StockLevel
from catalog.sources import sftp
from catalog.sources.work import turn
from pimhub.foundation.sftp import fingerprint, read_private_key
from tests.catalog.sources.sftp_server import Sftp, private_key, sftp_server
from tests.world import World

D = Delivery.State


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[Sftp]:
    (tmp_path / "out").mkdir()
    with sftp_server(tmp_path) as found:
        settings.PIMHUB_ALLOWED_ORIGINS = [found.origin]
        yield found


@pytest.fixture
def row(server: Sftp, world: World) -> Source:
    """A source whose server is confirmed; the tee's sizes s and m are on sale."""
    world.product("tee", sizes=("s", "m"))
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    made = Source(code="wms", system=system, kind="sftp", delivers="stock", address=f"{server.origin}/out")
    made.username, made.constants, made.credentials = "pim", {"location": "main"}, {"password": "right"}
    made.host_key = f"{server.host.get_name()} {server.host.get_base64()}"
    made.full_clean(exclude=["marks"])
    made.save()
    return made


def put(server: Sftp, name: str, units: int, *, ago: float = 60, sku: str = "tee-s") -> Path:
    path = server.root / "out" / name
    path.write_text(json.dumps({"sku": sku, "available": units}))
    os.utime(path, (time.time() - ago, time.time() - ago))
    return path


def look(row: Source, *, times: int = 1) -> list[Delivery]:
    """Have workers look so often, with the pause between two looks over; what came so far."""
    for _ in range(times):
        Source.objects.filter(pk=row.pk).update(next_at=None)
        tasks.fetch_source(row.pk)
        row.refresh_from_db()
        marks = {n: m | {"at": m["at"] - 60} if "at" in m else m for n, m in row.marks.items()}
        Source.objects.filter(pk=row.pk).update(marks=marks)
    while turn():
        pass
    row.refresh_from_db()
    return list(row.deliveries.order_by("id"))


def stock() -> dict[str, int]:
    return dict(StockLevel.objects.values_list("variant__sku", "available"))


def test_files_are_taken_whole_in_order_and_archived(row: Source, server: Sftp) -> None:
    put(server, "b.ndjson", 1, ago=90)
    put(server, "a.ndjson", 2, ago=60)
    put(server, "c.ndjson.part", 9)
    put(server, ".hidden", 9)
    assert look(row) == []  # seen for the first time: somebody may still write them
    assert row.next_at is not None
    assert row.next_at < timezone.now() + dt.timedelta(seconds=20)
    assert [(d.name, d.state) for d in look(row)] == [("b.ndjson", D.DONE), ("a.ndjson", D.DONE)]
    assert stock()["tee-s"] == 2
    assert row.problem == ""
    assert row.last_seen is not None
    assert sorted(p.name for p in (server.root / "out").iterdir()) == [".hidden", "archive", "c.ndjson.part"]
    archived = sorted(p.name for p in (server.root / "out" / "archive").iterdir())
    assert [name.partition("-")[2] for name in archived] == ["b.ndjson", "a.ndjson"]


def test_a_file_that_still_grows_is_left_alone(row: Source, server: Sftp) -> None:
    path = put(server, "a.ndjson", 1)
    look(row)
    path.write_text(path.read_text() + "\n" + json.dumps({"sku": "tee-m", "available": 5}))
    assert look(row) == []
    assert [d.line for d in look(row)] == [2]
    assert stock() == {"tee-s": 1, "tee-m": 5}


def test_what_cannot_be_moved_is_not_taken_twice(row: Source, server: Sftp) -> None:
    put(server, "a.ndjson", 1, ago=90)
    server.read_only = True
    assert len(look(row, times=2)) == 1
    assert "does not permit" in row.problem
    put(server, "b.ndjson", 2)
    server.read_only = False
    assert [d.name for d in look(row, times=2)] == ["a.ndjson", "b.ndjson"]
    assert stock()["tee-s"] == 2
    assert [p.name for p in (server.root / "out").iterdir()] == ["archive"]


def test_what_is_left_there_is_remembered_until_it_changes(row: Source, server: Sftp) -> None:
    Source.objects.update(afterwards="leave", pattern="stock-*")
    put(server, "stock-1.ndjson", 1)
    put(server, "other.ndjson", 9)
    assert len(look(row, times=4)) == 1
    put(server, "stock-1.ndjson", 23, ago=10)
    assert len(look(row, times=2)) == 2
    assert stock()["tee-s"] == 23


def test_a_worker_that_dies_before_the_file_is_moved_takes_nothing_twice(
    row: Source, server: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, "a.ndjson", 1, ago=90)
    put(server, "b.ndjson", 2)
    away = sftp._put_away

    def dying(*given: Any) -> None:
        monkeypatch.setattr(sftp, "_put_away", away)
        raise RuntimeError("killed")

    monkeypatch.setattr(sftp, "_put_away", dying)
    look(row)
    with pytest.raises(RuntimeError):
        look(row)
    assert [d.name for d in look(row, times=2)] == ["a.ndjson", "b.ndjson"]
    assert stock()["tee-s"] == 2


def test_a_broken_connection_goes_on_where_it_was(row: Source, server: Sftp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pimhub.foundation.sftp.AT_ONCE", 1)
    line = json.dumps({"sku": "tee-s", "available": 8, "at": "2026-01-01T00:00:00Z"}) + "\n"
    path = put(server, "big.ndjson", 1)
    path.write_text(line * 9000)
    size = path.stat().st_size
    look(row)
    server.cut_after = size // 2
    assert look(row) == []
    assert row.problem
    first, server.cut_after, server.served = server.served, 0, 0
    (found,) = look(row)
    assert (found.size, found.line) == (size, 9000)
    assert server.served < size
    assert first > 0


# ---- whom we tell a password -----------------------------------------------------------------------


def test_no_password_is_told_before_a_person_confirmed_the_key(row: Source, server: Sftp, world: World) -> None:
    Source.objects.update(host_key="")
    put(server, "a.ndjson", 1)
    look(row, times=2)
    assert server.signed_in == []
    shown = fingerprint(row.shown_key)
    client = Client()
    client.force_login(world.people["ada"])
    page = client.get("/sources/wms/").content.decode()
    assert shown in page
    answer = client.post("/sources/wms/confirm/", {"key": row.shown_key}, follow=True)
    assert "The key is confirmed" in answer.content.decode()
    assert len(look(row, times=2)) == 1
    assert set(server.signed_in) == {"pim:right"}


def test_another_key_ends_it_until_it_is_confirmed(row: Source, server: Sftp, world: World) -> None:
    server.host = paramiko.RSAKey.generate(2048)
    put(server, "a.ndjson", 1)
    look(row, times=2)
    assert server.signed_in == []
    assert "another key" in row.problem
    with pytest.raises(ValueError, match="another key meanwhile"):
        sftp.confirm(row, "ssh-ed25519 AAAA")
    sftp.confirm(row, row.shown_key)
    assert len(look(row, times=2)) == 1


@pytest.mark.parametrize("passphrase", ["", "let me in"])
def test_a_key_signs_in(row: Source, server: Sftp, passphrase: str) -> None:
    text = private_key(passphrase)
    server.public = read_private_key(text, passphrase)
    row.credentials = {"private_key": text, "passphrase": passphrase}
    row.save()
    assert "PRIVATE" not in row.credentials_encrypted
    put(server, "a.ndjson", 1)
    assert len(look(row, times=2)) == 1
    assert set(server.signed_in) == {"pim:ssh-ed25519"}


def test_what_goes_wrong_is_said_on_the_source(row: Source, server: Sftp, settings: Any) -> None:
    def problem(**about: Any) -> str:
        Source.objects.filter(pk=row.pk).update(**about)
        look(row)
        return str(row.problem)

    assert "no folder “/nowhere”" in problem(address=f"{server.origin}/nowhere")
    row.credentials = {"password": "wrong"}
    row.save()
    assert "does not accept the name" in problem(address=f"{server.origin}/out")
    row.credentials = {"private_key": "-----BEGIN NONSENSE-----"}
    row.save()
    assert "private key cannot be read" in problem()
    settings.PIMHUB_ALLOWED_ORIGINS = []
    assert f"Port {server.port} is not 22" in problem()
    assert "not on the open internet" in problem(address="sftp://127.0.0.1/out")
    assert "cannot be resolved" in problem(address="sftp://nowhere.invalid/out")
    assert row.deliveries.count() == 0
