"""What one step of a comparison came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from catalog.products.state import amount_text
from channels.models import Gap


@dataclass(slots=True)
class Step:
    """`cursor`: how far it is, out of `total` (0: as before); `wait`: seconds until the next step can be made; `place`:
    how the channel is asked on for all it has (None: as before); `problem`: what kept it from telling that."""

    cursor: int
    total: int = 0
    checked: int = 0
    in_sync: int = 0
    gaps: list[Gap] = field(default_factory=list)
    over: bool = False
    wait: float = 0.0
    place: str | None = None
    problem: str = ""


def text(value: object) -> str:
    """A figure as a gap keeps it."""
    if isinstance(value, Decimal):
        return amount_text(value) or ""
    return "" if value is None else str(value)[:500]
