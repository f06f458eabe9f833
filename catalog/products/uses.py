"""Where products and what hangs on them are used: asked before anything goes to the trash.

Higher floors plug in, so that they can say "live on shop X".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.attributes.types.base import PRODUCTS, attribute_types
from catalog.models import Association, Attribute, Product, ValueIndex
from catalog.models.codes import code_key
from catalog.products.changes import ProductChange
from catalog.products.state import ProductState
from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Use:
    """A place where something is used: how it is used, by what, and how often."""

    how: str
    what: str
    count: int = 1

    def told(self) -> dict[str, str | int]:
        return {"how": self.how, "what": self.what, "count": self.count}

    def __str__(self) -> str:
        return f"{self.how}: {self.what}" + (f" and {self.count - 1} more" if self.count > 1 else "")


class InUse(Exception):
    """It cannot go to the trash while it is used; `uses` says where."""

    def __init__(self, name: str, uses: Sequence[Use]) -> None:
        super().__init__(f"{name} is in use. {'; '.join(map(str, uses))}.")
        self.uses = list(uses)


# Where products are used: (product ids) → uses. Higher floors plug in.
product_uses: Registry[Callable[[Sequence[int]], Iterable[Use]]] = Registry("product use")


def uses_of_product(product: Product, *, but: Collection[int] = ()) -> list[Use]:
    """Where a product or a variant of it is used; `but` are ids of products whose use does not count."""
    return pointing_at(product, but=but) + [use for source in product_uses for use in source([product.pk])]


def uses_of_variant(product: Product, sku: str) -> list[Use]:
    links = Association.objects.filter(to_variant__sku_key=code_key(sku), to_variant__product=product)
    links = links.filter(product__trashed_at__isnull=True).exclude(product=product)
    return uses_by("associated by", Product.objects.filter(pk__in=links.values("product_id")))


def pointing_at(product: Product, *, itself: bool = False, but: Collection[int] = ()) -> list[Use]:
    """Products that point at it or one of its variants; with `itself`, only those that mean the product."""
    ours = {product.pk, *but}
    links = Association.objects.filter(to_product=product, product__trashed_at__isnull=True).exclude(product__in=ours)
    links = links.filter(to_variant__isnull=True) if itself else links
    values = values_pointing_to(PRODUCTS, product.code).exclude(product__in=ours)
    return [
        *uses_by("associated by", Product.objects.filter(pk__in=links.values("product_id"))),
        *uses_by("referred to by", Product.objects.filter(pk__in=values.values("product_id"))),
    ]


def values_pointing_to(to: str, code: str) -> QuerySet[ValueIndex]:
    """Values that hold the code of a product (PRODUCTS) or of a record of that entity."""
    kinds = [kind.name for kind in attribute_types if kind.points]
    attributes = Attribute.objects.filter(type__in=kinds, limits__to=to)
    return ValueIndex.objects.filter(attribute__in=attributes, text=code, product__trashed_at__isnull=True)


def uses_by(how: str, products: QuerySet[Product]) -> list[Use]:
    """The first of the products, and how many there are; [] for none."""
    first = products.order_by("pk").values_list("code", flat=True).first()
    return [] if first is None else [Use(how, first, products.count())]


def in_the_way(changes: Sequence[ProductChange], states: Mapping[str, ProductState]) -> dict[tuple[str, str], str]:
    """What stands against it where changes move products or variants to the trash: (code key, SKU key or "") →
    where they are used, in words. What goes to the trash in the same call uses nothing any more."""
    asked = [(c, states[key]) for c in changes if not c.force and (key := code_key(c.code)) in states]
    asked = [(c, s) for c, s in asked if c.trashed or any(v.trashed for v in c.variants)]
    going = {s.row.pk for c, s in asked if c.trashed}
    found: dict[tuple[str, str], str] = {}
    for change, state in asked:
        key = code_key(change.code)
        if change.trashed and not state.trashed and (uses := uses_of_product(state.row, but=going)):
            found[key, ""] = f"{InUse(state.row.code, uses)} Take it out there first, or trash it with force."
        for sku in () if change.trashed else (v.sku for v in change.variants if v.trashed):
            if uses := uses_of_variant(state.row, sku):
                found[key, code_key(sku)] = f"{InUse(sku, uses)} Take it out there first, or trash it with force."
    return found
