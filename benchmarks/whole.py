"""A whole running instance (web, worker, scheduler, sandbox) in a home of its own, as its users have it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.deaths import write_catalog
from tests.flows.product import Product

CHANNELS = ("shopify", "google", "amazon")


@contextmanager
def whole_instance() -> Iterator[Product]:
    """With the demo's people and channels and no products; it is not started yet."""
    with tempfile.TemporaryDirectory(prefix="pimhub-bench-") as folder:
        product = Product(Path(folder) / "home")
        try:
            command(product, "demo", "--empty", timeout=600)
            yield product
        finally:
            product.end()


def command(product: Product, *arguments: str, timeout: float = 120) -> str:
    done = product.run(*arguments, timeout=timeout)
    if done.code:
        raise RuntimeError(f"manage.py {' '.join(arguments)[:200]}: {done.err or done.out}")
    return done.out


def ask(product: Product, call: str, *, timeout: float = 120) -> Any:
    """What a function of a benchmark's module returns, called beside the instance: `ask(product, "edits.price(3)")`."""
    module = call.split(".", 1)[0]
    script = f"import json\nfrom benchmarks import {module}\nprint('ANSWER', json.dumps({call}))"
    return json.loads(command(product, "shell", "-c", script, timeout=timeout).rsplit("ANSWER ", 1)[1])


def start(product: Product) -> None:
    """With channels that take calls as fast as they come and show at once what they took."""
    product.start()
    product.sandbox("settings", channel="shopify", restore_rate=100_000, bucket_maximum=100_000)
    product.sandbox("settings", channel="amazon", rate_times=1000, visible_after=0)
    product.sandbox("settings", channel="google", visible_after=0)


def import_shirts(product: Product, products: int) -> None:
    """`shirt-0` and so on, of three sizes each, with all that the three channels ask for: eleven listings each."""
    path = product.home.parent / "catalog.csv"
    write_catalog(path, products=products, complete=True)
    command(product, "import_products", str(path), timeout=600 + products)


def approve(product: Product, *chosen: str, products: int) -> None:
    """`chosen` as the commands take them: --all, or --sku SKU …"""
    for verb, who in (("submit", "merchandiser"), ("approve", "reviewer")):
        command(product, verb, *chosen, "--as", who, timeout=600 + products)


def backlog(product: Product, live: Sequence[str], *, products: int) -> None:
    """All approved and nothing sent yet, but for some products that are live."""
    first = [word for code in live for word in ("--sku", f"{code.replace('shirt', 'SH')}-S")]
    approve(product, *first, products=len(live))
    start(product)
    until_live(product, longest=300)
    product.stop()
    approve(product, "--all", products=products)


def left(product: Product) -> int:
    """Listings of approved products that are not live yet; one for each channel where a product was not looked at."""
    sql = (
        "SELECT count(*) FROM governance_standing s CROSS JOIN channels_channel c "
        "LEFT JOIN channels_placement p ON p.product_id = s.product_id AND p.channel_id = c.id "
        "LEFT JOIN channels_listing x ON x.placement_id = p.id "
        "WHERE s.live_id IS NOT NULL AND (x.state IS NULL OR x.state <> 'live')"
    )
    return int(product.rows(sql)[0][0])


def until_live(product: Product, *, longest: float) -> float:
    """Wait until all that is approved is live everywhere; the seconds it took."""
    begun = time.monotonic()
    while count := left(product):
        if time.monotonic() - begun > longest:
            found = product.rows("SELECT DISTINCT problem FROM channels_placement WHERE problem <> ''")
            raise RuntimeError(f"{count} listings are not live after {longest:.0f} seconds: {found[:3]}")
        time.sleep(0.2)
    return time.monotonic() - begun
