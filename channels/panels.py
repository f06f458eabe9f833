"""What this floor shows on pages of the floors below."""

from __future__ import annotations


def plug_in() -> None:
    """Panels are plugged in here."""
