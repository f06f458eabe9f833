"""Lets shoppers buy one after the other while somebody watches; the hub is told of it meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from channels.sandbox.erp import messenger, trade
from channels.sandbox.store import Store

log = logging.getLogger(__name__)

ORDERS = 100
PAUSE = 0.3  # seconds between two orders
LONGEST_TAIL = 20  # turns of the post after the last order, until all is told


class Trader:
    """`start` returns at once; `state` tells how far it is."""

    def __init__(self, store: Store, tell: trade.Tell, *, news: Callable[[], None]) -> None:
        self._store, self._tell, self.news = store, tell, news
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
                self.news()
                for kind, hook in given["hooks"].items():
                    how = {"url": hook["url"], "secret": hook["secret"], "seed": f"{seed}:{turn}", "everything": last}
                    self._problem = messenger.tell(self._store, kind, **how) or self._problem
                if self._over.wait(pause):
                    return
        except Exception as error:
            log.exception("the trade broke off")
            self._problem = f"{type(error).__name__}: {error}"
