"""What the global search finds among channels: channels by name, and products by their id over there."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse

from catalog.access.reach import seen
from channels.access import reached
from channels.models import Channel, RemoteLink
from pimhub.foundation import search
from pimhub.foundation.search import Hit


def channels(request: Any, text: str, limit: int) -> list[Hit]:
    if not request.user.has_perm("channels.view_channel"):
        return []
    named = reached(Channel.objects.filter(Q(code__icontains=text) | Q(label__icontains=text)))[:limit]
    return [
        Hit("Channels", c.label, reverse("channel_detail", kwargs={"code": c.code}), c.code, "building-store")
        for c in named
    ]


def listings(request: Any, text: str, limit: int) -> list[Hit]:
    """By remote id: what support has in hand when a customer sends a link."""
    if not request.user.has_perm("channels.view_channel") or len(text) < 4:
        return []
    links = RemoteLink.objects.filter(Q(remote_id=text) | Q(remote_id__endswith=f"/{text}"), placement__isnull=False)
    links = reached(seen(links, "placement__product"), "placement__channel__code")
    return [
        Hit(
            kind="Listings",
            label=f"{x.placement.product.name()} on {x.placement.channel.label}",
            url=reverse(
                "listing_detail", kwargs={"code": x.placement.channel.code, "product_id": x.placement.product_id}
            ),
            hint=x.remote_id,
            icon="building-store",
        )
        for x in links.select_related("placement__product", "placement__channel")[:limit]
        if x.placement is not None
    ]


def plug_in() -> None:
    search.sources.add("channels.channels", channels)
    search.sources.add("channels.listings", listings)
