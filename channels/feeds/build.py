"""Build a feed: live revisions only, product by product, into a new immutable file; then switch to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import DomainEvent
from channels.connections import connect, connector_of
from channels.connectors.base import BuildsFeed
from channels.connectors.registry import connectors
from channels.feeds.fragments import fragments_of, text_of
from channels.models import Channel, FeedFile
from channels.models.channel import here
from governance.models import Revision, Standing
from governance.revisions.embargo import in_force_of

CHUNK = 200  # products at once: memory stays flat
MIN_PAUSE = 5.0  # seconds between two builds of one feed


class NoFeed(Exception):
    """The channel has no feed; the text says why."""


@dataclass(slots=True)
class FeedReport:
    items: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)  # {sku, code, message}
    sha256: str = ""
    bytes: int = 0
    seconds: float = 0.0


def write_feed(channel: Channel, path: Path) -> FeedReport:
    """Write the channel's feed to `path`, whole or not at all. Raises NoFeed, ChannelNotReady."""
    connector = connector_of(channel)
    if not hasattr(connector, "feed_item"):
        raise NoFeed(f"{channel.label} has no feed; its connector publishes by calls only.")
    builder = cast(BuildsFeed, connector)
    connection = connect(channel)
    started, report = time.monotonic(), FeedReport()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            sink = _Hashing(file)
            sink.write(builder.feed_header(connection, channel.label, timezone.now()))
            for revisions in _revisions_in_force(channel):
                for fragment in fragments_of(channel, connector, builder, connection, revisions):
                    sink.write(text_of(fragment))
                    report.items += fragment.items
                    report.skipped += fragment.skipped
            sink.write(builder.feed_footer())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    report.sha256, report.bytes = sink.hash.hexdigest(), sink.size
    report.seconds = round(time.monotonic() - started, 3)
    return report


def stale_feeds() -> list[Channel]:
    """Channels whose feed may differ from the file that is served. A large feed is built less often."""
    newest = DomainEvent.objects.filter(number__isnull=False).aggregate(n=Max("number"))["n"] or 0
    stale = []
    for channel in Channel.objects.filter(paused=False, mapping__isnull=False, environment=here()):
        if channel.connector not in connectors or not hasattr(connectors.get(channel.connector), "feed_item"):
            continue
        current = FeedFile.objects.filter(channel=channel, current=True).first()
        if current is None or (current.event < newest and _rested(current)):
            stale.append(channel)
    return stale


def _rested(feed: FeedFile) -> bool:
    pause = max(MIN_PAUSE, 5 * feed.seconds)
    return timezone.now() - feed.created_at > dt.timedelta(seconds=pause)


def refresh_feed(channel: Channel) -> FeedFile:
    """Build the served feed anew: a new file, switched to in one transaction; the last three are kept."""
    newest = DomainEvent.objects.filter(number__isnull=False).aggregate(n=Max("number"))["n"] or 0
    folder: Path = settings.PIMHUB_HOME / "feeds"
    name = f"{channel.code}-{timezone.now():%Y%m%dT%H%M%S%f}.xml"
    report = write_feed(channel, folder / name)
    with transaction.atomic():
        FeedFile.objects.filter(channel=channel, current=True).update(current=False)
        feed = FeedFile.objects.create(
            channel=channel,
            path=name,
            sha256=report.sha256,
            items=report.items,
            skipped=report.skipped,
            bytes=report.bytes,
            seconds=report.seconds,
            event=newest,
            current=True,
        )
    for old in FeedFile.objects.filter(channel=channel).order_by("-pk")[3:]:
        (folder / old.path).unlink(missing_ok=True)
        old.delete()
    return feed


def _revisions_in_force(channel: Channel) -> Iterator[list[Revision]]:
    """What the channel's scope shows of every product, in a stable order, in pieces."""
    last = 0
    while True:
        rows = Standing.objects.filter(live__isnull=False, product_id__gt=last).select_related("live")
        standings = list(rows.order_by("product_id")[:CHUNK])
        if not standings:
            return
        last = standings[-1].product_id
        found = in_force_of(standings, channel.scope)
        yield [found[s.product_id] for s in standings if s.product_id in found]


class _Hashing:
    """Counts and hashes what passes through."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.hash.update(data)
        self.size += len(data)
