"""A backup of a running instance, restored elsewhere: everything is there, and nothing calls out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

FILL = """
from catalog.media import storage
from catalog.models import MediaAsset
from channels.demo.shop import ensure_channels
from channels.models import Channel, Placement
from django.conf import settings
import hashlib
from tests.world import build_world
world = build_world()
ensure_channels()
world.approve(world.product())
data = b"not quite a picture"
sha256 = hashlib.sha256(data).hexdigest()
storage.put(settings.MEDIA_ROOT, data, sha256=sha256, extension=".jpg")
MediaAsset.objects.create(sha256=sha256, extension=".jpg", state="ready")
Placement.objects.create(channel=Channel.objects.get(code="shopify"), product=world.product("hat"))
"""
WRITE = """
from catalog.models import User
from tests.world import World
world = World({"mara": User.objects.get(username="mara")})
print("writing", flush=True)
for n in range(100_000):
    world.product(f"p{n}")
    world.change(f"p{n}", values={"brand": f"Bolt {n}"})
"""
# Every product is whole: what stands of it fits its rows.
LOOK = """
import json
from catalog.models import MediaAsset, Product
from channels.connections import ChannelNotReady, authorise, connect, connector_of
from channels.models import Channel, Placement
from channels.publishing.dispatch import anything_due, dispatch
from channels.publishing.request import publish
from django.conf import settings
from governance.models import Standing
from governance.revisions.pending import pending
from governance.revisions.read import read
for standing in Standing.objects.select_related("product", "live"):
    pending(standing)
tee = Standing.objects.select_related("live").get(product__code="tee")
channel = Channel.objects.get(code="shopify")
publish(channel=channel, products=[tee.product])
dispatch(seconds=1)
try:
    authorise(channel, connector_of(channel), connect(channel))
    word = "called"
except ChannelNotReady as error:
    word = error.code
asset = MediaAsset.objects.get(state="ready")
print(json.dumps({
    "products": Product.objects.count(),
    "name": read(tee.live).values["name@en_US"],
    "paused": list(Channel.objects.values_list("paused", flat=True)),
    "elsewhere": channel.is_elsewhere,
    "word": word,
    "calls": channel.placements.filter(publications__isnull=False).count(),
    "token": channel.credentials["access_token"],
    "picture": (settings.MEDIA_ROOT / asset.sha256[:2] / asset.sha256[2:4] / f"{asset.sha256}.jpg").read_text(),
}))
"""
RESUME = """
from catalog.change_sets import acting
from catalog.models import User
from channels import pausing
from channels.models import Channel
from governance.audit.chain import seal_all
from governance.models import AuditEntry
import json
with acting(user=User.objects.get(username="chiara"), source="page"):
    channel = pausing.resume(Channel.objects.get(code="shopify"))
