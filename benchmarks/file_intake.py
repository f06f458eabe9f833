"""A file of stock of any size through a watched folder, by a worker that is killed again and again: lines a second of
the one that lives to the end, its memory, and whether every line has its outcome. Beside it, a file of a tenth."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from benchmarks import whole
from benchmarks.catalogue import bare_catalogue
from benchmarks.measure import Table, peak_megabytes
from catalog.models import Delivery, ExternalSystem, Source, Variant
from catalog.sources.collect import inbox
from catalog.sources.work import turn
from tests.flows.product import PYTHON, ROOT, Product

KILLS = 5
PRODUCTS = 1000  # of three variants each: what the lines tell of
UNKNOWN = 1000  # every so many lines one tells of a SKU that there is not
LONGEST = 24 * 3600.0
DELIVERY = "SELECT line, state FROM catalog_delivery ORDER BY id DESC LIMIT 1"


def run(say: Callable[[str], None], *, rows: int = 30_000) -> Table:
    table = Table("file_intake", say)
    with whole.whole_instance() as product:
        whole.ask(product, "file_intake.set_up()", timeout=600)
        for lines in (rows // 10, rows):
            size = whole.ask(product, f"file_intake.put({lines})", timeout=LONGEST)
            killed = _kill(product, lines, random.Random(7))  # noqa: S311
            begun = int(product.rows(DELIVERY)[0][0])
            seconds = time.monotonic()
            megabytes = whole.ask(product, "file_intake.work()", timeout=LONGEST)
            seconds = time.monotonic() - seconds
            counts = whole.ask(product, "file_intake.counts()")
            table.add(
                f"a file of {lines:,} lines",
                file_megabytes=size,
                killed=killed,
                worker_megabytes=megabytes,
                lines_per_second=(lines - begun) / seconds,
                without_outcome=lines - sum(counts.values()),
                **counts,
            )
    return table


def _kill(product: Product, lines: int, chance: random.Random) -> int:
    """Workers that are killed at moments of chance, in the first half of the file; how many."""
    count = 0
    command = [PYTHON, "manage.py", "shell", "-c", "from benchmarks import file_intake; file_intake.work()"]
    for _ in range(KILLS):
        begun = _line(product)
        if begun > lines // 2:
            break
        worker = subprocess.Popen(command, cwd=ROOT, env=product.env, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while _line(product) == begun and worker.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.3))
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            count += 1
        worker.wait()
    return count


def _line(product: Product) -> int:
    found = product.rows(DELIVERY)
    return int(found[0][0]) if found and found[0][1] == Delivery.State.WORKING else 0


# ---- in a process beside ----


def set_up() -> None:
    """Goods, and a folder that the ERP's files are put into."""
    bare_catalogue(PRODUCTS)
    system = ExternalSystem.objects.create(code="erp", label="ERP")
    Source.objects.create(code="stock", system=system, kind=Source.Kind.FOLDER, delivers=Source.Delivers.STOCK)


def put(lines: int) -> int:
    """Write the file, which tells of the same goods again and again; its megabytes."""
    source = Source.objects.get(code="stock")
    skus = list(Variant.objects.order_by("pk").values_list("sku", flat=True))
    inbox(source).mkdir(parents=True, exist_ok=True)
    path = Path(inbox(source)) / f".stock-{lines}.part"
    begun = time.time_ns()
    with path.open("wb") as file:
        for number in range(lines):
            sku = "nowhere" if number % UNKNOWN == 0 else skus[number % len(skus)]
            line = {"sku": sku, "location": "main", "available": number % 997, "sequence": begun + number}
            file.write(orjson.dumps(line) + b"\n")
    path = path.rename(path.with_name(f"stock-{lines}.ndjson"))
    size = path.stat().st_size >> 20
    time.sleep(3)  # who writes a file may not have finished: it is left alone for a moment
    Source.objects.update(next_at=None)
    return size


def work() -> int:
    """As a worker does; the most memory that it held."""
    while turn():
        pass
    return peak_megabytes()


def counts() -> dict[str, int]:
    delivery = Delivery.objects.latest("id")
    assert delivery.state == Delivery.State.DONE, delivery.problem
    return dict(delivery.counts)
