"""A catalogue of made-up goods in the instance at hand, imported and approved."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.utils import timezone

from benchmarks.goods import VARIANTS, write_shopify
from catalog.change_sets import acting
from catalog.demo_people import ensure_people
from catalog.imports.run import start_run, work_through
from catalog.models import (
    ChangeSet,
    Family,
    Location,
    Offer,
    PriceList,
    Product,
    StockLevel,
    User,
    Variant,
)
from catalog.models.codes import code_key
from channels.demo.shop import ensure_channels
from governance.models import Standing
from governance.workflow import verbs
from pimhub.foundation.bulk import append_objects

BLOCK = 2000  # products written at once


def imported_catalogue(home: Path, products: int) -> None:
    """The demo's people and channels, and so many products of three variants."""
    ensure_people()
    ensure_channels()
    path = home / "goods.csv"
    write_shopify(path, products)
    run = work_through(start_run(user=None, filename=path.name, chunks=[path.read_bytes()], apply=True))
    assert run.counts["products"] == products, run.problems.first()


def bare_catalogue(products: int) -> None:
    """So many products of three variants with a price and stock each, written as rows: for what reads nothing else."""
    ensure_people()
    for start in range(0, products, BLOCK):
        _bare(range(start, min(start + BLOCK, products)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as after the first minutes of any database


def _bare(numbers: range) -> None:
    family, now = Family.objects.get(code="default"), timezone.now()
    goods = [Product(code=f"p{n:07d}", family=family, created_at=now, updated_at=now) for n in numbers]
    for product in goods:
        product.code_key = code_key(product.code)
    append_objects(goods, unique="code_key")
    variants = [
        Variant(product=product, sku=f"P{product.code[1:]}-{n}", position=n, created_at=now, updated_at=now)
        for product in goods
        for n in range(1, VARIANTS + 1)
    ]
    for variant in variants:
        variant.sku_key = code_key(variant.sku)
    append_objects(variants, unique="sku_key")
    prices, place = PriceList.objects.get(code="default"), Location.objects.get(code="main")
    append_objects([Offer(variant=v, price_list=prices, price=Decimal(20), updated_at=now) for v in variants])
    append_objects([StockLevel(variant=v, location=place, available=1, updated_at=now) for v in variants])


def approved_catalogue(home: Path, products: int) -> None:
    """The same, all of it live."""
    imported_catalogue(home, products)
    author, reviewer = (User.objects.get(username=name) for name in ("merchandiser", "reviewer"))
    for standing in Standing.objects.select_related("product").iterator():
        with acting(user=author, source=ChangeSet.Source.COMMAND):
            verbs.submit(product=standing.product, user=author)
        with acting(user=reviewer, source=ChangeSet.Source.COMMAND):
            verbs.approve(product=standing.product, user=reviewer, content_hash=standing.content_hash)
