"""`manage.py export_feed CHANNEL --out FILE`"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from catalog.management.base import BadInput, PimhubCommand
from channels.connections import ChannelNotReady
from channels.feeds.build import NoFeed, write_feed
from channels.management.base import channel_named


class Command(PimhubCommand):
    help = "Write the channel's feed of all approved products to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel")
        parser.add_argument("--out", type=Path, required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        skipped: list[Mapping[str, str]] = []
        try:
            report = write_feed(channel_named(options["channel"]), options["out"], skip=skipped.append)
        except (NoFeed, ChannelNotReady) as error:
            raise BadInput(str(error)) from error
        except OSError as error:
            raise BadInput(f"{options['out']} cannot be written: {error.strerror}.") from error
        return {
            "items": report.items,
            "skipped": skipped,
            "bytes": report.bytes,
            "sha256": report.sha256,
            "seconds": report.seconds,
        }

    def tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['items']} items, {len(result['skipped'])} skipped.")
        for item in result["skipped"]:
            self.stdout.write(f"  {item['sku']}: {item['message']}")
