"""A whole assortment through the API: upserts a second, and pages, filters and edits once it is there."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from simple_history.utils import bulk_create_with_history

from benchmarks.measure import Table, latencies, own_instance, peak_megabytes, ratio, timed
from benchmarks.pages import PLAIN
from catalog.access import tokens
from catalog.models import (
    Attribute,
    AttributeOption,
    Category,
    Completeness,
    Family,
    Product,
    RoleLimit,
    User,
    Variant,
)
from catalog.structure import recompute

LINES = 2500  # of a call: 7,500 variants
VARIANTS = 3
BRANDS = [f"Brand {n}" for n in range(200)]
WORDS = [
    "alder",
    "birch",
    "cedar",
    "elm",
    "fir",
    "hazel",
    "larch",
    "maple",
    "oak",
    "pine",
    "rowan",
    "spruce",
    "willow",
    "yew",
    "ash",
    "beech",
]
KINDS = [
    "shirt",
    "jacket",
    "boot",
    "mug",
    "lamp",
    "chair",
    "table",
    "bag",
    "belt",
    "hat",
    "scarf",
    "sock",
    "glove",
    "coat",
    "dress",
    "ring",
]
SIZES = ("s", "m", "l")


def product(number: int, *, price: int = 0) -> dict[str, Any]:
    name = f"{WORDS[number % 16].title()} {KINDS[number // 16 % 16]} {number}"
    return {
        "code": f"a{number:07}",
        "family": "default",
        "axes": ["size"],
        "categories": [f"c{number % 300}"],
        "values": {
            "name@en_US": name,
            "name@de_DE": f"{name} (de)",
            "brand": BRANDS[number % 200],
            "product_type": KINDS[number // 16 % 16],
            "description@en_US": f"<p>{name}: made of {WORDS[number % 7]}, for every day of the year.</p>",
        },
        "variants": [
            {
                "sku": f"a{number:07}-{size}",
                "values": {"size": size},
                # A prime, so that a limited role's categories hold as many of each price as the others.
                "offers": {"default": {"price": f"{10 + number % 89 + price}.90"}},
                "stock": {"main": number % 40},
            }
            for size in SIZES
        ],
    }


def run(say: Callable[[str], None], *, products: int = 3_400) -> Table:
    table = Table("assortment", say)
    with own_instance(), override_settings(ALLOWED_HOSTS=["testserver"], DEBUG=False, **PLAIN):
        api = _Api()
        floor = table.add("plain rows with history, no checks", rows_s=_floor())["rows_s"]
        for name, price, count in (
            ("upsert: all new", 0, products),
            ("upsert: nothing changed", 0, min(products, 10_000)),
            ("upsert: every price changed", 1, min(products, 10_000)),
        ):
            seconds, _ = timed(
                lambda count=count, price=price: api.upsert(product(n, price=price) for n in range(count))
            )  # type: ignore[misc]
            rate = count * VARIANTS / seconds
            table.add(f"{name} ({count * VARIANTS:,} variants)", rows_s=round(rate), of_plain=round(rate / floor, 2))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        _pages(table, api, products)
        family = Family.objects.get(code="default")
        with transaction.atomic():
            recompute.request(family)
        (waiting,) = recompute.waiting()
        seconds, _ = timed(lambda: deque(iter(lambda: recompute.advance(waiting), False), maxlen=0))
        table.add("derived anew after a changed requirement", products_s=round(products / seconds))
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


class _Api:
    def __init__(self) -> None:
        self.person = User.objects.create_superuser("bench")
        self.person.groups.set(Group.objects.all())
        _, text = tokens.create(user=self.person, name="bench", scopes_wanted=["write"], rate=10**6)
        self.headers = {"Authorization": f"Bearer {text}"}
        self.client = Client()
        size = Attribute.objects.get(code="size")
        for each in SIZES:
            AttributeOption.objects.create(attribute=size, code=each, labels={"en_US": each})
        tree = Category.objects.get(code="products")
        for number in range(300):
            Category.objects.add_child(
                Category.objects.get(pk=tree.pk), {"code": f"c{number}", "code_key": f"c{number}"}
            )

    def upsert(self, rows: Iterator[dict[str, Any]]) -> None:
        batch: list[bytes] = []
        for row in rows:
            batch.append(orjson.dumps(row))
            if len(batch) == LINES:
                self._send(batch)
                batch = []
        if batch:
            self._send(batch)

    def _send(self, batch: list[bytes]) -> None:
        answer = self.client.generic(
            "PATCH", "/api/v1/products/", b"\n".join(batch), "application/x-ndjson", headers=self.headers
        )
        for piece in answer:
            for line in piece.splitlines():
                assert b'"errors":[]' in line, line

    def get(self, path: str) -> Any:
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, (path, answer.content[:300])
        return answer


def _floor() -> float:
    """What Django writes in bulk with django-simple-history: two tables, no checks, no journal, no events."""
    family = Family.objects.get(code="default")
    rows = [product(n) for n in range(10**6, 10**6 + 1000)]

    def write() -> None:
        made = [Product(code=r["code"], code_key=r["code"], family=family, values=r["values"]) for r in rows]
        made = bulk_create_with_history(made, Product, batch_size=500)
        variants = [
            Variant(product=p, sku=v["sku"], sku_key=v["sku"], values=v["values"])
            for p, r in zip(made, rows, strict=True)
            for v in r["variants"]
        ]
        bulk_create_with_history(variants, Variant, batch_size=500)

    seconds, _ = timed(write)
    Product.everything.filter(code__gte="a1000000").delete()
    return round(len(rows) * VARIANTS / seconds)


def _pages(table: Table, api: _Api, products: int) -> None:
    floor = table.add("fifty rows by values() as JSON", **latencies(_bare))["p50_ms"]
    free, limited = Client(), Client()
    for client, limits in ((free, False), (limited, True)):
        client.force_login(_merchandiser(limits=limits))
    middle = Product.objects.order_by("-pk").values_list("pk", flat=True)[products * 4 // 5]

    def page(path: str, browser: Client = free) -> Callable[[], Any]:
        def look() -> None:
            answer = browser.get(path)
            assert answer.status_code == 200, path

        return look

    def asked(given: Any) -> str:
        return json.dumps(given)

    brand = asked({"field": "brand", "op": "=", "value": "Brand 7"})
    both = asked(
        [
            {"field": "brand", "op": "=", "value": "Brand 7"},
            {"field": "category", "op": "in children", "value": ["products"]},
        ]
    )
    for name, path in (
        ("grid, first page", "/products/"),
        ("grid, by code", "/products/?sort=code"),
        ("grid, one brand", f"/products/?filter={brand}"),
        ("grid, one brand in a category tree", f"/products/?filter={both}"),
        (
            "grid, incomplete in German",
            f"/products/?filter={asked({'field': 'completeness', 'op': '<', 'value': 100, 'locale': 'de_DE'})}",
        ),
        ("grid, price above 95", f"/products/?filter={asked({'field': 'price', 'op': '>', 'value': '95'})}"),
        ("grid, two words", "/products/?q=alder+shirt"),
        ("grid, one SKU", f"/products/?q=a{products // 2:07}-m"),
    ):
        taken = latencies(page(path), times=30)
        table.add(
            name,
            **taken,
            of_bare=round(taken["p50_ms"] / floor, 1),
            limited_of_all=ratio(page(path, limited), page(path)),
        )
    # What a page of the grid asks for once it is there.
    for name, path in (
        ("how many, of all", "/products/count"),
        ("how many, of one brand", f"/products/count?filter={brand}"),
        (
            "how many, price above 95",
            f"/products/count?filter={asked({'field': 'price', 'op': '>', 'value': '95'})}",
        ),
    ):
        taken = latencies(page(path), times=30)
        table.add(
            name,
            **taken,
            of_bare=round(taken["p50_ms"] / floor, 1),
            limited_of_all=ratio(page(path, limited), page(path)),
        )
    first = api.get("/api/v1/products/?limit=50").json()
    assert first["next"]
    taken = latencies(lambda: api.get("/api/v1/products/?limit=50"), times=30)
    table.add("API, fifty products", **taken, of_bare=round(taken["p50_ms"] / floor, 1))
    cursor = _cursor(middle)
    deep = latencies(lambda: api.get(f"/api/v1/products/?limit=50&cursor={cursor}"), times=30)
    table.add("API, a page at four fifths", **deep, of_first=round(deep["p50_ms"] / taken["p50_ms"], 2))
    counted = latencies(lambda: api.get("/api/v1/products/?limit=1&fields=code&count=true"), times=30)
    table.add("API, with the count", **counted)
    number = iter(range(10**9))
    code = Product.objects.order_by("pk").values_list("code", flat=True)[products // 2]

    def edit(key: str) -> None:
        body = orjson.dumps({"values": {key: f"Alder shirt {next(number)}"}})
        answer = api.client.generic(
            "PATCH", f"/api/v1/products/{code}/?fields=code", body, "application/json", headers=api.headers
        )
        assert answer.status_code == 200, answer.content

    for name, key in (("of a value", "custom_label_0"), ("of a name that is required and searched", "name@en_US")):
        edited = latencies(lambda key=key: edit(key), times=40)  # type: ignore[misc]
        table.add(f"API, one edit {name}", **edited, of_bare=round(edited["p50_ms"] / floor, 1))
    assert Completeness.objects.exists()


def _merchandiser(*, limits: bool) -> User:
    """A merchandiser; with `limits`, of every third category, in two languages."""
    role = Group.objects.create(name="a-third" if limits else "all-of-it")
    role.permissions.set(Group.objects.get(name="merchandiser").permissions.all())
    if limits:
        RoleLimit.objects.bulk_create(
            [RoleLimit(role=role, kind="category", code=f"c{n}") for n in range(0, 300, 3)]
            + [RoleLimit(role=role, kind="locale", code=code) for code in ("en_US", "de_DE")]
        )
    person = User.objects.create_user(role.name)
    person.groups.add(role)
    return person


def _cursor(pk: int) -> str:
    from catalog.api.paging import Order, cursor_of

    return cursor_of(Product.objects.get(pk=pk), Order("pk", descending=True))


def _bare() -> bytes:
    rows = Product.objects.order_by("-id").values("code", "values", "version", "family__code")[:50]
    return orjson.dumps(list(rows))
