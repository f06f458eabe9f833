"""What all commands share: a ready database, one JSON object on standard output, and honest exit codes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import User
from catalog.setup import ensure_base


class BadInput(Exception):
    """What was asked cannot be done as asked; exit code 2, the text on standard error."""


class PimhubCommand(BaseCommand):
    """`run` returns what `--json` prints, or yields it a line each; `tell` says the same to people."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        failed = False
        try:
            given = self.run(**options)
            for result in [given] if isinstance(given, dict) else given:
                failed = bool(result.pop("exit_code", 0)) or failed
                if options["json"]:
                    self.stdout.write(orjson.dumps(result, default=str).decode())
                else:
                    self.tell(result)
        except BadInput as error:
            self._end(2, str(error))
        if failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any] | Iterator[dict[str, Any]]:
        raise NotImplementedError

    def tell(self, result: dict[str, Any]) -> None:
        for name, value in result.items():
            if not isinstance(value, list):
                self.stdout.write(f"{name.replace('_', ' ')}: {value}")

    def _end(self, code: int, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(code)


def prepare_database() -> None:
    """Any command works on an empty home: bring the tables and the basic configuration up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        ensure_base()


def user_named(name: str) -> User:
    """Raises BadInput naming the known ones."""
    user = User.objects.filter(username=name).first()
    if user is None:
        known = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:10]) or "none"
        raise BadInput(f"There is no user “{name}”. Known: {known}.")
    return user
