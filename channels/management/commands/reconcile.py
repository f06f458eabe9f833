"""`manage.py reconcile CHANNEL`: what the channel really shows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import PimhubCommand
from channels.management.base import channel_named
from channels.reconcile.run import reconcile


class Command(PimhubCommand):
    help = "Read all published products back and compare them with what should be shown. Changes nothing there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel")

    def run(self, **options: Any) -> dict[str, Any]:
        return dict(reconcile(channel_named(options["channel"])))

    def tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['in_sync']} of {result['checked']} listings are in sync.")
        for drift in result["drifted"]:
            self.stdout.write(f"  {drift['sku']}: {drift['key']}: ours {drift['ours']!r}, theirs {drift['theirs']!r}")
        for name in ("missing", "unknown"):
            if result[name]:
                self.stdout.write(f"  {name}: {', '.join(result[name])}")
