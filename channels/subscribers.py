"""What channels do with events: approved, repriced and restocked products become due on their channels, and
subscribers are told."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import events
from catalog.models import DomainEvent
from channels.models import Subscription
from channels.publishing.request import on_events

TYPES = {
    "listing.state": "the state of a product on a channel changed: live, failed, held, taken off …",
    "channel.issues": "what stands in the way of a product on a channel changed",
    "channel.mapping": "a version of a channel's mapping went active",
    "channel.paused": "publishing to a channel was paused",
    "channel.resumed": "publishing to a channel goes on",
    "channel.rollout_stopped": "a change of many listings was stopped by its own limit",
    "alert.raised": "something wants a person's eye",
    "alert.escalated": "nobody took an alert in time, and others were told",
    "alert.acknowledged": "somebody takes care of an alert",
    "alert.over": "the cause of an alert is gone",
}


def ring_for_webhooks(found: Sequence[DomainEvent]) -> None:
    """Whoever delivers reads the events itself, from each subscription's own cursor."""
    if Subscription.objects.filter(paused=False, disabled_at__isnull=True).exists():
        events.ring("webhooks")


def plug_in() -> None:
    events.types.update(TYPES)
    events.consumers.add("channels.due", on_events)
    events.consumers.add("channels.webhooks", ring_for_webhooks)
