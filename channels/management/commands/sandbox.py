"""`manage.py sandbox [--port N]`: the sandbox channels by themselves, for a hub that runs elsewhere or in parts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels.sandbox.server import serve


class Command(BaseCommand):
    help = "Run the sandbox channels alone. They note their port in PIMHUB_HOME; `up` starts its own. Stop with Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0 takes a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(settings.PIMHUB_HOME, port=options["port"], ready=self._ready)
        except OSError as error:
            raise CommandError(f"The sandbox cannot run on port {options['port']}: {error}", returncode=1) from error

    def _ready(self, port: int) -> None:
        self.stdout.write(f"The sandbox channels: http://127.0.0.1:{port}/")
        self.stdout.flush()
