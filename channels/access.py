"""Which channels the roles of the person acting reach, and what of the bodies that are sent there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from catalog.access import scopes
from catalog.access.reach import Kind, kinds, sight
from channels.connectors.outcome import Issue
from channels.models import Channel, Drift
from channels.publishing.desire import Desired, desire
from channels.publishing.drift import keys_behind
from governance.models import Standing

CHANNEL = "channel"
VIEW, PUBLISH = "channels.view_channel", "channels.publish_channel"
M = TypeVar("M", bound=Model)


def reached(query: QuerySet[M], path: str = "code", right: str = VIEW) -> QuerySet[M]:
    """The rows whose channel code, at `path`, the person acting reaches with a right."""
    codes = sight(right).limited(CHANNEL)
    return query if codes is None else query.filter(**{f"{path}__in": codes})


def readable(drifts: Sequence[Drift]) -> set[int]:
    """Ids of the differences whose values the person acting may see: those of products that are seen whole, else those
    of fields made of values that are within."""
    found, desired = set[int](), dict[int, Desired | Issue]()
    for row in drifts:
        product = row.placement.product_id
        if sight().whole(product):
            found.add(row.pk)
            continue
        if row.placement_id not in desired:
            standing = Standing.objects.select_related("live", "product").get(product_id=product)
            desired[row.placement_id] = desire(row.placement.channel, standing)
        now = desired[row.placement_id]
        keys = set() if isinstance(now, Issue) else keys_behind(row, now)
        if keys and all(sight().shows(product, key) for key in keys):
            found.add(row.pk)
    return found


def plug_in() -> None:
    scopes.resources["webhooks"] = "events sent to addresses"
    scopes.resources["reconciliations"] = "comparisons of sources and channels with what is held, and repairs"
    kinds[CHANNEL] = Kind("Channels", lambda: list(Channel.objects.values_list("code", "label")))
