"""What channels do with events: approved, repriced and restocked products become due on their channels."""

from __future__ import annotations

from catalog import events
from channels.publishing.request import on_events


def plug_in() -> None:
    events.consumers.add("channels.due", on_events)
