"""Processes that die at random moments, and what the product holds afterwards."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.flows.product import Product

SIZES = ("S", "M", "L")
HEADER = (
    "Handle|Title|Body (HTML)|Vendor|Type|Tags|Published|Option1 Name|Option1 Value|"
    "Variant SKU|Variant Inventory Qty|Variant Price|Image Src|Status|"
    "Country of origin (product.metafields.custom.country_of_origin)"
)


def write_catalog(path: Path, *, products: int, complete: bool = False) -> None:
    """A Shopify file of products with three sizes each, and a picture for every other one; `complete` ones have all
    that three channels ask for."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER.split("|"))
        for n in range(products):
            for place, size in enumerate(SIZES):
                first = place == 0
                picture = f"https://pictures.example/{n}.jpg" if first and (complete or n % 2) else ""
                text = [f"Shirt {n}", f"<p>Shirt number {n}</p>", "Acme", "Shirts", "cotton", "true"]
                out.writerow(
                    [f"shirt-{n}", *(text if first else [""] * 6), "Size" if first else "", size]
                    + [f"SH-{n}-{size}", str(n % 50), f"{10 + n % 90}.90", picture, "active" if first else ""]
                    + ["PT" if first and complete else ""]
                )


class Reaper:
    """Kills processes of the worker with SIGKILL at seeded random moments."""

    def __init__(self, product: Product, *, seed: int) -> None:
        self.product = product
        self.random = random.Random(seed)  # noqa: S311 (no secret)
        self.kills = 0

    def strike(self) -> bool:
        """Kill one of the workers, or one time in four all of them. False when none was there."""
        workers = self.product.workers()
        chosen = workers if self.random.random() < 0.25 else workers and [self.random.choice(workers)]
        for pid in chosen:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.kills += bool(chosen)
        return bool(chosen)

    def strike_while(
        self,
        busy: Callable[[], bool],
        *,
        progress: Callable[[], int],
        kills: int,
        pause: float = 0.3,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Strike until `kills` struck or it is no longer `busy`; each time only when work went on since the last, and
        up to `pause` seconds after."""
        while self.kills < kills and busy():
            seen = progress()
            while progress() == seen and busy():
                time.sleep(0.02)
            time.sleep(self.random.uniform(0, pause))
            self.strike()
            then()


def wait_until(done: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Seconds it took. Raises AssertionError naming `what`."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < seconds, f"not after {seconds:g} s: {what}"
        time.sleep(0.2)
    return time.monotonic() - begun


KINDS = ("product", "variant", "media", "input", "listing")  # of what the sandbox channels keep


def channels_hold(product: Product) -> dict[str, Any]:
    """Everything the sandbox channels show, without ids and times, which differ from run to run."""
    with closing(sqlite3.connect(f"file:{product.home}/sandbox/state.sqlite3?mode=ro", uri=True, timeout=30)) as db:
        found = db.execute(f"SELECT kind, body FROM document WHERE kind IN {KINDS}")  # noqa: S608
        documents = [(kind, _plain(json.loads(body))) for kind, body in found]
    return {kind: sorted(json.dumps(b, sort_keys=True) for of, b in documents if of == kind) for kind in KINDS}


def effects(product: Product) -> dict[str, int]:
    """How often each change took effect on the channels, by what was changed; reads are left out."""
    with closing(sqlite3.connect(f"file:{product.home}/sandbox/state.sqlite3?mode=ro", uri=True, timeout=30)) as db:
        entries = [json.loads(body) for (body,) in db.execute("SELECT body FROM document WHERE kind = 'call'")]
    counted: dict[str, int] = {}
    for entry in entries:
        for effect in entry["effects"]:
            what = f"{entry['operation']}: {effect.split()[0]}"
            counted[what] = counted.get(what, 0) + 1
    return counted


def catalog_holds(product: Product) -> dict[str, list[tuple[Any, ...]]]:
    """The catalogue and its journal, without ids and times."""
    return {name: sorted(map(repr, product.rows(sql))) for name, sql in CATALOG.items()}


def _plain(value: Any) -> Any:
    """Ids and times become their kind, so that two runs compare."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in NOT_COMPARED}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, str):
        return MOMENT.sub("<time>", NUMBERED.sub(r"\1<id>", value))
    return value


NUMBERED = re.compile(r"(gid://shopify/\w+/)\d+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
NOT_COMPARED = {"versionNumber", "id", "_ready", "at"}
CATALOG = {
    "products": 'SELECT code, "values", axes, search_text, version FROM catalog_product',
    "variants": 'SELECT sku, gtin, "values", position FROM catalog_variant',
    "offers": "SELECT v.sku, o.price, o.compare_at FROM catalog_offer o JOIN catalog_variant v ON v.id = o.variant_id",
    "stock": "SELECT v.sku, s.available FROM catalog_stocklevel s JOIN catalog_variant v ON v.id = s.variant_id",
    "media": "SELECT p.code, a.source_url, m.position FROM catalog_medialink m "
    "JOIN catalog_product p ON p.id = m.product_id JOIN catalog_mediaasset a ON a.id = m.asset_id",
    "completeness": "SELECT p.code, c.locale, c.required, c.filled FROM catalog_completeness c "
    "JOIN catalog_product p ON p.id = c.product_id",
    "journal": "SELECT p.code, j.sku, j.changes, j.line FROM catalog_journalentry j "
    "JOIN catalog_product p ON p.id = j.product_id",
    "events": "SELECT p.code, e.type, e.data FROM catalog_domainevent e JOIN catalog_product p ON p.id = e.product_id",
    "lines": "SELECT line, bucket, product_code, sku FROM catalog_importline",
    "run": "SELECT state, cursor, counts FROM catalog_importrun",
    "change sets": "SELECT count(*) FROM catalog_changeset WHERE source = 'import'",
}
