"""Who holds a value, also where no index of values is kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from catalog.attributes.types import type_of
from catalog.attributes.values import attribute_of
from catalog.models import Attribute, Product, ValueIndex, Variant
from pimhub.foundation.jsonvalue import JSON

M = TypeVar("M", bound=Model)


def holding(rows: QuerySet[M], attribute: Attribute) -> Any:
    """Those that may hold a value of the attribute, in any language and scope: its code is in the text of the JSON."""
    found = Q()
    for end in ('"', "@", "#"):
        found |= Q(values_text__contains=f'"{attribute.code}{end}')
    return rows.order_by().annotate(values_text=Cast("values", TextField())).filter(found)


def choosing(attribute: Attribute, codes: Collection[str]) -> QuerySet[Product]:
    """Products that have one of the codes as their value, or in a list, themselves or in a variant; the trash too."""
    if attribute.filterable or attribute.unique or type_of(attribute.type).points:
        held = ValueIndex.objects.filter(attribute=attribute, text__in=codes)
        return Product.everything.filter(pk__in=held.values("product_id"))
    found: set[int] = set()
    products = holding(Product.everything.all(), attribute).values_list("pk", "values")
    variants = holding(Variant.everything.all(), attribute).values_list("product_id", "values")
    for rows in (products, variants):
        for pk, values in rows.iterator(chunk_size=2000):
            if any(attribute_of(key) == attribute.code and _has(value, codes) for key, value in values.items()):
                found.add(pk)
    return Product.everything.filter(pk__in=found)


def _has(value: JSON, codes: Collection[str]) -> bool:
    return any(each in codes for each in (value if isinstance(value, list) else [value]))
