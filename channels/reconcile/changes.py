"""Ask a channel what changed there, and compare just that.

The checkpoint moves on only after what was read is compared and committed: killed at any line, the same changes are
read again, which does no harm.
"""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.utils import timezone

from channels.connections import ChannelNotReady, authorise, await_turn, connect, connector_of, send
from channels.connectors.abilities import Changes, TellsChanges
from channels.connectors.base import Connection, Connector
from channels.connectors.registry import connectors
from channels.models import ChangeCheckpoint, Channel, RemoteLink
from channels.rates import Wait
from channels.reconcile.run import Report, compare_placements

PAUSE = dt.timedelta(minutes=5)
PAGES = 25  # of one turn; the next goes on where this one ended


def channels_to_ask() -> list[Channel]:
    """Channels that tell changes and were not asked for a while."""
    telling = [key for key in connectors.names() if hasattr(connectors.get(key), "changes_request")]
    rested = timezone.now() - PAUSE
    found = Channel.objects.filter(connector__in=telling, paused=False, mapping__isnull=False)
    found = found.filter(placements__isnull=False).distinct()
    return list(found.exclude(checkpoint__asked_at__gt=rested))


def follow(channel: Channel) -> Report:
    """Read what changed since the checkpoint and compare it; the report is that of a reconciliation."""
    report: Report = {"checked": 0, "in_sync": 0, "drifted": [], "missing": [], "unknown": []}
    now = timezone.now()
    checkpoint, _ = ChangeCheckpoint.objects.get_or_create(
        channel=channel, defaults={"since": _text(now), "asked_at": now}
    )
    problem = ""
    try:
        connector = connector_of(channel)
        connection = authorise(channel, connector, connect(channel))
        _read_on(channel, connector, connection, checkpoint, report)
    except (ChannelNotReady, ValueError) as error:
        problem = str(error)[:500]
    except Wait:
        problem = "The channel takes no further call yet."
    ChangeCheckpoint.objects.filter(pk=checkpoint.pk).update(asked_at=timezone.now(), problem=problem)
    return report


def _read_on(
    channel: Channel, connector: Connector, connection: Connection, checkpoint: ChangeCheckpoint, report: Report
) -> None:
    since, token = checkpoint.since, ""
    for _ in range(PAGES):
        page = _page(channel, cast(TellsChanges, connector), connector, connection, since, token)
        unread = len(report["unknown"])
        compare_placements(_placements(channel, cast(TellsChanges, connector), page.ids), report)
        if len(report["unknown"]) > unread:
            return  # something of this page could not be read: it is asked for again
        if page.until > checkpoint.since:
            checkpoint.since = page.until
            checkpoint.save(update_fields=["since"])
        if not page.token:
            return
        token = page.token


def _page(
    channel: Channel, telling: TellsChanges, connector: Connector, connection: Connection, since: str, token: str
) -> Changes:
    request = telling.changes_request(since, token, connection)
    await_turn(channel, request)
    return telling.read_changes(send(channel, request, timeout=connector.deadline), connection)


def _placements(channel: Channel, telling: TellsChanges, ids: tuple[str, ...]) -> list[int]:
    """Those whose items these are; what is not ours on the channel is left alone."""
    links = RemoteLink.objects.filter(channel=channel, key__startswith=telling.changed_link, remote_id__in=ids)
    return sorted({pk for pk in links.values_list("placement_id", flat=True) if pk})


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
