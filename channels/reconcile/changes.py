"""Ask a channel what changed there, and have just that looked at.

The checkpoint moves on together with the marks of what is to be looked at (`look.py`): killed at any line, the same
changes are read again, which does no harm. Reading hundreds of products back here kept a worker for minutes, and prices
waited for it.
"""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.db import transaction
from django.utils import timezone

from channels.connections import ChannelNotReady, authorise, await_turn, connect, connector_of, send
from channels.connectors.abilities import Changes, TellsChanges
from channels.connectors.base import Connection, Connector
from channels.connectors.registry import connectors
from channels.models import ChangeCheckpoint, Channel, RemoteLink
from channels.rates import Wait
from channels.reconcile.look import look_at

PAUSE = dt.timedelta(minutes=5)
PAGES = 25  # of one turn; the next goes on where this one ended


def channels_to_ask() -> list[Channel]:
    """Channels that tell changes and were not asked for a while."""
    telling = [key for key in connectors.names() if hasattr(connectors.get(key), "changes_request")]
    rested = timezone.now() - PAUSE
    found = Channel.objects.filter(connector__in=telling, paused=False, mapping__isnull=False)
    found = found.filter(placements__isnull=False).distinct()
    return list(found.exclude(checkpoint__asked_at__gt=rested))


def follow(channel: Channel) -> int:
    """Have what changed since the checkpoint looked at, as soon as workers come to it; how many products. Nothing when
    it was asked a moment ago, as by another worker."""
    now = timezone.now()
    checkpoint, is_new = ChangeCheckpoint.objects.get_or_create(
        channel=channel, defaults={"since": _text(now), "asked_at": now}
    )
    mine = ChangeCheckpoint.objects.filter(pk=checkpoint.pk, asked_at__lte=now - PAUSE)
    if not is_new and not mine.update(asked_at=now):
        return 0
    problem, count = "", 0
    try:
        connector = connector_of(channel)
        connection = authorise(channel, connector, connect(channel))
        count = _read_on(channel, connector, connection, checkpoint)
    except (ChannelNotReady, ValueError) as error:
        problem = str(error)[:500]
    except Wait:
        problem = "The channel takes no further call yet."
    ChangeCheckpoint.objects.filter(pk=checkpoint.pk).update(problem=problem)
    return count


def _read_on(channel: Channel, connector: Connector, connection: Connection, checkpoint: ChangeCheckpoint) -> int:
    token, count = "", 0
    since = checkpoint.since
    for _ in range(PAGES):
        page = _page(channel, cast(TellsChanges, connector), connector, connection, since, token)
        with transaction.atomic():
            count += look_at(_placements(channel, cast(TellsChanges, connector), page.ids))
            if page.until > checkpoint.since:
                checkpoint.since = page.until
                checkpoint.save(update_fields=["since"])
        if not page.token:
            break
        token = page.token
    return count


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
