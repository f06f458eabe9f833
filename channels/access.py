"""Which channels the roles of the person acting reach."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from catalog.access import scopes
from catalog.access.reach import Kind, kinds, sight
from channels.models import Channel

CHANNEL = "channel"
VIEW, PUBLISH = "channels.view_channel", "channels.publish_channel"
M = TypeVar("M", bound=Model)


def reached(query: QuerySet[M], path: str = "code", right: str = VIEW) -> QuerySet[M]:
    """The rows whose channel code, at `path`, the person acting reaches with a right."""
    codes = sight(right).limited(CHANNEL)
    return query if codes is None else query.filter(**{f"{path}__in": codes})


def plug_in() -> None:
    scopes.resources["webhooks"] = "events sent to addresses"
    scopes.resources["reconciliations"] = "comparisons of sources and channels with what is held, and repairs"
    kinds[CHANNEL] = Kind("Channels", lambda: list(Channel.objects.values_list("code", "label")))
