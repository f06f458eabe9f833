"""Items of a Google feed a second, beside a bare cursor over the same rows that writes the same tags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.catalogue import many_approved
from benchmarks.measure import Table, own_instance, peak_megabytes, timed
from catalog.models import Variant
from channels.feeds.build import FeedReport, write_feed
from channels.models import Channel


def run(say: Callable[[str], None], *, products: int = 1000) -> Table:
    table = Table("feed", say)
    with own_instance() as home:
        many_approved(home, products)
        seconds, items = timed(lambda: _bare(home / "bare.xml"))
        bare = table.add("a bare cursor with text templates", items_per_second=items / seconds)["items_per_second"]
        channel = Channel.objects.get(code="google")
        report = FeedReport()

        def build() -> FeedReport:
            return write_feed(channel, home / "feed.xml")

        seconds, report = timed(build)
        assert not report.skipped, report.skipped[0]
        table.add(
            "PIMHub, the first build: mapping, preflight, items",
            items_per_second=report.items / seconds,
            of_bare=round(report.items / seconds / bare, 3),
        )
        seconds, report = timed(build)
        table.add(
            "PIMHub, the next build: nothing changed",
            items_per_second=report.items / seconds,
            of_bare=round(report.items / seconds / bare, 3),
        )
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


def _bare(path: Path) -> int:
    """What the feed costs without mapping, checks and revisions."""
    columns = ("sku", "gtin", "values", "product__code", "product__values", "offers__price")
    items = 0
    with path.open("w") as file:
        for sku, gtin, values, code, shared, price in Variant.objects.values_list(*columns).iterator(2000):
            tags = {
                "id": sku,
                "gtin": gtin,
                "title": shared.get("name@en_US"),
                "description": shared.get("description@en_US"),
                "brand": shared.get("brand"),
                "price": f"{price} EUR",
                "item_group_id": code,
                "color": values.get("color"),
                "size": values.get("size"),
                "link": f"https://shop.example/products/{code}",
            }
            body = "".join(f"<g:{name}>{escape(str(text))}</g:{name}>" for name, text in tags.items() if text)
            file.write(f"<item>{body}</item>\n")
            items += 1
    return items
