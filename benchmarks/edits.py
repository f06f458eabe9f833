"""Change single values in a running instance, and see when each channel took the change, and when it showed it.

Runs as a process beside the instance, as a web worker does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from benchmarks.whole import CHANNELS
from catalog.change_sets import acting
from catalog.models import ChangeSet, Offer, Product, User
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.write import write_product
from channels.connectors.base import Facet
from channels.models import Channel, Listing
from governance.models import Standing
from governance.workflow import verbs

PAUSE = 0.02


@dataclass(slots=True)
class Watch:
    """One change of one facet on its way: the seconds until each channel took it, and until each showed it."""

    code: str
    facet: str
    before: dict[int, str]
    began: float = 0.0
    accepted: dict[str, float] = field(default_factory=dict)
    live: dict[str, float] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return len(self.live) < len(CHANNELS)

    def look(self) -> None:
        rows: dict[str, list[Listing]] = {}
        wanted = Listing.objects.filter(placement__product__code=self.code).select_related("placement__channel")
        now = time.monotonic() - self.began
        for row in wanted:
            if self.facet in row.desired:
                rows.setdefault(row.placement.channel.code, []).append(row)
        for channel, found in rows.items():
            # What is wanted is another than before; rows that the change does not show in stay as they are.
            if all(row.desired[self.facet] == self.before.get(row.pk) for row in found):
                continue
            if all(row.accepted.get(self.facet) == row.desired[self.facet] for row in found):
                self.accepted.setdefault(channel, now)
                if all(row.verified.get(self.facet) == row.desired[self.facet] for row in found):
                    self.live.setdefault(channel, now)


def watched(code: str, facet: str, edit: Callable[[str], None]) -> Watch:
    """Make the edit, and count from its commit."""
    rows = Listing.objects.filter(placement__product__code=code)
    watch = Watch(code, facet, {row.pk: row.desired.get(facet, "") for row in rows})
    edit(code)
    watch.began = time.monotonic()
    return watch


def text(code: str) -> None:
    """Another description, submitted and approved."""
    author, reviewer = (User.objects.get(username=name) for name in ("merchandiser", "reviewer"))
    words = f"<p>Words of {time.time_ns()}.</p>"
    _write(ProductChange(code=code, values={"description@en_US": words}))
    product = Product.objects.get(code=code)
    with acting(user=author, source=ChangeSet.Source.COMMAND):
        verbs.submit(product=product, user=author)
    shown = Standing.objects.get(product=product).content_hash
    with acting(user=reviewer, source=ChangeSet.Source.COMMAND):
        verbs.approve(product=product, user=reviewer, content_hash=shown)


def price(code: str) -> None:
    """A cent more for each size."""
    offers = Offer.objects.filter(variant__product__code=code, price_list__code="default").select_related("variant")
    moved = {offer.variant.sku: {"default": OfferChange(price=offer.price + Decimal("0.01"))} for offer in offers}
    _write(ProductChange(code=code, variants=tuple(VariantChange(sku=s, offers=o) for s, o in moved.items())))


def _write(change: ProductChange) -> None:
    with acting(user=User.objects.get(username="merchandiser"), source=ChangeSet.Source.COMMAND):
        result = write_product(change)
    if result.status != "updated":
        raise RuntimeError(f"{change.code}: {result}")


KINDS: dict[str, tuple[str, Callable[[str], None]]] = {
    "text": (Facet.CONTENT, text),
    "price": (Facet.OFFER, price),
}


def follow(kind: str, codes: Sequence[str], *, longest: float) -> list[dict[str, dict[str, float]]]:
    """One after the other: {"accepted": {channel: seconds}, "live": …} of each."""
    return [told(watch) for watch in one_by_one(kind, codes, longest=longest)]


def follow_behind(
    kind: str, codes: Sequence[str], queued: str, waiting: Sequence[str], *, longest: float
) -> dict[str, list[dict[str, dict[str, float]]]]:
    """The same while there is a backlog, and of changes of the kind `queued` that were made before and wait in it."""
    facet, edit = KINDS[queued]
    queue = [watched(code, facet, edit) for code in waiting]
    measured = one_by_one(kind, codes, longest=60.0, beside=queue)
    wait_for(queue, longest=longest)
    return {kind: [told(w) for w in measured], queued: [told(w) for w in queue]}


def wait_for(queue: Sequence[Watch], *, longest: float) -> None:
    until = time.monotonic() + longest
    while any(w.open for w in queue) and time.monotonic() < until:
        _look(queue)


def one_by_one(kind: str, codes: Sequence[str], *, longest: float, beside: Sequence[Watch] = ()) -> list[Watch]:
    facet, edit = KINDS[kind]
    found: list[Watch] = []
    for code in codes:
        if beside and not _backlog():
            break  # what is measured from here on would not be behind anything
        watch = watched(code, facet, edit)
        until = time.monotonic() + longest
        while watch.open and time.monotonic() < until:
            _look([watch, *beside])
        found.append(watch)
    return found


def _backlog() -> bool:
    waits = Listing.objects.exclude(state=Listing.State.LIVE)
    live = Standing.objects.filter(live__isnull=False).count() * Channel.objects.count()
    return waits.exists() or Listing.objects.values("placement").distinct().count() < live


def _look(watches: Sequence[Watch]) -> None:
    for watch in watches:
        if watch.open:
            watch.look()
    time.sleep(PAUSE)


def told(watch: Watch) -> dict[str, dict[str, float]]:
    return {"accepted": watch.accepted, "live": watch.live}
