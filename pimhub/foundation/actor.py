"""Who acts: set once at the edge (request, command, task), read wherever it must be recorded."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Act:
    """One act of one person or system. `change_set` is the row that ties its changes together, once made."""

    user: Any | None
    source: str
    reason: str = ""
    actor: str = ""
    system: str = ""  # code of the other system on whose behalf it is done; "" = people's own doing
    change_set: Any | None = None
    kept: dict[Any, Any] = field(default_factory=dict)  # what was looked up once for all of the act


current: ContextVar[Act | None] = ContextVar("act", default=None)
