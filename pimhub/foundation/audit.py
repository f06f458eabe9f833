"""The socket of the audit: whatever decides, opens or lets something out says so here; higher up it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pimhub.foundation import actor
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. `about` names a thing as "kind:key", such as "product:tee".

    `data` holds no names of people: a person can be made nobody later, an audit entry cannot be changed.
    """

    kind: str
    about: str = ""
    user_id: int | None = None
    source: str = ""
    data: Mapping[str, JSON] = field(default_factory=dict)


sinks: Registry[Callable[[Fact], None]] = Registry("audit sink")


def record(kind: str, about: str = "", *, by: int | None = None, **data: JSON) -> None:
    """Keep a fact, in the caller's transaction, as done by the user of that id, else by whoever acts."""
    act = actor.current.get()
    who = act.user.pk if act is not None and act.user is not None else None
    fact = Fact(kind, about, user_id=by if by is not None else who, source=act.source if act else "", data=data)
    for sink in sinks:
        sink(fact)
