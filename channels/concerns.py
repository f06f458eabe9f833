"""Which products concern which channel, for whoever reviews them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from catalog.search.filters import BadFilter
from channels.access import reached
from channels.models import Channel, Placement
from channels.publishing.selection import matching
from governance import concerns
from governance.concerns import Place


def places() -> Iterator[Place]:
    for channel in reached(Channel.objects.order_by("code")):
        yield Place(channel.code, channel.label, products_of(channel))


def products_of(channel: Channel) -> Q:
    """What is placed there and chosen; and what will be placed when it is approved."""
    placed = Placement.objects.filter(channel=channel)
    there = Q(pk__in=placed.filter(selected=True).values("product_id"))
    if not channel.publishes_on_approval or (channel.selection or {}).get("nothing"):
        return there
    coming = ~Q(pk__in=placed.values("product_id"))
    if channel.selection is None:
        return there | coming
    try:
        return there | (coming & Q(pk__in=matching(channel.selection).values("pk")))
    except BadFilter:  # it names what is gone since; the channel's page says so
        return there


def plug_in() -> None:
    concerns.sources.add("channels", places)
