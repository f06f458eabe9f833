"""Is it alive, and is it ready? For load balancers and for `up`."""

from __future__ import annotations

import socket

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from pimhub.foundation import heartbeat


@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """The web process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 only with database, tables, worker, scheduler and (when this instance runs one) sandbox."""
    checks = readiness()
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def readiness() -> dict[str, bool]:
    """Each part by name, and whether it is there."""
    if not _database():
        return {"database": False}
    checks = {"database": True, "worker": heartbeat.is_alive("worker"), "scheduler": heartbeat.is_alive("scheduler")}
    if (settings.PIMHUB_HOME / "sandbox/port").exists():
        checks["sandbox"] = _sandbox()
    return checks


def _database() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _sandbox() -> bool:
    try:
        port = int((settings.PIMHUB_HOME / "sandbox/port").read_text())
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except (OSError, ValueError):
        return False
