"""Ask for publishing: products become due on a channel. What follows is level-triggered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils import timezone

from catalog import events
from catalog.models import DomainEvent, Product
from channels.connectors.base import Facet
from channels.models import Channel, Drift, Hold, Listing, Match, Placement
from channels.publishing import selection
from channels.publishing.answered import decide
from governance.models import Standing
from governance.ownership.publication import barred, is_owned
from pimhub.foundation import actor

OVERTAKES = 1  # priority of price and stock over content
STOCK = str(Facet.STOCK)
_COME_OR_GO = ("product.trashed", "product.restored", "review.archive", "review.take_back")


def publish(*, channel: Channel, products: Iterable[Product] | None = None, over_drift: bool = False) -> int:
    """Make products (all approved ones that the channel shows, by default) due on it, and ring; how many.

    With `over_drift`, ours is sent over what the channel shows otherwise, and that is the answer to all of it; without,
    each difference waits for its own.
    """
    if products is None:
        approved = list(Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True))
        ids = sorted(selection.chosen(channel, approved))
    else:
        ids = [p.pk for p in products]
    asked = Listing.objects.filter(placement__channel=channel, placement__product_id__in=ids)
    # A person asks: what was refused is tried again.
    asked.filter(state=Listing.State.REJECTED).update(refused={})
    if over_drift:  # read, so that what differs there counts as not sent
        drifted = asked.filter(state=Listing.State.DRIFTED).values("placement_id")
        Placement.objects.filter(pk__in=drifted).update(must_read=True)
        let_go(drifted.values_list("placement_id", flat=True))
        taken = Match.objects.filter(placement__channel=channel, placement__product_id__in=ids, state=Match.State.TAKEN)
        taken.update(state=Match.State.DONE)  # ours goes over what was there before us, too
        open_ = Drift.objects.filter(placement__channel=channel, placement__product_id__in=ids, state=Drift.State.OPEN)
        act = actor.current.get()
        answers = list(open_.select_related("placement__channel", "placement__product"))
        decide(answers, Drift.State.KEPT, act.user if act else None)
    make_due(channel=channel, product_ids=ids)
    events.ring("dispatch")
    return len(ids)


def publish_by_hand(
    *, channel: Channel, products: Iterable[Product] | None = None, over_drift: bool = False
) -> tuple[int, dict[str, str]]:
    """`publish` for whoever asks: how many, and {code: why} of those whose publication belongs to somebody else."""
    if not is_owned():
        return publish(channel=channel, products=products, over_drift=over_drift), {}
    given = Product.objects.filter(standing__live__isnull=False) if products is None else products
    ids = {product.pk for product in given}
    if products is None:
        ids = selection.chosen(channel, ids)
    act = actor.current.get()
    why = barred(ids, system=act.system if act else "")
    wanted = ids - set(why)
    codes = Product.objects.filter(pk__in=why).order_by("code").values_list("code", "pk")
    count = publish(channel=channel, products=Product.objects.filter(pk__in=wanted), over_drift=over_drift)
    return count, {code: why[pk] for code, pk in codes}


def let_go(placements: Iterable[int]) -> None:
    """What was sent of stock counts no more where the channel shows something else: the next turn reads, and sends."""
    for listing in Listing.objects.filter(placement_id__in=list(placements)):
        if listing.verified.get(STOCK) not in (None, listing.accepted.get(STOCK)):
            listing.accepted = {f: h for f, h in listing.accepted.items() if f != STOCK}
            listing.save(update_fields=["accepted"])


def look_at_all(channel: Channel) -> None:
    """Something that all depends on changed: what is placed is looked at again, what is approved is placed."""
    if channel.publishes_on_approval:
        approved = list(Standing.objects.filter(live__isnull=False).values_list("product_id", flat=True))
        make_due(channel=channel, product_ids=sorted(selection.chosen(channel, approved)))
    Placement.objects.filter(channel=channel).update(due_at=timezone.now())
    events.ring("dispatch")


def make_due(*, channel: Channel, product_ids: Sequence[int], priority: int = 0) -> None:
    """Place products on the channel if they are not, and have a worker look at them now."""
    now = timezone.now()
    due = {"due_at": now, "priority": priority} if priority else {"due_at": now}
    new: set[int] = set()
    if channel.selection is not None:
        placed = Placement.objects.filter(channel=channel, product_id__in=product_ids)
        new = set(product_ids) - set(placed.values_list("product_id", flat=True))
    outside = new - selection.within(channel.selection, new)
    Placement.objects.bulk_create(
        [Placement(channel=channel, product_id=i, due_at=now, selected=i not in outside) for i in product_ids],
        ignore_conflicts=True,
        batch_size=500,
    )
    for start in range(0, len(product_ids), 500):
        Placement.objects.filter(channel=channel, product_id__in=product_ids[start : start + 500]).update(**due)


# Nothing of the product changed, but what may be said of it did.
_DECIDED = ("sale.decided", "sales.policy_changed", "text.confirmed", "text.policy_changed")


def on_events(found: Sequence[DomainEvent]) -> None:
    """Consumer: newly approved products go to the channels that publish on approval; repriced and restocked ones to
    those where they are placed already, before all others; what was archived or put into the trash leaves them, and
    what is brought back from there goes where it would be."""
    live = {e.product_id for e in found if e.product_id and e.type == "revision.live"}
    moved = {e.product_id for e in found if e.product_id and {"offer", "stock"} & set(e.data.get("facets", ()))}
    moved |= {e.product_id for e in found if e.product_id and e.type in _DECIDED}
    back = {e.product_id for e in found if e.product_id and e.type == "product.restored"}
    known = set(Product.objects.filter(pk__in=live | moved | back).values_list("pk", flat=True))
    approved = set(
        Standing.objects.filter(product_id__in=known, live__isnull=False).values_list("product_id", flat=True)
    )
    for channel in Channel.objects.all():
        fresh = live & approved
        shown = selection.choose(channel, fresh)
        if channel.publishes_on_approval:
            if back & approved:  # in the trash when its approval was told of, it was placed nowhere
                shown |= selection.chosen(channel, back & approved)
            make_due(channel=channel, product_ids=sorted(shown))
        placed = Placement.objects.filter(channel=channel)
        placed.filter(product_id__in=fresh).update(due_at=timezone.now())
        placed.filter(product_id__in=moved & approved).update(due_at=timezone.now(), priority=OVERTAKES)
    gone = _came_or_went(found)
    if live or moved or back or gone:
        events.ring("dispatch")


def _came_or_went(found: Sequence[DomainEvent]) -> int:
    """Placed products that should not be on a channel any more (in the trash, nothing of them live), or again.

    Of those that an event says so of it does not matter how far they are: a turn may be under way that does not know.
    """
    ids = {e.product_id for e in found if e.product_id}
    told = {e.product_id for e in found if e.product_id and e.type in _COME_OR_GO}
    placed = Placement.objects.filter(product_id__in=ids)
    off = placed.filter(listings__state=Listing.State.OFF)
    nothing = Q(product__trashed_at__isnull=False) | Q(product__standing__live__isnull=True)
    wanted = placed.filter(nothing).exclude(pk__in=off.values("pk"))
    leaving = placed.filter(holds__kind=Hold.Kind.REMOVAL, holds__state=Hold.State.OPEN)
    wished = {"product__trashed_at__isnull": True, "product__standing__live__isnull": False}
    back = placed.filter(Q(pk__in=off.values("pk")) | Q(pk__in=leaving.values("pk")), **wished)
    said = placed.filter(product_id__in=told)
    rows = Placement.objects.filter(
        Q(pk__in=wanted.values("pk")) | Q(pk__in=back.values("pk")) | Q(pk__in=said.values("pk"))
    )
    return rows.update(due_at=timezone.now())
