"""Prices and stock a second through the API, beside a bare upsert of the same rows in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
from django.db import connection, transaction
from django.test import Client

from benchmarks.catalogue import bare_catalogue
from benchmarks.measure import Table, own_instance, peak_megabytes, timed
from catalog.access import tokens
from catalog.models import Location, PriceList, User, Variant

CALL = 10_000  # lines, as many as a call may have
BARE_BATCH = 1000


def run(say: Callable[[str], None], *, products: int = 7000) -> Table:
    table = Table("intake", say)
    with own_instance():
        bare_catalogue(products)
        variants = list(Variant.objects.order_by("pk").values_list("pk", "sku"))
        client = _client()
        _measure(table, client, "stock", variants)
        _measure(table, client, "offers", variants)
        table.add("memory of this process at most", megabytes=peak_megabytes())
    return table


def _measure(table: Table, client: Client, kind: str, variants: Sequence[tuple[int, str]]) -> None:
    seconds, _ = timed(lambda: _bare(kind, variants))
    bare = table.add(f"{kind}: a bare upsert", rows_per_second=len(variants) / seconds)["rows_per_second"]
    for name, number, amount in (
        ("all changed", 1, 1),
        ("all changed again", 2, 2),
        ("the same lines once more", 2, 2),
        ("the same figures, newer", 3, 2),
    ):
        before = peak_megabytes()
        seconds, applied = timed(lambda n=number, a=amount: _send(client, kind, variants, n, a))
        table.add(
            f"{kind}: PATCH, {name}",
            rows_per_second=len(variants) / seconds,
            of_bare=round(len(variants) / seconds / bare, 3),
            applied=applied,
            more_megabytes=peak_megabytes() - before,
        )


def _client() -> Client:
    boss = User.objects.create_superuser("bench")
    _, text = tokens.create(user=boss, name="bench", scopes_wanted=["write"], rate=100_000)
    return Client(headers={"authorization": f"Bearer {text}"})


def _send(client: Client, kind: str, variants: Sequence[tuple[int, str]], number: int, amount: int) -> int:
    applied = 0
    for start in range(0, len(variants), CALL):
        body = b"\n".join(orjson.dumps(_line(kind, sku, number, amount)) for _, sku in variants[start : start + CALL])
        answer = client.patch(f"/api/v1/{kind}/", body, content_type="application/x-ndjson")
        assert answer.status_code == 200, answer.content
        for result in _results(answer):
            assert result["status"] == 200, result
            applied += result["applied"]
    return applied


def _line(kind: str, sku: str, number: int, amount: int) -> dict[str, Any]:
    if kind == "stock":
        return {"sku": sku, "location": "main", "available": 100 + amount, "sequence": number}
    price = f"{20 + amount}.50"
    return {"sku": sku, "price_list": "default", "price": price, "compare_at": "39.00", "sequence": number}


def _results(answer: Any) -> Iterator[dict[str, Any]]:
    rest = b""
    for piece in answer.streaming_content:
        *lines, rest = (rest + piece).split(b"\n")
        yield from map(orjson.loads, lines)


def _bare(kind: str, variants: Sequence[tuple[int, str]]) -> None:
    """What the database alone takes for it: no checks, no journal, no events."""
    table = "catalog_stocklevel" if kind == "stock" else "catalog_offer"
    place = Location.objects.get(code="main").pk if kind == "stock" else PriceList.objects.get(code="default").pk
    column = "location_id" if kind == "stock" else "price_list_id"
    amount = "available" if kind == "stock" else "price"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bare AS SELECT * FROM {table} WHERE variant_id < 0")  # noqa: S608
        cursor.execute(f"CREATE UNIQUE INDEX bare_once ON bare (variant_id, {column})")
        sql = (
            f"INSERT INTO bare (variant_id, {column}, {amount}, source_sequence) VALUES (%s, %s, %s, %s) "  # noqa: S608
            f"ON CONFLICT (variant_id, {column}) DO UPDATE SET {amount} = excluded.{amount}, "
            "source_sequence = excluded.source_sequence"
        )
        for start in range(0, len(variants), BARE_BATCH):
            cursor.executemany(sql, [(pk, place, 20, 1) for pk, _ in variants[start : start + BARE_BATCH]])
        cursor.execute("DROP TABLE bare")
