"""Whether a channel grants what publishing needs, and how long its API version lasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from django.db.models import Q
from django.utils import timezone

from channels import connections, subscribed
from channels.connections import ChannelNotReady
from channels.connectors.abilities import ChecksAccess
from channels.connectors.registry import connectors
from channels.models import Channel, ChannelHealth
from channels.rates import Wait

WARN_BEFORE = dt.timedelta(days=90)
CHECK_EVERY = dt.timedelta(days=1)
TRY_AGAIN = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Health:
    """What the channel's page shows. `missing`: {right: what it is for}; `days` until the version's support ends."""

    api_version: str
    sunset: dt.date
    days: int
    checked: ChannelHealth | None
    missing: Mapping[str, str]

    @property
    def ends_soon(self) -> bool:
        return self.days <= WARN_BEFORE.days


def of(channel: Channel) -> Health | None:
    """As far as it is known without asking; None of a kind that tells nothing of it."""
    connector = _checked(channel)
    if connector is None:
        return None
    row = ChannelHealth.objects.filter(channel=channel).first()
    needed = connector.needed_rights(connections.connect(channel))
    granted = connector.implied(frozenset(row.granted)) if row and not row.problem else None
    missing = {right: why for right, why in needed.items() if granted is not None and right not in granted}
    days = (connector.sunset - timezone.now().date()).days
    return Health(connector.api_version, connector.sunset, days, row, missing)


def check(channel: Channel) -> ChannelHealth:
    """Ask the channel what it grants, and keep the answer."""
    connector = _checked(channel)
    assert connector is not None, channel.connector
    granted: frozenset[str] = frozenset()
    problem = ""
    try:
        connection = connections.authorise(channel, connector, connections.connect(channel))
        request = connector.rights_request(connection)
        connections.await_turn(channel, request)
        granted = connector.read_rights(connections.send(channel, request, timeout=connector.deadline))
    except (ChannelNotReady, ValueError) as error:
        problem = str(error)[:500]
    except Wait as wait:
        problem = f"The channel is busy; ask again in {wait.seconds:.0f} seconds."
    values = {"checked_at": timezone.now(), "granted": sorted(granted), "problem": problem}
    row, _ = ChannelHealth.objects.update_or_create(channel=channel, defaults=values)
    subscribed.check(channel)
    return row


def unchecked() -> list[Channel]:
    """Channels that were not asked for a day (without success, for ten minutes), and can be."""
    now = timezone.now()
    answered = Q(problem="", checked_at__gt=now - CHECK_EVERY)
    recent = ChannelHealth.objects.filter(answered | Q(checked_at__gt=now - TRY_AGAIN)).values("channel_id")
    found = Channel.objects.exclude(pk__in=recent).filter(paused=False, placements__isnull=False).distinct()
    return [channel for channel in found if _checked(channel) is not None]


def _checked(channel: Channel) -> ChecksAccess | None:
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return cast(ChecksAccess, connector) if hasattr(connector, "rights_request") else None
