"""What channels do with events: approved, repriced and restocked products become due on their channels, and
subscribers are told."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import events
from catalog.models import DomainEvent
from channels.models import Subscription
from channels.publishing.request import on_events


def ring_for_webhooks(found: Sequence[DomainEvent]) -> None:
    """Whoever delivers reads the events itself, from each subscription's own cursor."""
    if Subscription.objects.filter(paused=False, disabled_at__isnull=True).exists():
        events.ring("webhooks")


def plug_in() -> None:
    events.consumers.add("channels.due", on_events)
    events.consumers.add("channels.webhooks", ring_for_webhooks)
