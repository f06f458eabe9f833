"""Whether a channel sends us the messages that we need: missing and mis-aimed subscriptions, and mending them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from channels import connections
from channels.connections import ChannelNotReady, connector_of
from channels.connectors.registry import connectors
from channels.connectors.subscriptions import KeepsSubscriptions, Subscribed
from channels.models import Channel, ChannelHealth
from channels.rates import Wait
from pimhub.foundation import audit


@dataclass(frozen=True, slots=True)
class Missing:
    """A topic whose messages do not come here. `address`: where they go in place of here; "" = nowhere."""

    topic: str
    why: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """As the channel said last. `needed` of `missing` topics; `asked` is false before it was ever asked."""

    asked: bool
    problem: str
    needed: int
    missing: Sequence[Missing]


def of(channel: Channel) -> Subscriptions | None:
    """As far as it is known without asking; None of a kind that keeps none."""
    connector = keeper(channel)
    if connector is None:
        return None
    needed = connector.needed_topics(connections.connect(channel))
    row = ChannelHealth.objects.filter(channel=channel).first()
    held = [Subscribed(**each) for each in (row.subscriptions if row else None) or ()]
    asked = row is not None and row.subscriptions is not None
    missing = _missing(channel, needed, held) if asked else []
    return Subscriptions(asked, row.subscriptions_problem if row else "", len(needed), missing)


def keeper(channel: Channel) -> KeepsSubscriptions | None:
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return cast(KeepsSubscriptions, connector) if hasattr(connector, "subscriptions_request") else None


def address(channel: Channel) -> str:
    """Where its messages come in."""
    return f"{settings.PIMHUB_PUBLIC_URL}{reverse('hook', kwargs={'code': channel.code})}"


def check(channel: Channel) -> str:
    """Ask the channel which messages it sends, and keep the answer; what stood in the way."""
    connector = keeper(channel)
    if connector is None:
        return ""
    found: list[dict[str, str]] | None = None
    problem = ""
    try:
        found = [_as_json(each) for each in _held(channel, connector)]
    except (ChannelNotReady, ValueError) as error:
        problem = str(error)[:500]
    except Wait as wait:
        problem = f"The channel is busy; ask again in {wait.seconds:.0f} seconds."
    values = {"subscriptions": found, "subscriptions_problem": problem}
    ChannelHealth.objects.update_or_create(
        channel=channel, defaults=values, create_defaults={"checked_at": timezone.now(), **values}
    )
    return problem


def repair(channel: Channel) -> int:
    """Have the channel send what is missing, and here; how many were mended. What another system of ours gets stays.

    Raises ValueError with the channel's words, ChannelNotReady and Wait.
    """
    connector = keeper(channel)
    if connector is None:
        return 0
    held = _held(channel, connector)
    connection = connections.authorise(channel, connector_of(channel), connections.connect(channel))
    wanted = address(channel)
    done = 0
    try:
        for each in _missing(channel, connector.needed_topics(connection), held):
            aimed = next((s for s in held if (s.topic, s.address) == (each.topic, each.address)), None)
            if aimed is not None:
                request = connector.aim_request(aimed, wanted, connection)
            else:
                request = connector.subscribe_request(each.topic, wanted, connection)
            response = connections.ask(channel, request, timeout=connector_of(channel).deadline, operation="subscribe")
            connector.check_subscribed(response)
            audit.record("channel.subscribed", f"channel:{channel.code}", topic=each.topic, address=wanted)
            done += 1
    finally:
        check(channel)
    return done


def _held(channel: Channel, connector: KeepsSubscriptions) -> Sequence[Subscribed]:
    connection = connections.authorise(channel, connector_of(channel), connections.connect(channel))
    request = connector.subscriptions_request(connection)
    response = connections.ask(channel, request, timeout=connector_of(channel).deadline, operation="subscriptions")
    return connector.read_subscriptions(response)


def _missing(channel: Channel, needed: Mapping[str, str], held: Sequence[Subscribed]) -> list[Missing]:
    """Mis-aimed is what goes to this channel's address at another place, such as where this instance was before; what
    goes elsewhere altogether is somebody else's."""
    here = address(channel)
    path = urlsplit(here).path
    found = []
    for topic, why in needed.items():
        addresses = [each.address for each in held if each.topic == topic]
        if here not in addresses:
            aimed = next((each for each in addresses if urlsplit(each).path == path), "")
            found.append(Missing(topic, why, aimed))
    return found


def _as_json(subscribed: Subscribed) -> dict[str, str]:
    return {"id": subscribed.id, "topic": subscribed.topic, "address": subscribed.address}
