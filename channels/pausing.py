"""Stop all calls of a channel, and go on with them."""

from __future__ import annotations

from django.db import transaction

from catalog import events
from channels.models import Channel
from channels.models.channel import here
from pimhub.foundation import audit


def pause(channel: Channel, *, reason: str) -> Channel:
    """No call leaves from now on; those under way are settled. What is wanted meanwhile goes out later."""
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        held.paused, held.pause_reason = True, reason.strip()[:300]
        held.save(update_fields=["paused", "pause_reason"])
        audit.record("channel.paused", f"channel:{held.code}", reason=held.pause_reason)
        events.append(type="channel.paused", data={"channel": held.code})
    return held


def resume(channel: Channel) -> Channel:
    """Go on; in a copy of the instance that it belonged to, it belongs to this one from now on."""
    with transaction.atomic():
        held = Channel.objects.select_for_update().get(pk=channel.pk)
        before = held.environment
        held.paused, held.pause_reason, held.environment = False, "", here()
        held.save(update_fields=["paused", "pause_reason", "environment"])
        if before == held.environment:
            audit.record("channel.resumed", f"channel:{held.code}")
        else:
            about = f"channel:{held.code}"
            audit.record("channel.resumed", about, from_environment=before, to_environment=held.environment)
        events.append(type="channel.resumed", data={"channel": held.code})
        events.ring("dispatch")
    return held
