"""Which approved products a channel shows: all, or those of a filter.

A product is asked for when something of it is approved, and when a rollout changes the filter: the filter language
reads the working copy, and an edit that nobody approved must not take a product on or off a channel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import QuerySet

from catalog.models import Product
from catalog.search import filters, text
from channels.models import Channel, Placement, Rollout
from pimhub.foundation.jsonvalue import JSON

# {"filter": [conditions], "text": words}, {"nothing": true}; None: all
Selection = Mapping[str, JSON] | None
_BATCH = 500


def choose(channel: Channel, ids: Collection[int]) -> set[int]:
    """Of newly approved products those that the channel shows; remembered for those that are placed there."""
    found = within(channel.selection, ids)
    rolling = Rollout.objects.filter(channel=channel, finished_at__isnull=True).first()
    if rolling is not None:  # what a wave shows already stays, though the channel is not widened yet
        shown = Placement.objects.filter(channel=channel, product_id__in=ids, selected=True)
        aimed = within(rolling.selection, ids)
        found |= aimed & set(shown.values_list("product_id", flat=True))
    if channel.selection is not None:
        remember(channel, found, chosen=True)
        remember(channel, set(ids) - found, chosen=False)
    return found


def chosen(channel: Channel, ids: Collection[int]) -> set[int]:
    """Of approved products those that the channel shows, as was decided last; those never asked for are asked now."""
    if channel.selection is None:
        return set(ids)
    placed = dict(Placement.objects.filter(channel=channel).values_list("product_id", "selected"))
    return {pk for pk in ids if placed.get(pk)} | within(channel.selection, [pk for pk in ids if pk not in placed])


def within(selection: Selection, ids: Iterable[int]) -> set[int]:
    """Of these products those that the selection names, as they are now. Raises BadFilter."""
    wanted: list[int] = sorted(ids)
    found: set[int] = set()
    if selection is None:
        return set(wanted)
    if selection.get("nothing"):
        return found
    query = matching(selection)
    for start in range(0, len(wanted), _BATCH):
        found |= set(query.filter(pk__in=wanted[start : start + _BATCH]).values_list("pk", flat=True))
    return found


def matching(selection: Selection) -> QuerySet[Product]:
    """The products that a selection names, whoever asks: a channel shows what it shows. Raises BadFilter."""
    given = selection or {}
    conditions = given.get("filter") or []
    wanted = [c for c in (conditions if isinstance(conditions, list) else [conditions]) if c]
    return text.matching(Product.objects.filter(filters.build(wanted)), str(given.get("text") or ""))


def remember(channel: Channel, ids: Collection[int], *, chosen: bool) -> None:
    """Of products that are placed there; those that are not are asked when they are placed."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), _BATCH):
        rows = Placement.objects.filter(channel=channel, product_id__in=wanted[start : start + _BATCH])
        rows.exclude(selected=chosen).update(selected=chosen)
