"""A catalogue of made-up goods in the instance at hand, imported and approved."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model
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
from governance.models import Revision, Standing
from governance.workflow import verbs
from pimhub.foundation.bulk import append_objects

BLOCK = 2000  # products written at once
M = TypeVar("M", bound=Model)


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


def many_approved(home: Path, products: int, *, approved: int = 2000) -> None:
    """The first `approved` of them take the whole way; the rest are copies of those, written as rows under codes and
    SKUs of their own: for what reads what is approved, and nothing of how that came about."""
    approved_catalogue(home, min(products, approved))
    rows = Standing.objects.filter(live__isnull=False).select_related("live", "product").order_by("product_id")
    standings = list(rows.prefetch_related("product__variants__offers", "product__variants__stock_levels"))
    for start in range(len(standings), products, BLOCK):
        numbers = range(start, min(start + BLOCK, products))
        _copies([(n, standings[n % len(standings)]) for n in numbers])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copies(wanted: Sequence[tuple[int, Standing]]) -> None:
    goods, variants, offers, stock, revisions, standings = [], [], [], [], [], []
    for number, standing in wanted:
        product = _copy(standing.product, code=f"{standing.product.code}-{number}")
        product.code_key = code_key(product.code)
        goods.append(product)
        skus = {}
        for held in standing.product.variants.all():
            variant = _copy(held, product=product, sku=f"{held.sku}-{number}", gtin=None)
            variant.sku_key, skus[held.sku] = code_key(variant.sku), variant.sku
            variants.append(variant)
            offers += [_copy(offer, variant=variant) for offer in held.offers.all()]
            stock += [_copy(level, variant=variant) for level in held.stock_levels.all()]
        assert standing.live is not None
        manifest = standing.live.manifest
        manifest = {**manifest, "variants": {skus[sku]: part for sku, part in manifest["variants"].items()}}
        revisions.append(_copy(standing.live, product=product, manifest=manifest))
        standings.append(_copy(standing, product=product, live=revisions[-1]))
    append_objects(goods, unique="code_key")
    append_objects(_known(variants, "product"), unique="sku_key")
    append_objects(_known(offers, "variant"))
    append_objects(_known(stock, "variant"))
    Revision.objects.bulk_create(_known(revisions, "product"))
    Standing.objects.bulk_create(_known(_known(standings, "product"), "live"))


def _known(rows: list[Any], name: str) -> list[Any]:
    """The rows, once what they belong to has its key."""
    for row in rows:
        setattr(row, name, getattr(row, name))
    return rows


def _copy(row: M, **given: Any) -> M:
    """The row once more, not saved."""
    made = copy.copy(row)
    made._state = copy.copy(row._state)
    made._state.fields_cache = {}
    made._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    made.pk, made._state.adding = None, True
    for name, value in given.items():
        setattr(made, name, value)
    return made
