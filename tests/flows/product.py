"""The whole product as its user has it: `manage.py up` in a home of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Command:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Product:
    """One instance. `start` returns when it is ready.

    Where DATABASE_URL names a PostgreSQL server, each instance has a database of its own there.
    """

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    without: str = ""  # a guard of tests/faults/unguarded that this instance lacks
    prepared: Callable[[], Path] | None = None  # a home with the demo in it, to begin with in place of loading it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        dropped = ("PIMHUB_", "CELERY_", "DJANGO_", "DATABASE_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        if self.database:
            kept["DATABASE_URL"] = self.database
        if self.without:
            kept |= {"DJANGO_SETTINGS_MODULE": "tests.faults.unguarded.settings", "PIMHUB_TEST_WITHOUT": self.without}
        return kept | {"PIMHUB_HOME": str(self.home)}

    @cached_property
    def database(self) -> str:
        """The address of the instance's own database, made when it is first asked for; "" is SQLite in its home."""
        server = os.environ.get("DATABASE_URL", "")
        if not server.startswith("postgres"):
            return ""
        name = f"home_{hashlib.sha256(str(self.home).encode()).hexdigest()[:16]}"
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return urlsplit(server)._replace(path=f"/{name}").geturl()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds, read beside the running instance."""
        if self.database:
            with psycopg.connect(self.database) as db:
                return db.execute(sql.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self.home}/pimhub.sqlite3?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql).fetchall()

    def write(self, sql: str) -> None:
        """Change what the database holds beside the running instance."""
        if self.database:
            with psycopg.connect(self.database) as db:
                db.execute(sql.encode())
        else:
            with closing(sqlite3.connect(self.home / "pimhub.sqlite3", timeout=60)) as db, db:
                db.execute(sql)

    def run(self, *arguments: str, timeout: float = 120) -> Command:
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout
        )
        return Command(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, timeout: float = 180) -> float:
        """Start it and wait until it is ready; the seconds it took."""
        if "--demo" in arguments and self.prepared is not None and not self.database and not self.home.exists():
            shutil.copytree(self.prepared(), self.home)
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [PYTHON, "manage.py", "up", "--port", str(self.port), *arguments],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while time.monotonic() - begun < timeout:
            if self.status("/readyz") == 200:
                return time.monotonic() - begun
            if self.process.poll() is not None:
                raise AssertionError(f"it ended: {self.process.stdout.read() if self.process.stdout else ''}")
            time.sleep(0.1)
        raise AssertionError(f"not ready after {timeout} s: {self.logs()}")

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.url + path, timeout=2) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Tell it to end; the seconds it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        return time.monotonic() - begun

    def end(self) -> None:
        """Stop it if it runs, and take its database away; its home is the caller's."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        if self.database:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
                db.execute(f"DROP DATABASE {urlsplit(self.database).path[1:]} WITH (FORCE)".encode())

    def children(self) -> list[int]:
        """Every process whose environment names this home."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if f"PIMHUB_HOME={self.home}".encode() in environment.split(b"\0"):
                found.append(int(folder.name))
        return found

    def workers(self) -> list[int]:
        """The processes of the Celery workers that run now."""
        found = []
        for pid in self.children():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"worker" in words:
                found.append(pid)
        return sorted(found)

    def sandbox(self, name: str, **given: Any) -> Any:
        """GET or POST the sandbox's control plane."""
        port = (self.home / "sandbox/port").read_text().strip()
        body = json.dumps(given).encode() if given else None
        request = urllib.request.Request(f"http://127.0.0.1:{port}/_control/{name}", data=body)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def logs(self) -> str:
        return "\n".join(f"== {p.name}\n{p.read_text()[-2000:]}" for p in sorted((self.home / "logs").glob("*.log")))
