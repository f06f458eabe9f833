"""The ERP's own small interface: items, orders, updates as it sends them, a snapshot, and a screen."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from channels.sandbox.erp import trade
from channels.sandbox.erp.books import LOCATION, PRICE_LIST, put_item, snapshot, take_event, updates
from channels.sandbox.erp.messenger import Messenger
from channels.sandbox.erp.page import page
from channels.sandbox.erp.trader import ORDERS, Trader
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.store import Document, Store
from pimhub.foundation import signatures

KINDS = {"/stock.ndjson": "stock", "/offers.ndjson": "offers"}
MOST_ORDERS = 10_000


class Erp:
    """`/stock.ndjson` and `/offers.ndjson` give what is to be told; `?all=1` keeps nothing back."""

    def __init__(self, store: Store, tell: trade.Tell, *, hub: Callable[[], str]) -> None:
        self.store, self.tell = store, tell
        self.messenger = Messenger(store, hub)
        self.trader = Trader(store, tell, news=self.messenger.wake)

    def close(self) -> None:
        self.trader.close()
        self.messenger.close()

    def handle(self, call: Call) -> Reply:
        query = dict(call.query)
        if call.method == "GET" and call.path in KINDS:
            everything, seed = query.get("all") == "1", query.get("seed")
            return _ndjson(updates(self.store, KINDS[call.path], everything=everything, seed=seed))
        if call.method == "GET" and call.path in SNAPSHOTS:
            return _ndjson([SNAPSHOTS[call.path](item) for item in snapshot(self.store)])
        if call.method == "GET" and call.path == "/snapshot":
            return _ndjson(snapshot(self.store))
        if call.method == "GET" and call.path == "/":
            body = page(self.store, self.trader.state, problem=self.messenger.problem).encode()
            return Reply(200, body, content_type="text/html; charset=utf-8")
        if call.method == "GET" and call.path == "/trade":
            return json_reply(200, self.trader.state)
        if call.method == "POST" and call.path in ("/trade", "/trade/order", "/trade/post"):
            return self._trade(call)
        if call.method == "POST" and call.path in ("/orders", "/items"):
            return self._post(call)
        return json_reply(404, {"error": f"{call.method} {call.path} does not exist in the ERP"})

    def _post(self, call: Call) -> Reply:
        try:
            if call.path == "/items":
                return self._put_item(call)
            new = take_event(self.store, json.loads(call.body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_reply(422, {"error": str(error)})
        self.messenger.wake()
        return json_reply(200, {"new": new})

    def _put_item(self, call: Call) -> Reply:
        """An item's price and units, as JSON or from the screen's form."""
        given = call.form()
        price, available = amount(given["price"]), int(given["available"])
        if available < 0:
            raise ValueError(f"available is {available}; units are not below zero")
        put_item(self.store, sku=given["sku"], price=price, available=available)
        self.messenger.wake()
        if "json" in call.headers.get("content-type", ""):
            return json_reply(200, {"taken": True})
        return Reply(303, headers={"Location": "/erp/"})

    def _trade(self, call: Call) -> Reply:
        """`POST /trade` begins a day of it; `/trade/order` is one order, `/trade/post` a turn of the shops' post."""
        given = call.form()
        seed, number = given.get("seed") or "1", given.get("number", "0")
        if not number.isdigit() or not given.get("orders", str(ORDERS)).isdigit():
            return json_reply(422, {"error": "number and orders are whole numbers"})
        if call.path == "/trade/order":
            return json_reply(200, trade.buy(self.store, seed=seed, number=int(number), tell=self.tell))
        if call.path == "/trade/post":
            everything = given.get("all") == "1"
            return json_reply(200, {"new": trade.post(self.store, seed=seed, turn=int(number), everything=everything)})
        secret = given.get("secret", "")
        hooks = {kind: {"url": given[kind], "secret": secret} for kind in KINDS.values() if given.get(kind)}
        try:
            if hooks:
                signatures.key_of(secret)
        except ValueError as error:
            return json_reply(422, {"error": f"the secret of the sources: {error}"})
        orders = min(int(given.get("orders", ORDERS)), MOST_ORDERS)
        started = self.trader.start(orders=orders, seed=seed, hooks=hooks)
        if "json" in call.headers.get("content-type", ""):
            return json_reply(200 if started else 409, self.trader.state)
        return Reply(303, headers={"Location": "/erp/"})


def amount(text: str) -> str:
    """A price as the books hold it. Raises ValueError."""
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise ValueError(f"“{text}” is no price; write it as 12.99")
    return f"{found:.2f}"


def _stock(item: Document) -> Document:
    figures = {"location": LOCATION, "available": item["available"]}
    return {"sku": item["sku"], **figures, "sequence": item["sequences"]["stock"]}


def _offer(item: Document) -> Document:
    figures = {"price_list": PRICE_LIST, "price": item["price"]}
    return {"sku": item["sku"], **figures, "sequence": item["sequences"]["offers"]}


SNAPSHOTS = {"/snapshot/stock.ndjson": _stock, "/snapshot/offers.ndjson": _offer}


def _ndjson(lines: list[Document]) -> Reply:
    body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    return Reply(200, body, content_type="application/x-ndjson")
