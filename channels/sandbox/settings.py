"""The knobs of each channel, kept with the shop so that a restart does not turn them back."""

from __future__ import annotations

from typing import Any

from channels.sandbox.store import Store
from channels.sandbox.world import SETTINGS


def settings(store: Store, channel: str) -> dict[str, Any]:
    return SETTINGS[channel] | (store.get("setting", channel) or {})


def change(store: Store, channel: str, values: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError naming the setting when it does not exist or has another type."""
    known = SETTINGS.get(channel)
    if known is None:
        raise ValueError(f"channel {channel!r} does not exist; use one of {', '.join(SETTINGS)}")
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"setting {name!r} of {channel} does not exist; use one of {', '.join(known)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            bool: isinstance(value, bool),
            list: isinstance(value, list),
            type(None): value is None or (number and value > 0),
        }.get(type(known[name]), number)
        if not fits:
            raise ValueError(f"setting {name!r} of {channel}: {value!r} is no {type(known[name]).__name__}")
    store.put("setting", channel, (store.get("setting", channel) or {}) | values)
    return settings(store, channel)
