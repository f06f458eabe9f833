"""Build a feed: live revisions only, product by product, into a new immutable file; then switch to it."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import DomainEvent
from channels.connections import connect, connector_of
from channels.connectors.abilities import BuildsFeed
from channels.connectors.registry import connectors
from channels.feeds.fragments import fragments_of, text_of
from channels.models import Channel, FeedFile
from channels.models.channel import here
from governance.models import Revision, Standing
from governance.revisions.embargo import in_force_of

CHUNK = 200  # products at once: memory stays flat
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
MIN_PAUSE = 5.0  # seconds between two builds of one feed
Skip = Callable[[Mapping[str, str]], None]  # of an item {sku, code, message}


class NoFeed(Exception):
    """The channel has no feed; the text says why."""


@dataclass(slots=True)
class FeedReport:
    items: int = 0
    skipped: int = 0
    sha256: str = ""
    content: str = ""  # digest of all but the moment in the header
    changed_at: dt.datetime = BEGINNING  # since when the content is this
    bytes: int = 0
    seconds: float = 0.0


def formats_of(channel: Channel) -> list[str]:
    """Extensions of the channel's feeds, its setting `feed_formats`; [] when its kind has none."""
    if channel.connector not in connectors or not hasattr(connectors.get(channel.connector), "feed_item"):
        return []
    known = cast(BuildsFeed, connectors.get(channel.connector)).feed_formats
    return [kind for kind in channel.settings.get("feed_formats") or [next(iter(known))] if kind in known]


def write_feed(channel: Channel, path: Path, kind: str = "", *, skip: Skip | None = None) -> FeedReport:
    """Write the channel's feed to `path`, whole or not at all; the format by its extension, zipped for `.gz`.

    `skip` is told of each item that is left out: there may be as many as there are variants, so none is kept here.
    Raises NoFeed, ChannelNotReady.
    """
    connector = connector_of(channel)
    if not hasattr(connector, "feed_item"):
        raise NoFeed(f"{channel.label} has no feed; its connector publishes by calls only.")
    builder = cast(BuildsFeed, connector)
    zipped = not kind and path.suffix == ".gz"
    kind = kind or kind_of(builder, path)
    connection = connect(channel)
    started, report = time.monotonic(), FeedReport()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            sink = _Hashing(file)
            header = builder.feed_header(connection, channel.label, BEGINNING, kind)
            sink.write(header)
            for revisions in _revisions_in_force(channel):
                for fragment in fragments_of(channel, connector, builder, connection, revisions, kind):
                    sink.write(text_of(fragment))
                    report.items += fragment.items
                    report.skipped += len(fragment.skipped)
                    if skip is not None:
                        for item in fragment.skipped:
                            skip(item)
            sink.write(builder.feed_footer(kind))
            report.content, report.bytes = sink.hash.hexdigest(), sink.size
            report.changed_at = _changed_at(channel, kind, report.content)
            dated = builder.feed_header(connection, channel.label, report.changed_at, kind)
            if len(dated) != len(header):
                raise AssertionError("the header of a feed is as long for every moment")
            file.seek(0)
            file.write(dated)
            file.flush()
            os.fsync(file.fileno())
        if zipped:
            zip_to(draft, draft)
            report.bytes = draft.stat().st_size
        with draft.open("rb") as file:
            report.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    report.seconds = round(time.monotonic() - started, 3)
    return report


def kind_of(builder: BuildsFeed, path: Path) -> str:
    """The format that a file name asks for; the connector's first where the extension names none."""
    asked = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    kind = asked.removeprefix(".").lower()
    return kind if kind in builder.feed_formats else next(iter(builder.feed_formats))


def zip_to(source: Path, target: Path) -> None:
    """The same bytes zip to the same bytes: neither name nor time is written."""
    draft = target.with_name(f"{target.name}.{os.getpid()}.zip")
    try:
        with source.open("rb") as plain, draft.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _changed_at(channel: Channel, kind: str, content: str) -> dt.datetime:
    """Since when the content is this: as the served file says, if it holds the same; now, if it holds another."""
    current = FeedFile.objects.filter(channel=channel, kind=kind, current=True).first()
    if current is not None:
        return current.changed_at if current.content == content and current.changed_at else timezone.now()
    newest = DomainEvent.objects.filter(number__isnull=False).order_by("-number").first()
    return newest.created_at if newest is not None else timezone.now()


def stale_feeds() -> list[Channel]:
    """Channels of which a feed may differ from the file that is served. A large feed is built less often."""
    channels = Channel.objects.filter(paused=False, mapping__isnull=False, environment=here())
    return [channel for channel in channels if stale_formats(channel)]


def stale_formats(channel: Channel) -> list[str]:
    newest = DomainEvent.objects.filter(number__isnull=False).aggregate(n=Max("number"))["n"] or 0
    held = {f.kind: f for f in FeedFile.objects.filter(channel=channel, current=True)}
    return [
        kind for kind in formats_of(channel) if kind not in held or (held[kind].event < newest and _rested(held[kind]))
    ]


def _rested(feed: FeedFile) -> bool:
    pause = max(MIN_PAUSE, 5 * feed.seconds)
    return timezone.now() - feed.created_at > dt.timedelta(seconds=pause)


def refresh_feed(channel: Channel, kind: str = "") -> FeedFile:
    """Build a served feed anew: a new file, switched to in one transaction; the last three are kept.

    A build that comes to the same content changes nothing but the moment of the build.
    """
    kind = kind or next(iter(formats_of(channel)), "xml")
    newest = DomainEvent.objects.filter(number__isnull=False).aggregate(n=Max("number"))["n"] or 0
    folder: Path = settings.PIMHUB_HOME / "feeds"
    name = f"{channel.code}-{timezone.now():%Y%m%dT%H%M%S%f}.{kind}"
    report = write_feed(channel, folder / name, kind)
    held = FeedFile.objects.filter(channel=channel, kind=kind)
    same = held.filter(current=True, content=report.content).first()
    if same is not None and (folder / same.path).exists():
        (folder / name).unlink()
        now = {"event": newest, "skipped": report.skipped, "seconds": report.seconds, "created_at": timezone.now()}
        held.filter(pk=same.pk).update(**now)
        same.refresh_from_db()
        return same
    with transaction.atomic():
        held.filter(current=True).update(current=False)
        feed = FeedFile.objects.create(
            channel=channel,
            kind=kind,
            path=name,
            sha256=report.sha256,
            content=report.content,
            changed_at=report.changed_at,
            items=report.items,
            skipped=report.skipped,
            bytes=report.bytes,
            seconds=report.seconds,
            event=newest,
            current=True,
        )
    for old in held.order_by("-pk")[3:]:
        for path in (folder / old.path, folder / f"{old.path}.gz"):
            path.unlink(missing_ok=True)
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
