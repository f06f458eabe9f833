"""Lets shoppers buy one after the other while somebody watches, and sends the ERP's updates to the hub as calls."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox.erp import trade
from channels.sandbox.erp.books import updates
from channels.sandbox.store import Store
from pimhub.foundation import http, signatures

log = logging.getLogger(__name__)

ORDERS = 100
PAUSE = 0.3  # seconds between two orders
LONGEST_TAIL = 20  # turns of the post after the last order, until all is told


class Trader:
    """`start` returns at once; `state` tells how far it is."""

    def __init__(self, store: Store, tell: trade.Tell) -> None:
        self._store, self._tell = store, tell
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._problem = ""

    def start(self, *, orders: int, seed: str, hooks: dict[str, Any], pause: float = PAUSE) -> bool:
        """Begin a day of trade; False while one is under way. `hooks`: {"stock" or "offers": {"url", "secret"}}."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._over.clear()
        self._problem = ""
        trade.stock_up(self._store)
        given = {"orders": orders, "seed": seed, "done": 0, "hooks": hooks}
        self._store.put("trade", "now", given)
        self._thread = threading.Thread(target=self._run, args=(given, pause), name="sandbox-trade", daemon=True)
        self._thread.start()
        return True

    @property
    def state(self) -> dict[str, Any]:
        now = self._store.get("trade", "now") or {"orders": 0, "seed": "", "done": 0}
        running = self._thread is not None and self._thread.is_alive()
        return {
            "orders": now["orders"],
            "done": now["done"],
            "running": running,
            "waiting": trade.waiting(self._store),
            "problem": self._problem,
        }

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self, given: dict[str, Any], pause: float) -> None:
        seed, orders = given["seed"], given["orders"]
        try:
            for turn in range(1, orders + LONGEST_TAIL):
                if turn <= orders:
                    trade.buy(self._store, seed=seed, number=turn, tell=self._tell)
                    self._store.put("trade", "now", {**given, "done": turn})
                last = turn == orders + LONGEST_TAIL - 1
                trade.post(self._store, seed=seed, turn=turn, everything=last)
                for kind, hook in given["hooks"].items():
                    self._send(kind, hook, seed=f"{seed}:{turn}", everything=last)
                if self._over.wait(pause):
                    return
        except Exception as error:
            log.exception("the trade broke off")
            self._problem = f"{type(error).__name__}: {error}"

    def _send(self, kind: str, hook: dict[str, Any], *, seed: str, everything: bool) -> None:
        lines = updates(self._store, kind, everything=everything, seed=seed)
        if not lines:
            return
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        key = signatures.key_of(str(hook["secret"]))
        number = f"erp-{self._store.next('erp_call')}"
        headers = signatures.headers([key], id=number, at=dt.datetime.now(dt.UTC), body=body)
        parts = urlsplit(str(hook["url"]))
        request = http.Request("POST", str(hook["url"]), headers | {"Content-Type": "application/x-ndjson"}, body)
        answer = http.send(request, timeout=10, allowed_origins=[f"{parts.scheme}://{parts.netloc}"])
        if not 200 <= answer.status < 300:
            self._problem = f"{hook['url']} answered {answer.status or answer.error}; it is told again."
            again(self._store, lines)


def again(store: Store, lines: list[dict[str, Any]]) -> None:
    """What did not arrive was not told."""
    for line in lines:
        held = store.get("erp_update", str(line["sequence"]))
        if held is not None:
            store.put("erp_update", str(line["sequence"]), {**held, "sent": 0})
