"""What import-linter cannot see: the floors of the database, and who may ring or call out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ["catalog", "governance", "channels"]
SOURCES = [p for app in [*FLOORS, "pimhub"] for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]


def test_no_foreign_key_runs_up() -> None:
    for at, floor in enumerate(FLOORS):
        higher = FLOORS[at + 1 :]
        for model in apps.get_app_config(floor).get_models():
            for field in model._meta.get_fields():
                if field.is_relation and field.concrete and field.related_model:
                    assert field.related_model._meta.app_label not in higher, field


def test_no_migration_depends_upwards() -> None:
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app in FLOORS:
            higher = FLOORS[FLOORS.index(app) + 1 :]
            assert not [d for d in migration.dependencies if d[0] in higher], name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_only_tasks_ring(path: Path) -> None:
    """Verbs know no tasks: a listener rings after the commit."""
    if path.name == "tasks.py" or "sandbox" in path.parts or path.relative_to(ROOT).as_posix() == "pimhub/apps.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("delay", "apply_async", "send_task"), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_only_the_ground_calls_out(path: Path) -> None:
    allowed = {"pimhub/foundation/http.py", "pimhub/foundation/guard.py", "pimhub/management/commands/up.py"}
    allowed |= {"pimhub/foundation/requests_session.py"}
    if path.relative_to(ROOT).as_posix() in allowed:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] not in ("httpx2", "httpcore2", "requests"), path
            assert name != "urllib.request", path
