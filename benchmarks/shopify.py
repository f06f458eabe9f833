"""How near to the shop's limit of points products go out, alone and in files, and whether it ever refuses a call.

The baseline is the limit itself: the points that the shop gave in that time. It is the sandbox that counts them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks.catalogue import approved_catalogue
from benchmarks.measure import Table, own_instance
from catalog.models import Product
from channels.models import Call, Channel, Listing
from channels.publishing.dispatch import dispatch
from channels.publishing.request import publish
from channels.sandbox.server import RunningSandbox
from channels.sandbox.settings import change
from channels.sandbox.shopify.endpoint import Shop

# A shop on Shopify's standard plan, its bucket small enough that the rate is what counts.
RATE, BURST = 100, 1000
LONGEST = 600.0
S = Listing.State


def run(say: Callable[[str], None], *, products: int = 60) -> Table:
    table = Table("shopify", say)
    with own_instance() as home:
        approved_catalogue(home, products)
        found = list(Product.objects.order_by("pk"))
        running = RunningSandbox(home)
        try:
            change(running.sandbox.store, "shopify", {"bucket": True, "restore_rate": RATE, "bucket_maximum": BURST})
            shop = running.sandbox.channels["shopify"]
            assert isinstance(shop, Shop)
            half = len(found) // 2
            _measured(table, "one call for each", shop, found[:half], bulk_from=0)
            _measured(table, "in files", shop, found[half:], bulk_from=2)
        finally:
            running.stop()
    return table


def _measured(table: Table, name: str, shop: Shop, products: Sequence[Product], *, bulk_from: int) -> None:
    channel = Channel.objects.get(code="shopify")
    Channel.objects.filter(pk=channel.pk).update(settings={**channel.settings, "bulk_from": bulk_from})
    spent, calls, begun = _counted(shop), Call.objects.count(), time.monotonic()
    free = shop.bucket.available(maximum=BURST, rate=RATE)
    publish(channel=channel, products=products)
    ours = Listing.objects.filter(placement__channel=channel, placement__product__in=products)
    accepted = _until(begun, lambda: _none_waits(ours, (S.ACCEPTED, S.LIVE), len(products)))
    points = sum(spent)
    table.add(
        f"{name}, until all are accepted",
        products_per_second=len(products) / accepted,
        points_per_product=points / len(products),
        of_limit=round(points / (free + RATE * accepted), 3),
    )
    live = _until(begun, lambda: _none_waits(ours, (S.LIVE,), len(products)))
    points = sum(spent)
    new = Call.objects.order_by("pk")[calls:]
    table.add(
        f"{name}, until all were read back",
        products_per_second=len(products) / live,
        points_per_product=points / len(products),
        of_limit=round(points / (free + RATE * live), 3),
        throttled=sum(call.verdict == "throttled" for call in new),
    )


def _none_waits(rows: object, states: tuple[str, ...], products: int) -> bool:
    """Everything of every product is that far."""
    found = list(Listing.objects.filter(pk__in=rows.values("pk")).values_list("placement_id", "state"))  # type: ignore[attr-defined]
    return len({pk for pk, _ in found}) == products and all(state in states for _, state in found)


def _until(begun: float, done: Callable[[], bool]) -> float:
    while not done():
        dispatch(seconds=0.5)
        if time.monotonic() - begun > LONGEST:
            raise SystemExit(f"It is not done after {LONGEST:.0f} seconds; name fewer products.")
        time.sleep(0.02)
    return time.monotonic() - begun


def _counted(shop: Shop) -> list[int]:
    """The points of each call that the shop takes from now on."""
    taken: list[int] = []
    genuine = type(shop.bucket).take

    def take(points: int, *, maximum: int, rate: int) -> bool:
        done = genuine(shop.bucket, points, maximum=maximum, rate=rate)
        if done:
            taken.append(points)
        return done

    shop.bucket.take = take  # type: ignore[method-assign]
    return taken
