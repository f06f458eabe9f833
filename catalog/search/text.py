"""Free text: every word must be found in code, names, brand, SKUs, barcodes or a chosen attribute."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from catalog.models import Product, Variant
from catalog.models.codes import code_key

MAX_WORDS = 10


def words_of(text: str) -> list[str]:
    return code_key(text.replace("\x00", " ")).split()[:MAX_WORDS]


def matching(query: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Those of the products that have every word; all without words."""
    for word in words_of(text):
        query = query.filter(search_text__contains=word)
    return query


def exact_ids(text: str) -> list[int]:
    """Products whose code, SKU or barcode is the very text: what people who paste one want, first."""
    key = code_key(text.replace("\x00", " "))
    if not key:
        return []
    found = list(Product.objects.filter(code_key=key).values_list("pk", flat=True))
    named = Variant.objects.filter(Q(sku_key=key) | Q(gtin=key)).values_list("product_id", flat=True)
    return list(dict.fromkeys([*found, *named[:10]]))


def ranked(query: QuerySet[Product], text: str) -> QuerySet[Product]:
    """The same products with `rank`: 0 the very code, SKU or barcode · 1 a code or SKU that begins so · 2 a name
    that begins so · 3 the rest."""
    key = code_key(text.replace("\x00", " "))
    begins = Variant.objects.filter(sku_key__startswith=key).values("product_id")
    whens = [
        When(pk__in=exact_ids(text), then=Value(0)),
        When(Q(code_key__startswith=key) | Q(pk__in=begins), then=Value(1)),
        When(search_text__contains=f"\n{key}", then=Value(2)),
    ]
    return query.annotate(rank=Case(*whens, default=Value(3), output_field=IntegerField()))
