"""How long an approved text and a moved price take to a channel in a whole running instance: seconds from the commit
until the channel took it, and until it was read back. Behind a backlog first, then with nothing else to do.

The backlog is so many products approved at once, of three sizes each: eleven listings on three channels. A price
overtakes it; a text waits its turn in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from benchmarks import whole
from benchmarks.measure import Table

TIMES = 20  # of each kind
WAITING = 3  # texts that wait in the backlog
LONGEST = 60.0  # that one change is waited for while nothing else is to be done

Told = dict[str, dict[str, float]]


def run(say: Callable[[str], None], *, products: int = 1000) -> Table:
    table = Table("freshness", say)
    with whole.whole_instance() as product:
        whole.import_shirts(product, products)
        watched = [f"shirt-{n}" for n in range(min(TIMES + WAITING, products))]
        whole.backlog(product, watched, products=products)
        waiting, moved = watched[:WAITING], watched[WAITING:] or watched
        begun = time.monotonic()
        whole.start(product)
        longest = 600.0 + products
        call = f"edits.follow_behind('price', {moved}, 'text', {waiting}, longest={longest})"
        found = whole.ask(product, call, timeout=longest + 60 * TIMES)
        whole.until_live(product, longest=longest)
        table.add("the backlog", products=products, listings=listings(product), seconds=time.monotonic() - begun)
        add(table, "behind the backlog: price", found["price"])
        add(table, "behind the backlog: text", found["text"])
        for kind in ("text", "price"):
            told = whole.ask(product, f"edits.follow({kind!r}, {moved}, longest={LONGEST})", timeout=LONGEST * TIMES)
            add(table, f"idle: {kind}", told)
    return table


def listings(product: whole.Product) -> int:
    return int(product.rows("SELECT count(*) FROM channels_listing")[0][0])


def add(table: Table, name: str, told: list[Told]) -> None:
    for channel in whole.CHANNELS:
        figures = {k: v for step in ("accepted", "live") for k, v in _spread(step, (t[step] for t in told), channel)}
        missed = sum(channel not in t["live"] for t in told)
        table.add(f"{name} to {channel}", times=len(told), missed=missed, **figures)


def _spread(name: str, told: Iterable[dict[str, float]], channel: str) -> list[tuple[str, float]]:
    seconds = sorted(each[channel] for each in told if channel in each)
    if not seconds:
        return []
    last = seconds[min(int(len(seconds) * 0.95), len(seconds) - 1)]
    return [(f"{name}_p50_s", round(statistics.median(seconds), 2)), (f"{name}_p95_s", round(last, 2))]