seal_all()
print(json.dumps({
    "elsewhere": channel.is_elsewhere,
    "others": list(Channel.objects.exclude(pk=channel.pk).values_list("paused", flat=True)),
    "kinds": sorted(set(AuditEntry.objects.values_list("kind", flat=True))),
}))
"""


@dataclass
class Instance:
    home: Path
    database: str  # "" for SQLite in its home

    def arguments(self, *arguments: str) -> dict[str, Any]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIMHUB_", "DJANGO_", "DATABASE_"))}
        env = kept | {"PIMHUB_HOME": str(self.home), "PYTHONPATH": str(settings.BASE_DIR)}
        env |= {"DATABASE_URL": self.database} if self.database else {}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
        return {"args": command, "env": env, "cwd": settings.BASE_DIR, "text": True}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(**self.arguments(*arguments), capture_output=True, timeout=240, check=False)

    def told(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture
def instances(tmp_path: Path, django_db_blocker: Any) -> Iterator[list[Instance]]:
    """Two, each with a home and a database of its own; the second is empty."""
    names = ["pimhub_first", "pimhub_second"] if connection.vendor == "postgresql" else ["", ""]
    with django_db_blocker.unblock():
        _databases(names, "DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}")
        yield [Instance(tmp_path / f"home-{n}", _address(name)) for n, name in enumerate(names)]
        _databases(names, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _databases(names: list[str], *statements: str) -> None:
    for name in filter(None, names):
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement.format(name))


def _address(name: str) -> str:
    held = connection.settings_dict
    if not name:
        return ""
    host = str(held["HOST"]).replace("/", "%2F")
    return f"postgres://{held['USER']}:{held['PASSWORD']}@{host}:{held['PORT'] or 5432}/{name}"


@pytest.mark.timeout(900)
def test_a_running_instance_comes_back_elsewhere_and_calls_nobody(instances: list[Instance], tmp_path: Path) -> None:
    first, second = instances
    assert first.run("demo", "--empty").returncode == 0
    assert first.run("shell", "-c", FILL).returncode == 0
    folder = tmp_path / "backup"
    with subprocess.Popen(**first.arguments("shell", "-c", WRITE), stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        try:
            while "writing" not in writer.stdout.readline():
                assert writer.poll() is None
            made = first.told("backup", str(folder), "--json")
        finally:
            writer.kill()
    assert (made["missing"], made["keys_elsewhere"]) == ([], [])
    assert folder.stat().st_mode & 0o077 == 0  # it holds the keys
    again = first.run("backup", str(folder))
    assert (again.returncode, "not empty" in again.stderr) == (2, True)

    [picture] = [path for path in (folder / "media").rglob("*") if path.is_file()]
    good = picture.read_bytes()
    picture.write_bytes(good + b"!")
    refused = second.run("restore", str(folder))
    assert (refused.returncode, "changed or damaged" in refused.stderr) == (2, True), refused.stderr
    assert not [path for path in (second.home / "media").rglob("*") if path.is_file()]
    picture.write_bytes(good)

    restored = second.told("restore", str(folder), "--json")
    assert restored["channels_paused"] == ["shopify", "amazon", "google"]
    occupied = second.run("restore", str(folder))
    assert (occupied.returncode, "in use" in occupied.stderr) == (2, True), occupied.stderr
    found = second.told("shell", "-c", LOOK)
    assert found["products"] >= 2
    assert {key: found[key] for key in ("name", "paused", "elsewhere", "word", "calls", "picture")} == {
        "name": "Tee shirt",
        "paused": [True, True, True],
        "elsewhere": True,
        "word": "elsewhere",
        "calls": 0,
        "picture": "not quite a picture",
    }
    assert found["token"]  # the keys came along
    audit = second.told("verify_audit", "--json")
    assert not audit.get("problems"), audit
    resumed = second.told("shell", "-c", RESUME)
    assert (resumed["elsewhere"], resumed["others"]) == (False, [True, True])
    assert {"restore", "channel.resumed"} <= set(resumed["kinds"])


@pytest.mark.timeout(300)
def test_what_is_no_backup_is_refused(instances: list[Instance], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    refused = instances[1].run("restore", str(tmp_path / "other"))
    assert (refused.returncode, "it is no backup" in refused.stderr) == (2, True), refused.stderr
    vendor = connection.vendor
    manifest = {"format": 1, "version": "9", "database": vendor, "migrations": [], "files": {"../evil": {}}}
    (tmp_path / "other/manifest.json").write_text(json.dumps(manifest))
    refused = instances[1].run("restore", str(tmp_path / "other"))
    assert (refused.returncode, "no place in an instance" in refused.stderr) == (2, True), refused.stderr
    manifest |= {"files": {}, "migrations": ["catalog.9999_of_tomorrow"]}
    (tmp_path / "other/manifest.json").write_text(json.dumps(manifest))
    refused = instances[1].run("restore", str(tmp_path / "other"))
    assert (refused.returncode, "Update first" in refused.stderr) == (2, True), refused.stderr
