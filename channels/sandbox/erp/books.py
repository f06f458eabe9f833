"""The ERP's books: items and orders. An order event counts once, whenever and however often it comes."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import Any

from channels.sandbox.store import Document, Store

LATE, DOUBLED = 0.4, 0.3  # of the updates
LOCATION, PRICE_LIST = "main", "default"
# placed takes units; cancelled and returned give them back; shipped, refunded move none.
EVENTS = ("placed", "cancelled", "shipped", "refunded", "returned")


def put_item(store: Store, *, sku: str, price: str, available: int) -> None:
    """Set an item's price and stock, as somebody at the ERP does."""
    with store.transaction():
        held = store.get("erp_item", sku) or {}
        if held.get("available") != available:
            _tell(store, "stock", {"sku": sku, "location": LOCATION, "available": available})
        if held.get("price") != price:
            _tell(store, "offers", {"sku": sku, "price_list": PRICE_LIST, "price": price})
        store.put("erp_item", sku, {"sku": sku, "price": price, "available": available})


def take_event(store: Store, event: Mapping[str, Any]) -> bool:
    """Book `{id, order, kind, lines: [{sku, quantity}]}`; whether it was new. Raises ValueError.

    A cancellation may come before its order. What is placed beyond what there is stays short: units never
    go below zero.
    """
    kind, number, order_id = event.get("kind"), event.get("id"), event.get("order")
    if kind not in EVENTS or not isinstance(number, str) or not isinstance(order_id, str):
        raise ValueError(f"an event has an id, an order and one of the kinds {', '.join(EVENTS)}")
    with store.transaction():
        order = store.get("erp_order", order_id) or {"id": order_id, "events": [], "moved": {}, "allocated": {}}
        if number in order["events"]:
            return False
        order["events"].append(number)
        units = order["moved"].setdefault(kind, {})
        for line in event.get("lines", ()):
            units[line["sku"]] = units.get(line["sku"], 0) + int(line["quantity"])
        _allocate(store, order)
        store.put("erp_order", order_id, order)
    return True


def _allocate(store: Store, order: Document) -> None:
    moved = order["moved"]
    for sku, placed in moved.get("placed", {}).items():
        back = sum(moved.get(kind, {}).get(sku, 0) for kind in ("cancelled", "returned"))
        wanted, held = max(placed - back, 0), order["allocated"].get(sku, 0)
        item = store.get("erp_item", sku)
        if item is None:
            continue
        # Short units are not given later: the shop was told.
        taken = wanted - held if wanted < held else 0 if order.get("closed") else min(wanted - held, item["available"])
        if taken:
            order["allocated"][sku] = held + taken
            item["available"] -= taken
            store.put("erp_item", sku, item)
            _tell(store, "stock", {"sku": sku, "location": LOCATION, "available": item["available"]})
    order["closed"] = bool(moved.get("placed"))


def _tell(store: Store, kind: str, figures: Document) -> None:
    number = store.next("erp_sequence")
    at = dt.datetime.now(dt.UTC).isoformat()
    store.put("erp_update", str(number), {"kind": kind, "line": {**figures, "sequence": number, "at": at}, "sent": 0})


def updates(store: Store, kind: str, *, everything: bool, seed: str | None) -> list[Document]:
    """Lines of what is to be told: some of what is new (all of it with `everything`), some of what was told already,
    some twice, in no order."""
    rng = random.Random(seed)  # noqa: S311
    lines: list[Document] = []
    with store.transaction():
        for update in store.all("erp_update"):
            if update["kind"] != kind:
                continue
            again = update["sent"] and rng.random() < DOUBLED
            fresh = not update["sent"] and (everything or rng.random() >= LATE)
            if again or fresh:
                lines += [update["line"]] * (2 if rng.random() < DOUBLED else 1)
                store.put("erp_update", str(update["line"]["sequence"]), {**update, "sent": update["sent"] + 1})
    rng.shuffle(lines)
    return lines


def untold(store: Store) -> int:
    """Updates that nobody was told yet."""
    return sum(not update["sent"] for update in store.all("erp_update"))


def again(store: Store, lines: Sequence[Document]) -> None:
    """What did not arrive was not told."""
    for line in lines:
        held = store.get("erp_update", str(line["sequence"]))
        if held is not None:
            store.put("erp_update", str(line["sequence"]), {**held, "sent": 0})


def snapshot(store: Store) -> list[Document]:
    """Every item as it is now, with the number of its newest change."""
    newest: dict[tuple[str, str], Document] = {}
    for update in store.all("erp_update"):
        newest[update["kind"], update["line"]["sku"]] = update["line"]
    found = []
    for item in store.all("erp_item"):
        lines = {kind: newest.get((kind, item["sku"]), {}) for kind in ("stock", "offers")}
        found.append({**item, "sequences": {kind: line.get("sequence") for kind, line in lines.items()}})
    return found


def history(store: Store, sku: str) -> Sequence[int]:
    """Every figure of stock that the ERP ever told of an item."""
    lines = (u["line"] for u in store.all("erp_update") if u["kind"] == "stock")
    return [line["available"] for line in lines if line["sku"] == sku]
