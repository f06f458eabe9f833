"""How long what a source says takes to a channel in a whole running instance: seconds from the answer to its signed
call until the channel took the figure, and until it was read back. Behind a backlog of content, then with nothing else
to do; the texts that wait in the same backlog are the baseline.

The backlog is so many products approved at once, of three sizes each: eleven listings on three channels, so 910
products are ten thousand.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings

from benchmarks import edits, whole
from benchmarks.freshness import LONGEST, TIMES, WAITING, Told, add, listings
from benchmarks.measure import Table
from catalog.models import ExternalSystem, Offer, Source, StockLevel
from channels.connectors.base import Facet
from pimhub.foundation import http, signatures
from pimhub.foundation.home import noted_address

SOURCES = {"stock": Source.Delivers.STOCK, "prices": Source.Delivers.OFFER}
SPOKEN = ("spoken stock", "spoken price")


def run(say: Callable[[str], None], *, products: int = 200) -> Table:
    table = Table("stock_freshness", say)
    with whole.whole_instance() as product:
        whole.import_shirts(product, products)
        whole.ask(product, "stock_freshness.set_up()")
        codes = [f"shirt-{n}" for n in range(min(2 * TIMES + WAITING, max(products // 2, WAITING + 2)))]
        waiting, moved = codes[:WAITING], codes[WAITING:] or codes
        parts = dict(zip(SPOKEN, (moved[::2], moved[1::2] or moved), strict=True))
        whole.backlog(product, codes, products=products)
        begun = time.monotonic()
        whole.start(product)
        longest = 600.0 + products
        call = f"stock_freshness.behind({parts}, {waiting}, longest={longest})"
        found = whole.ask(product, call, timeout=longest + 120 * TIMES)
        whole.until_live(product, longest=longest)
        table.add("the backlog", products=products, listings=listings(product), seconds=time.monotonic() - begun)
        for kind, told in found.items():
            add(table, f"behind the backlog: {kind}", told)
        for kind in SPOKEN:
            call = f"stock_freshness.alone({kind!r}, {parts[kind]}, longest={LONGEST})"
            told = whole.ask(product, call, timeout=LONGEST * TIMES)
            add(table, f"idle: {kind}", told)
            table.add(
                f"{kind}, behind the backlog", of_idle=_of(found[kind], told), of_text=_of(found[kind], found["text"])
            )
    return table


def _of(some: list[Told], others: list[Told]) -> float | str:
    """The middle time to live, of all channels, as a part of that of others."""
    taken = [[seconds for each in found for seconds in each["live"].values()] for found in (some, others)]
    return round(statistics.median(taken[0]) / statistics.median(taken[1]), 3) if all(taken) else "none"


# ---- in a process beside the instance ----


def set_up() -> None:
    """A system that delivers prices and stock by signed calls."""
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    for code, delivers in SOURCES.items():
        source = Source(code=code, system=system, kind=Source.Kind.WEBHOOK, delivers=delivers)
        source.credentials = {"secret": signatures.new_secret()}
        source.save()


def behind(parts: dict[str, list[str]], waiting: Sequence[str], *, longest: float) -> dict[str, list[Told]]:
    """What is spoken while the backlog is worked through, and the texts that wait in it."""
    _register()
    facet, edit = edits.KINDS["text"]
    queue = [edits.watched(code, facet, edit) for code in waiting]
    found: dict[str, list[edits.Watch]] = {kind: [] for kind in parts}
    for pair in zip(*parts.values(), strict=False):  # in turn, as the backlog ends some time
        for kind, code in zip(parts, pair, strict=True):
            found[kind] += edits.one_by_one(kind, [code], longest=LONGEST, beside=queue)
    edits.wait_for(queue, longest=longest)
    return {name: [edits.told(w) for w in watches] for name, watches in {**found, "text": queue}.items()}


def alone(kind: str, codes: Sequence[str], *, longest: float) -> list[Told]:
    _register()
    return edits.follow(kind, codes, longest=longest)


def _register() -> None:
    edits.KINDS["spoken stock"] = (Facet.STOCK, _stock)
    edits.KINDS["spoken price"] = (Facet.OFFER, _price)


def _stock(code: str) -> None:
    """Sold out where there was some, and back where there was none: every channel shows that."""
    levels = StockLevel.objects.filter(variant__product__code=code, location__code="main").select_related("variant")
    figures = {level.variant.sku: 0 if level.available else 9 for level in levels}
    _tell("stock", [{"sku": sku, "location": "main", "available": units} for sku, units in figures.items()])


def _price(code: str) -> None:
    """A cent more for each size."""
    offers = Offer.objects.filter(variant__product__code=code, price_list__code="default").select_related("variant")
    moved = {offer.variant.sku: str(offer.price + Decimal("0.01")) for offer in offers}
    _tell("prices", [{"sku": sku, "price_list": "default", "price": price} for sku, price in moved.items()])


def _tell(source: str, lines: list[dict[str, Any]]) -> None:
    number = time.time_ns()
    body = b"".join(json.dumps({**line, "sequence": number}).encode() + b"\n" for line in lines)
    key = signatures.key_of(Source.objects.get(code=source).credentials["secret"])
    headers = signatures.headers([key], id=f"bench-{number}", at=dt.datetime.now(dt.UTC), body=body)
    hub = noted_address(settings.PIMHUB_HOME)
    request = http.Request("POST", f"{hub}/hooks/sources/{source}/", headers, body)
    answer = http.send(request, timeout=30, allowed_origins=[hub])
    if answer.status != 202:
        raise RuntimeError(f"the call was answered {answer.status or answer.error}")
