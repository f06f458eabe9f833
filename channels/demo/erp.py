"""The demo's ERP: the sandbox's own, holding the demo's goods and telling two sources of its prices and stock."""

from __future__ import annotations

from pathlib import Path

from catalog.models import ExternalSystem, Offer, Source, StockLevel, User
from catalog.products.state import amount_text
from channels.models import Channel, StockRule
from channels.sandbox.erp.books import LOCATION, PRICE_LIST, put_item
from channels.sandbox.erp.messenger import wire
from channels.sandbox.store import Store
from channels.sandbox.world import ERP_SECRET
from pimhub.foundation import sandbox

WEEK = 7 * 24 * 60  # an ERP in which nobody changes anything has nothing to say
CAP = 100  # units that the shop shows at most
SOURCES = (  # code, label, what it delivers, the ERP's own word for that
    ("erp_stock", "Stock of the ERP", Source.Delivers.STOCK, "stock"),
    ("erp_prices", "Prices of the ERP", Source.Delivers.OFFER, "offers"),
)


def ensure_erp(home: Path) -> None:
    """The ERP's sources here, and its books and whom it calls there. Harmless to do twice."""
    system, _ = ExternalSystem.objects.get_or_create(
        code="erp", defaults={"label": "Sandbox ERP", "updates": "prices and stock"}
    )
    StockRule.objects.get_or_create(channel=Channel.objects.get(code="shopify"), defaults={"cap": CAP})
    store = Store(home / "sandbox" / "state.sqlite3")
    try:
        with store.transaction():
            _fill(store)
            for code, label, delivers, word in SOURCES:
                _ensure_source(system, code=code, label=label, delivers=delivers, word=word)
                wire(store, kind=word, path=f"/hooks/sources/{code}/", secret=ERP_SECRET)
    finally:
        store.close()


def _ensure_source(system: ExternalSystem, *, code: str, label: str, delivers: str, word: str) -> None:
    if Source.objects.filter(code=code).exists():
        return
    source = Source(
        code=code,
        label=label,
        system=system,
        kind=Source.Kind.WEBHOOK,
        delivers=delivers,
        snapshot=f"{sandbox.SCHEME}erp/snapshot/{word}.ndjson",
        expected_minutes=WEEK,
        owner=User.objects.get(username="channelmanager"),
    )
    source.credentials = {"secret": ERP_SECRET}
    source.save()


def _fill(store: Store) -> None:
    if store.count("erp_item"):
        return
    units = dict(StockLevel.objects.filter(location__code=LOCATION).values_list("variant_id", "available"))
    offers = Offer.objects.filter(price_list__code=PRICE_LIST, price__isnull=False).select_related("variant")
    for offer in offers.order_by("variant__sku"):
        price = amount_text(offer.price)
        assert price is not None
        put_item(store, sku=offer.variant.sku, price=price, available=units.get(offer.variant_id, 0))
