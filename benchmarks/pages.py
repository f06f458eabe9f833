"""Milliseconds of the pages people live in, beside the same fifty rows as bare JSON."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from django.test import Client
from django.test.utils import override_settings

from benchmarks.catalogue import approved_catalogue
from benchmarks.measure import Table, latencies, own_instance, peak_megabytes
from catalog.models import Product, User


def run(say: Callable[[str], None], *, products: int = 1000) -> Table:
    table = Table("pages", say)
    with own_instance() as home, override_settings(ALLOWED_HOSTS=["testserver"], **PLAIN):
        approved_catalogue(home, products)
        floor = table.add("fifty rows by values() as JSON", **latencies(_bare))["p50_ms"]
        client = Client()
        client.force_login(User.objects.get(username="admin"))
        last = Product.objects.order_by("-pk").values_list("pk", flat=True)[products * 4 // 5]
        for name, path in (
            ("grid, first page", "/products/"),
            ("grid, page at four fifths", f"/products/?after={last}"),
            ("grid, search for two words", "/products/?q=alder+shirt"),
            ("product", "/products/p0000001/"),
            ("imports", "/imports/"),
            ("review queue", "/review/"),
            ("channel", "/channels/google/"),
        ):
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)
            taken = latencies(lambda path=path: client.get(path))  # type: ignore[misc]
            table.add(name, **taken, of_bare=round(taken["p50_ms"] / floor, 1), kilobytes=len(answer.content) // 1024)
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


# Without the collected files of an instance; no shared cache.
PLAIN = {
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
}


def _bare() -> bytes:
    rows = Product.objects.order_by("-id").values("code", "values", "version", "family__code")[:50]
    return orjson.dumps(list(rows))
