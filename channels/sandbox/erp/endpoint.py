"""The ERP's own small interface: items, orders, updates as it sends them, a snapshot, and a screen."""

from __future__ import annotations

import html
import json
import random

from channels.sandbox.erp.books import LOCATION, put_item, snapshot, take_event
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.store import Document, Store

KINDS = {"/stock.ndjson": "stock", "/offers.ndjson": "offers"}
LATE, DOUBLED = 0.4, 0.3  # of the updates


class Erp:
    """`/stock.ndjson` and `/offers.ndjson` give what is to be told; `?all=1` keeps nothing back."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def handle(self, call: Call) -> Reply:
        query = dict(call.query)
        if call.method == "GET" and call.path in KINDS:
            return self._updates(KINDS[call.path], everything=query.get("all") == "1", seed=query.get("seed"))
        if call.method == "GET" and call.path == "/snapshot/stock.ndjson":
            return _ndjson([_stock(item) for item in snapshot(self.store)])
        if call.method == "GET" and call.path == "/snapshot":
            return _ndjson(snapshot(self.store))
        if call.method == "GET" and call.path == "/":
            return Reply(200, self._screen().encode(), content_type="text/html; charset=utf-8")
        if call.method == "POST" and call.path in ("/orders", "/items"):
            return self._post(call)
        return json_reply(404, {"error": f"{call.method} {call.path} does not exist in the ERP"})

    def _post(self, call: Call) -> Reply:
        try:
            given = json.loads(call.body)
            if call.path == "/items":
                price, available = str(given["price"]), int(given["available"])
                put_item(self.store, sku=str(given["sku"]), price=price, available=available)
                return json_reply(200, {"taken": True})
            return json_reply(200, {"new": take_event(self.store, given)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_reply(422, {"error": str(error)})

    def _updates(self, kind: str, *, everything: bool, seed: str | None) -> Reply:
        """Some of what is new, some of what was told already, in no order."""
        rng = random.Random(seed)  # noqa: S311
        lines = []
        with self.store.transaction():
            for update in self.store.all("erp_update"):
                if update["kind"] != kind:
                    continue
                again = update["sent"] and rng.random() < DOUBLED
                fresh = not update["sent"] and (everything or rng.random() >= LATE)
                if again or fresh:
                    lines += [update["line"]] * (2 if rng.random() < DOUBLED else 1)
                    self.store.put(
                        "erp_update", str(update["line"]["sequence"]), {**update, "sent": update["sent"] + 1}
                    )
        rng.shuffle(lines)
        return _ndjson(lines)

    def _screen(self) -> str:
        rows = "".join(
            f"<tr><th scope=row>{html.escape(item['sku'])}</th>"
            f"<td>{html.escape(item['price'])}</td><td>{item['available']}</td></tr>"
            for item in self.store.all("erp_item")
        )
        waiting = sum(not u["sent"] for u in self.store.all("erp_update"))
        head = "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox ERP</title><h1>Sandbox ERP</h1>"
        table = (
            f"<table><thead><tr><th>SKU</th><th>Price</th><th>Available</th></tr></thead><tbody>{rows}</tbody></table>"
        )
        return f"{head}<p>{self.store.count('erp_order')} orders, {waiting} updates not told yet.</p>{table}</html>"


def _stock(item: Document) -> Document:
    return {
        "sku": item["sku"],
        "location": LOCATION,
        "available": item["available"],
        "sequence": item["sequences"]["stock"],
    }


def _ndjson(lines: list[Document]) -> Reply:
    body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    return Reply(200, body, content_type="application/x-ndjson")
