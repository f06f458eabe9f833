"""People who buy in the sandbox shops. A shop takes its own stock down at once, as real ones do."""

from __future__ import annotations

from channels.sandbox.edit import edit
from channels.sandbox.store import Document, Store

HOME = "gid://shopify/Location/1"


def on_shelf(store: Store, channel: str, sku: str) -> int | None:
    """Units that a shop shows of an item; None where it is not listed. Google only knows whether there are any."""
    if channel == "shopify":
        found = _shop_variant(store, sku)
        return None if found is None else sum(found[1]["_levels"].values())
    if channel == "amazon":
        entry = store.get("listing", sku)
        if entry is None or entry["after"] is None:
            return None
        offers = entry["after"]["attributes"].get("fulfillment_availability", [])
        return sum(int(offer.get("quantity") or 0) for offer in offers)
    for entry in store.all("offer"):
        shown = entry["after"]
        if shown is not None and entry["offer"][-1] == sku:
            return 1 if shown["productAttributes"].get("availability") in ("IN_STOCK", "in_stock") else 0
    return None


def move(store: Store, channel: str, sku: str, units: int) -> list[str] | None:
    """Take units from a shelf (or put them back): what changed there, as the journal has it; None where there are not
    enough. Google keeps no count, so nothing changes."""
    shown = on_shelf(store, channel, sku)
    if shown is None or (shown + units < 0 and channel != "google"):
        return None
    if channel == "shopify":
        found = _shop_variant(store, sku)
        assert found is not None
        product, item = found
        given = {"channel": channel, "product": product["id"], "field": "stock", "sku": sku, "location": HOME}
        effects: list[str] = edit(store, given | {"value": item["_levels"].get(HOME, 0) + units})["effects"]
        return effects
    if channel == "amazon":
        entry = store.get("listing", sku)
        assert entry is not None
        offers = [dict(x) for x in entry["after"]["attributes"]["fulfillment_availability"]]
        offers[0]["quantity"] = int(offers[0].get("quantity") or 0) + units
        given = {"channel": channel, "product": sku, "field": "fulfillment_availability", "value": offers}
        changed: list[str] = edit(store, given)["effects"]
        return changed
    return []


def _shop_variant(store: Store, sku: str) -> tuple[Document, Document] | None:
    for item in store.all("item"):
        if item["sku"] == sku:
            variant = store.get("variant", item["_variant"])
            product = variant and store.get("product", variant["_product"])
            if product:
                return product, item
    return None
