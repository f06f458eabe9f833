"""Calls the hub with the ERP's news, signed: late, doubled and shuffled, and again until the hub took it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from channels.sandbox.erp.books import again, untold, updates
from channels.sandbox.store import Store
from pimhub.foundation import http, signatures

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds until what is still untold is told


class Messenger:
    """Works as long as the books name somebody to call (`wire`); `wake` when there is news."""

    def __init__(self, store: Store, hub: Callable[[], str]) -> None:
        self._store, self._hub = store, hub
        self._news, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.problem = ""
        self.wake()

    def wake(self) -> None:
        if self._thread is None and self._store.count("erp_hook"):
            self._thread = threading.Thread(target=self._run, name="sandbox-erp-messenger", daemon=True)
            self._thread.start()
        self._news.set()

    def close(self) -> None:
        self._over.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = PAUSE
        for turn in itertools.count():
            self._news.wait(None if not untold(self._store) else pause)
            self._news.clear()
            if self._over.is_set():
                return
            try:
                found = [self._tell(hook, turn) for hook in self._store.all("erp_hook")]
                self.problem = next(filter(None, found), "")
            except Exception as error:
                log.exception("the ERP could not tell its news")
                self.problem = f"{type(error).__name__}: {error}"
            pause = min(pause * 2, LONGEST_PAUSE) if self.problem else PAUSE

    def _tell(self, hook: Mapping[str, str], turn: int) -> str:
        url = f"{self._hub()}{hook['path']}"
        return tell(self._store, hook["kind"], url=url, secret=hook["secret"], seed=f"news:{turn}")


def wire(store: Store, *, kind: str, path: str, secret: str) -> None:
    """From now on, news of "stock" or "offers" goes to this path of the hub."""
    store.put("erp_hook", kind, {"kind": kind, "path": path, "secret": secret})


def tell(store: Store, kind: str, *, url: str, secret: str, seed: str, everything: bool = False) -> str:
    """One call with some of what is to be told; why it did not arrive, or ""."""
    lines = updates(store, kind, everything=everything, seed=seed)
    if not lines:
        return ""
    body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    number = f"erp-{store.next('erp_call')}"
    headers = signatures.headers([signatures.key_of(secret)], id=number, at=dt.datetime.now(dt.UTC), body=body)
    parts = urlsplit(url)
    request = http.Request("POST", url, headers | {"Content-Type": "application/x-ndjson"}, body)
    answer = http.send(request, timeout=10, allowed_origins=[f"{parts.scheme}://{parts.netloc}"])
    if 200 <= answer.status < 300:
        return ""
    again(store, lines)
    return f"{url} answered {answer.status or answer.error}; it is told again."
