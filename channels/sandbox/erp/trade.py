"""A day of trade: shoppers buy in the sandbox shops, and the shops tell the ERP late, doubled and in any order.

Everything follows from the seed and from what is on the shelves. A shop takes its own stock down at once; the ERP
hears of it when a message comes through.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from channels.sandbox import shoppers
from channels.sandbox.erp.books import put_item, take_event
from channels.sandbox.store import Document, Store

CHANNELS = ("shopify", "amazon", "google")
KINDS = ("usual", "last_unit", "multi_line", "partial_shipment", "cancel", "refund", "return")
LATE, DOUBLED = 0.4, 0.3  # of the shops' messages
GOODS_IN = 10  # every so many orders a delivery reaches the warehouse
PRICE_MOVES = 7
Tell = Callable[[str, Sequence[str]], None]  # channel, effects


def buy(store: Store, *, seed: str, number: int, tell: Tell) -> Document:
    """One order: what is bought leaves the shelf, and the shop has something to tell the ERP."""
    with store.transaction():
        return _buy(store, seed=seed, number=number, tell=tell)


def _buy(store: Store, *, seed: str, number: int, tell: Tell) -> Document:
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - the same seed is the same day
    kind, channel = KINDS[number % len(KINDS)], rng.choice(CHANNELS)
    lines = [
        line
        for line in _basket(store, channel, kind, rng)
        if _move(store, channel, line["sku"], -line["quantity"], tell)
    ]
    order: Document = {
        "id": f"{seed}-{number}",
        "channel": channel,
        "kind": kind,
        "lines": lines,
        "customer": {"name": f"Shopper {number}", "email": f"shopper-{number}@customers.example"},
    }
    store.put("trade_order", order["id"], order)
    if not lines:
        return order  # nothing that is wanted is on the shelf
    for what, moved in _story(kind, lines):
        _write(store, order, what, moved)
        if what == "cancelled":  # the shop puts it back itself, as real ones do
            for line in moved:
                _move(store, channel, line["sku"], line["quantity"], tell)
    if number % GOODS_IN == 0:
        _goods_in(store, rng)
    if number % PRICE_MOVES == 0:
        _reprice(store, rng)
    return order


def post(store: Store, *, seed: str, turn: int, everything: bool = False) -> int:
    """Some of the shops' messages reach the ERP: some late, some again, in no order. How many were new to it."""
    rng = random.Random(f"{seed}:post:{turn}")  # noqa: S311
    chosen: list[Document] = []
    for message in store.all("trade_message"):
        fresh = not message["sent"] and (everything or rng.random() >= LATE)
        again = message["sent"] == 1 and rng.random() < DOUBLED
        if fresh or again:
            chosen += [message["event"]] * (2 if rng.random() < DOUBLED else 1)
            store.put("trade_message", message["event"]["id"], {**message, "sent": message["sent"] + 1})
    rng.shuffle(chosen)
    return sum(take_event(store, event) for event in chosen)


def stock_up(store: Store) -> int:
    """An ERP without items takes on what the shops show; how many it has."""
    if not store.count("erp_item"):
        for product in store.all("product"):
            for variant in store.children("variant", product["id"]):
                item = store.get("item", variant["_item"])
                if item is not None and item["sku"]:
                    units = sum(item["_levels"].values())
                    put_item(store, sku=item["sku"], price=variant["price"], available=units or 10)
    return store.count("erp_item")


def waiting(store: Store) -> int:
    """Messages of the shops that never reached the ERP."""
    return sum(not message["sent"] for message in store.all("trade_message"))


def _basket(store: Store, channel: str, kind: str, rng: random.Random) -> list[Document]:
    shown = _shown(store, channel)
    if not shown:
        return []
    skus = sorted(shown)
    if kind == "last_unit":
        sku = min(skus, key=lambda s: (shown[s], s))
        return [{"sku": sku, "quantity": shown[sku]}]
    chosen = rng.sample(skus, k=min(rng.randint(2, 3) if kind == "multi_line" else 1, len(skus)))
    most = 4 if kind == "partial_shipment" else 2
    return [{"sku": sku, "quantity": rng.randint(1, min(most, shown[sku]))} for sku in chosen]


def _shown(store: Store, channel: str) -> dict[str, int]:
    """Units that can be bought, by SKU. Google counts none: who comes from there buys what the warehouse has."""
    found = {}
    for item in store.all("erp_item"):
        units = shoppers.on_shelf(store, channel, item["sku"])
        if units:
            found[item["sku"]] = item["available"] if channel == "google" else units
    return {sku: units for sku, units in found.items() if units > 0}


def _story(kind: str, lines: Sequence[Document]) -> list[tuple[str, list[Document]]]:
    """What happens to an order, in the order in which it happens."""
    all_, told = list(lines), [("placed", list(lines))]
    if kind == "cancel":
        return [*told, ("cancelled", all_)]
    if kind == "partial_shipment":
        first = [{**line, "quantity": 1} for line in lines]
        rest = [{**line, "quantity": line["quantity"] - 1} for line in lines if line["quantity"] > 1]
        return [*told, ("shipped", first), *([("shipped", rest)] if rest else [])]
    told.append(("shipped", all_))
    if kind in ("refund", "return"):
        told.append(("refunded", all_))
    if kind == "return":
        told.append(("returned", all_))
    return told


def _write(store: Store, order: Document, kind: str, lines: Sequence[Document]) -> None:
    event: dict[str, Any] = {"id": f"m{store.next('trade_message')}", "order": order["id"], "kind": kind}
    event |= {"lines": list(lines), "customer": order["customer"]}
    store.put("trade_message", event["id"], {"event": event, "sent": 0})


def _move(store: Store, channel: str, sku: str, units: int, tell: Tell) -> bool:
    effects = shoppers.move(store, channel, sku, units)
    if effects:
        tell(channel, effects)
    return effects is not None


def _goods_in(store: Store, rng: random.Random) -> None:
    item, units = rng.choice(store.all("erp_item")), rng.randint(3, 12)
    before = store.get("erp_delivery", item["sku"]) or {"sku": item["sku"], "units": 0}
    store.put("erp_delivery", item["sku"], {**before, "units": before["units"] + units})
    put_item(store, sku=item["sku"], price=item["price"], available=item["available"] + units)


def _reprice(store: Store, rng: random.Random) -> None:
    item = rng.choice(store.all("erp_item"))
    price = f"{float(item['price']) * rng.uniform(0.96, 1.05):.2f}"
    put_item(store, sku=item["sku"], price=price, available=item["available"])
