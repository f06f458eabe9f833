"""Ask for publishing: products become due on a channel. What follows is level-triggered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils import timezone

from catalog import events
from catalog.models import DomainEvent, Product
from channels.models import Channel, Listing, Placement
from governance.models import Standing


def publish(*, channel: Channel, products: Iterable[Product] | None = None) -> int:
    """Make products (all approved ones, by default) due on the channel, and ring; how many."""
    if products is None:
        ids = list(Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True))
    else:
        ids = [p.pk for p in products]
    asked = Listing.objects.filter(placement__channel=channel, placement__product_id__in=ids)
    # A person asks: what was refused is tried again, and what drifted is read and put right.
    asked.filter(state=Listing.State.REJECTED).update(refused={})
    drifted = asked.filter(state=Listing.State.DRIFTED).values("placement_id")
    Placement.objects.filter(pk__in=drifted).update(must_read=True)
    make_due(channel=channel, product_ids=ids)
    events.ring("dispatch")
    return len(ids)


def make_due(*, channel: Channel, product_ids: Sequence[int]) -> None:
    """Place products on the channel if they are not, and have a worker look at them now."""
    now = timezone.now()
    Placement.objects.bulk_create(
        [Placement(channel=channel, product_id=i, due_at=now) for i in product_ids],
        ignore_conflicts=True,
        batch_size=500,
    )
    for start in range(0, len(product_ids), 500):
        Placement.objects.filter(channel=channel, product_id__in=product_ids[start : start + 500]).update(due_at=now)


def on_events(found: Sequence[DomainEvent]) -> None:
    """Consumer: newly approved products go to the channels that publish on approval; repriced and restocked
    ones to those where they are placed already."""
    live = {e.product_id for e in found if e.product_id and e.type == "revision.live"}
    moved = {e.product_id for e in found if e.product_id and {"offer", "stock"} & set(e.data.get("facets", ()))}
    known = set(Product.objects.filter(pk__in=live | moved).values_list("pk", flat=True))
    approved = set(
        Standing.objects.filter(product_id__in=known, live__isnull=False).values_list("product_id", flat=True)
    )
    for channel in Channel.objects.all():
        if channel.publishes_on_approval:
            make_due(channel=channel, product_ids=sorted((live | moved) & approved))
        else:
            Placement.objects.filter(channel=channel, product_id__in=(live | moved) & approved).update(
                due_at=timezone.now()
            )
    if live or moved:
        events.ring("dispatch")
