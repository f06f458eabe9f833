"""`manage.py publish CHANNEL [--sku …] [--wait]`"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from catalog import events
from catalog.management.base import PimhubCommand
from catalog.models import Product
from channels.management.base import channel_named, products_named
from channels.models import Channel, Listing, Placement, Publication
from channels.publishing.request import publish_by_hand
from governance.models import Standing
from pimhub.foundation import heartbeat

S = Listing.State
COUNTED = (S.LIVE, S.ACCEPTED, S.REJECTED, S.BLOCKED, S.FAILED)
PENDING = (S.QUEUED, S.ACCEPTED)


class Command(PimhubCommand):
    help = "Make the channel show what is approved. With --wait, until nothing is pending."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel")
        parser.add_argument("--sku", nargs="+", action="extend", default=[])
        parser.add_argument(
            "--over-drift",
            action="store_true",
            help="also send ours over what the channel shows otherwise; of --sku it always is",
        )
        parser.add_argument("--wait", action="store_true")
        parser.add_argument("--timeout", type=float, default=600, help="seconds to wait at most")

    def run(self, **options: Any) -> dict[str, Any]:
        started = time.monotonic()
        channel = channel_named(options["channel"])
        events.derive()
        ids = [p.pk for p in products_named(options["sku"])] or list(
            Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True)
        )
        before = Publication.objects.filter(placement__channel=channel).order_by("-pk").values_list("pk", flat=True)
        last = before.first() or 0
        over = options["over_drift"] or bool(options["sku"])
        _, left = publish_by_hand(channel=channel, products=Product.objects.filter(pk__in=ids), over_drift=over)
        for code, why in left.items():
            self.stderr.write(f"{code} was left out. {why}")
        failed = not _worker_alive(seconds=30 if options["wait"] else 10)
        if failed:
            self.stderr.write("No worker is running, so nothing was sent. Start PIMHub with `make run`.")
        elif options["wait"]:
            failed = not _wait(channel, ids, until=started + options["timeout"])
            if failed:
                self.stderr.write("Not everything was settled in time; publishing goes on by itself.")
        result = _count(channel, ids, last)
        result["seconds"] = round(time.monotonic() - started, 3)
        if failed:
            result["exit_code"] = 1
        return result


def _worker_alive(*, seconds: float) -> bool:
    """A worker that just starts (again) needs a moment to say so."""
    until = time.monotonic() + seconds
    while not heartbeat.is_alive("worker"):
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def _wait(channel: Channel, ids: list[int], *, until: float) -> bool:
    """Until every placement was looked at and nothing is on its way; False when time is up."""
    while time.monotonic() < until:
        placements = Placement.objects.filter(channel=channel, product_id__in=ids)
        listings = Listing.objects.filter(placement__in=placements)
        untouched = placements.filter(listings__isnull=True).exists()
        leased = placements.exclude(lease_token="").exists()  # noqa: S106 (no password: a free lease)
        # A placement that is due at once has not been looked at since we asked.
        asked = placements.filter(due_at__isnull=False, attempts=0, due_at__lte=timezone.now()).exists()
        if not (untouched or leased or asked or listings.filter(state__in=PENDING).exists()):
            return True
        time.sleep(0.2)
    return False


def _count(channel: Channel, ids: list[int], last: int) -> dict[str, Any]:
    listings = Listing.objects.filter(placement__channel=channel, placement__product_id__in=ids)
    states = list(listings.values_list("state", flat=True))
    called = Publication.objects.filter(placement__channel=channel, pk__gt=last).values("placement_id", "carries")
    touched = {(p["placement_id"], row) for p in called for row in p["carries"]}
    rows = set(listings.values_list("placement_id", "sku"))
    counts: dict[str, Any] = {"listings": len(states)}
    counts |= {str(state): states.count(state) for state in COUNTED}
    counts |= {"pending": states.count(S.QUEUED), "drifted": states.count(S.DRIFTED)}
    counts["unchanged"] = len(rows - touched)
    return counts
