"""A demo shop with its sandbox, and the steps a channel test takes."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog import events
from catalog.change_sets import acting
from catalog.models import ChangeSet, Product, User
from catalog.products.changes import OfferChange, ProductChange, VariantChange
from catalog.products.write import WriteResult, write_product
from channels.models import BulkRun, Channel, Listing, Placement
from channels.publishing.dispatch import dispatch
from governance.models import Standing
from governance.workflow import verbs
from tests.channels.sandbox.fixtures import Sandbox


@dataclass
class Shop:
    sandbox: Sandbox

    def channel(self, code: str = "shopify") -> Channel:
        return Channel.objects.get(code=code)

    def user(self, name: str) -> User:
        return User.objects.get(username=name)

    def write(self, change: ProductChange, by: str = "merchandiser") -> WriteResult:
        with acting(user=self.user(by), source=ChangeSet.Source.PAGE):
            result = write_product(change)
        assert result.status != "rejected", result.errors
        return result

    def product(
        self, code: str = "tee", sizes: Sequence[str] = ("s", "m"), price: str = "19.90", **values: Any
    ) -> Product:
        """Create or change a product with a variant per size."""
        from decimal import Decimal

        self.write(
            ProductChange(
                code=code,
                family="default",
                axes=("color",),
                values={"name@en_US": f"{code.title()} shirt", "brand": "Acme", "condition": "new", **values},
                variants=tuple(
                    VariantChange(
                        sku=f"{code}-{size}",
                        values={"color": size},
                        offers={"default": OfferChange(price=Decimal(price))},
                        stock={"main": 5},
                    )
                    for size in sizes
                ),
            )
        )
        return Product.objects.get(code=code)

    def approve(self, product: Product) -> None:
        standing = Standing.objects.get(product=product)
        with acting(user=self.user("merchandiser"), source=ChangeSet.Source.PAGE):
            verbs.submit(product=product, user=self.user("merchandiser"))
        standing.refresh_from_db()
        with acting(user=self.user("reviewer"), source=ChangeSet.Source.PAGE):
            verbs.approve(product=product, user=self.user("reviewer"), content_hash=standing.content_hash)

    def live(self, code: str = "tee", **given: Any) -> Product:
        product = self.product(code, **given)
        self.approve(product)
        return product

    def settle(self, *, seconds: float = 20) -> None:
        """Events and dispatching until nothing is due soon."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            events.derive()
            dispatch(seconds=5)
            soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
            waiting = Placement.objects.filter(channel__connector__in=("shopify", "amazon", "google"), due_at__lte=soon)
            files = BulkRun.objects.exclude(state__in=(BulkRun.State.DONE, BulkRun.State.UNSENT))
            if not waiting.exists() and not files.exists():
                return
            time.sleep(0.05)
        raise AssertionError(f"still due: {list(waiting.values('product__code', 'due_at', 'problem'))}")

    def hurry(self) -> None:
        """What waits for its next try is due now: tests need not wait out a backoff. What is only looked after, as
        Google's items within their month, is not: it would push the rest out of each slice of dispatching."""
        now = dt.datetime.now(dt.UTC)
        Placement.objects.filter(due_at__lte=now + dt.timedelta(hours=2)).update(due_at=now)
        Channel.objects.update(wait_until=None)

    def states(self, channel: str = "shopify") -> dict[str, str]:
        rows = Listing.objects.filter(placement__channel__code=channel)
        return {f"{x.placement.product.code}/{x.sku}": x.state for x in rows.select_related("placement__product")}
