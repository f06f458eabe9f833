"""`manage.py up`: web, worker, scheduler and sandbox as one supervised process."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from catalog.demo_people import LOGINS
from catalog.management.base import prepare_database
from catalog.models import Product
from pimhub.foundation.aside import aside
from pimhub.foundation.home import note_address
from pimhub.health import readiness
from pimhub.static import gather
from pimhub.supervisor import Part, Supervisor

# Each worker is one process that shares nothing. In a pool over the filesystem broker, children share a lock, and one
# that is killed while it holds it (by the system, when memory is short) would stop all the others for good.
WORKERS = (("worker", "celery"), ("worker-2", "celery"), ("worker-media", "media"))
WORKER = ["--pool", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]


class Command(BaseCommand):
    help = "Run PIMHub: web, worker, scheduler and sandbox channels. Stops cleanly on Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--demo", action="store_true", help="load the demo data when there are no products")

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        _refuse_taken_port(port)
        started = time.monotonic()
        aside(lambda: self._fill(demo=options["demo"]))
        self._clear_the_way()
        environment = _environment(port)
        note_address(settings.PIMHUB_HOME, environment["PIMHUB_PUBLIC_URL"])
        supervisor = Supervisor(_parts(port), env=environment, log=_log)
        connections.close_all()
        self.stdout.write("Starting…")
        supervisor.run(ready=lambda: self._ready(port, started))
        self.stdout.write("PIMHub has stopped.")

    def _fill(self, *, demo: bool) -> None:
        prepare_database()
        if demo and not Product.objects.exists():
            self.stdout.write("Loading the demo data (once)…")
            call_command("demo", verbosity=0)

    def _clear_the_way(self) -> None:
        """What an earlier run left: rings (the rows are the truth), the sandbox's note, who was alive."""
        for message in (settings.PIMHUB_HOME / "queue/in").glob("*.msg"):
            message.unlink(missing_ok=True)
        (settings.PIMHUB_HOME / "sandbox/port").unlink(missing_ok=True)
        for name in ("worker", "scheduler"):
            cache.delete(f"alive:{name}")
        gather()

    def _ready(self, port: int, started: float) -> bool:
        if not (settings.PIMHUB_HOME / "sandbox/port").exists() or not _answers(port):
            return False
        checks = readiness()
        connections.close_all()
        if not all(checks.values()):
            return False
        seconds = time.monotonic() - started
        self.stdout.write(f"\nPIMHub is ready after {seconds:.0f} s: http://127.0.0.1:{port}/")
        sandbox = (settings.PIMHUB_HOME / "sandbox/port").read_text().strip()
        self.stdout.write(
            f"The sandbox channels: http://127.0.0.1:{sandbox}/, their ERP: http://127.0.0.1:{sandbox}/erp/"
        )
        for login in LOGINS:
            self.stdout.write(f"  {login['role']:<16} {login['name']:<16} {login['password']}")
        self.stdout.write(f"Logs and data: {settings.PIMHUB_HOME}. Stop with Ctrl-C.")
        self.stdout.flush()
        return True


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.stderr.write(
                f"Port {port} cannot be used ({error.strerror}). Choose another: manage.py up --port 8001\n"
            )
            sys.exit(2)


def _parts(port: int) -> list[Part]:
    python = sys.executable
    home = settings.PIMHUB_HOME
    celery = [python, "-m", "celery", "-A", "pimhub"]
    gunicorn = [python, "-m", "gunicorn", "pimhub.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload"]
    return [
        Part("sandbox", [python, "-m", "channels.sandbox", "--home", str(home)]),
        Part("web", [*gunicorn, "--threads", "2", "--graceful-timeout", "3", "--no-control-socket"]),
        *(Part(name, [*celery, "worker", *WORKER, "-n", f"{name}@%h", "-Q", queue]) for name, queue in WORKERS),
        Part("scheduler", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]),
    ]


def _environment(port: int) -> dict[str, str]:
    env = dict(os.environ, PIMHUB_HOME=str(settings.PIMHUB_HOME))
    env.setdefault("DJANGO_SETTINGS_MODULE", "pimhub.settings")
    env.setdefault("PIMHUB_LOG_LEVEL", "INFO")
    env.setdefault(
        "SKIP_CHECKS", "true"
    )  # of Celery's: each worker would load all pages to check what `up` has checked
    env.setdefault("PIMHUB_PUBLIC_URL", f"http://127.0.0.1:{port}")
    env["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), env.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return env


def _log(name: str) -> IO[bytes]:
    folder: Path = settings.PIMHUB_HOME / "logs"
    folder.mkdir(exist_ok=True)
    return (folder / f"{name}.log").open("ab")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
