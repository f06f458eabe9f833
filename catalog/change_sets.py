"""The change set that ties together all that one act changes. Deep code never takes a request."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter

from django.utils import timezone

from catalog.models import ChangeSet, User
from pimhub.foundation import actor
from pimhub.foundation.actor import Act
from pimhub.foundation.bulk import append
from pimhub.foundation.rows import columns


class NobodyActs(RuntimeError):
    """A write without a declared actor: a programming error."""


@contextmanager
def acting(
    *,
    user: User | None = None,
    source: str,
    reason: str = "",
    actor_name: str = "",
    system: str = "",
    change_set: ChangeSet | None = None,
) -> Iterator[Act]:
    """Everything written inside belongs to this act; `system` is the code of the other system that writes, if
    one does. `change_set` continues an earlier one."""
    act = Act(user=user, source=source, reason=reason, actor=actor_name, system=system, change_set=change_set)
    token = actor.current.set(act)
    try:
        yield act
    finally:
        actor.current.reset(token)


def current_act() -> Act:
    """The act under way. Raises NobodyActs outside `acting(…)`."""
    act = actor.current.get()
    if act is None:
        raise NobodyActs("wrap the call in catalog.change_sets.acting(…)")
    return act


def change_set() -> ChangeSet:
    """The change set of the act under way, made when first needed. Call it inside the transaction."""
    act = current_act()
    # A rolled-back transaction takes a row made in it along; the act then writes the same one anew.
    if act.change_set is None or not ChangeSet.objects.filter(pk=act.change_set.pk).exists():
        act.change_set = ChangeSet(
            pk=act.change_set.pk if act.change_set else uuid.uuid4(),
            user=act.user,
            actor=act.actor or (act.user.display_name if act.user else "PIMHub"),
            source=act.source,
            system=act.system,
            reason=act.reason,
            created_at=timezone.now(),
        )
        append(ChangeSet, columns(ChangeSet), [attrgetter(*columns(ChangeSet))(act.change_set)])
        act.change_set._state.adding = False
    return act.change_set
