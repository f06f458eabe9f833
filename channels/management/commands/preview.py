"""`manage.py preview CHANNEL --sku SKU`: what would be sent, byte for byte."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import PimhubCommand
from channels.management.base import channel_named, products_named
from channels.publishing.preview import preview


class Command(PimhubCommand):
    help = "Show preflight and the calls that publishing would make; secrets are redacted, nothing is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel")
        parser.add_argument("--sku", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        channel = channel_named(options["channel"])
        return dict(preview(channel, products_named([options["sku"]])[0]))

    def tell(self, result: dict[str, Any]) -> None:
        for entry in result["preflight"]:
            self.stdout.write(f"{entry['severity']}: {entry['key'] or entry['code']}: {entry['message']}")
        for request in result["requests"]:
            self.stdout.write(f"\n{request['method']} {request['url']}")
            for name, value in request["headers"].items():
                self.stdout.write(f"{name}: {value}")
            self.stdout.write(f"\n{request['body']}")
        if not result["requests"]:
            self.stdout.write("Nothing would be sent." if not result["blocked"] else "Blocked: nothing is sent.")
