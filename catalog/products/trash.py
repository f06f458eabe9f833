"""The trash: what is moved there keeps all that hangs on it, and comes back with it.

Where a thing is used is asked of a socket, so that higher floors can say "live on shop X".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.attributes.types.base import PRODUCTS, attribute_types
from catalog.attributes.types.media import Media
from catalog.models import (
    Association,
    Attribute,
    AttributeOption,
    Category,
    MediaAsset,
    MediaLink,
    Product,
    Scope,
    ValueIndex,
)
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.holders import choosing
from catalog.products.write import WriteResult, write_product
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


def uses_of_product(product: Product) -> list[Use]:
    return pointing_at(product) + [use for source in product_uses for use in source([product.pk])]


def pointing_at(product: Product, *, itself: bool = False) -> list[Use]:
    """Products that point at it or one of its variants; with `itself`, only those that mean the product."""
    links = Association.objects.filter(to_product=product, product__trashed_at__isnull=True).exclude(product=product)
    links = links.filter(to_variant__isnull=True) if itself else links
    values = values_pointing_to(PRODUCTS, product.code).exclude(product=product)
    return [
        *_uses("associated by", Product.objects.filter(pk__in=links.values("product_id"))),
        *_uses("referred to by", Product.objects.filter(pk__in=values.values("product_id"))),
    ]


def values_pointing_to(to: str, code: str) -> QuerySet[ValueIndex]:
    """Values that hold the code of a product (PRODUCTS) or of a record of that entity."""
    kinds = [kind.name for kind in attribute_types if kind.points]
    attributes = Attribute.objects.filter(type__in=kinds, limits__to=to)
    return ValueIndex.objects.filter(attribute__in=attributes, text=code, product__trashed_at__isnull=True)


def _uses(how: str, products: QuerySet[Product]) -> list[Use]:
    """The first of the products, and how many there are; [] for none."""
    first = products.order_by("pk").values_list("code", flat=True).first()
    return [] if first is None else [Use(how, first, products.count())]


def in_use(change: ProductChange) -> list[ChangeError]:
    """What stands against it where a change moves a product or variants of it to the trash: where they are used."""
    if not change.trashed and not any(v.trashed for v in change.variants):
        return []
    product = Product.objects.filter(code_key=code_key(change.code)).first()
    if product is None:
        return []
    if change.trashed:
        uses = uses_of_product(product)
        return [_stands_against("", product.code, uses)] if uses else []
    found = []
    for variant in (v for v in change.variants if v.trashed):
        links = Association.objects.filter(to_variant__sku_key=code_key(variant.sku), product__trashed_at__isnull=True)
        links = links.filter(to_variant__product=product).exclude(product=product)
        if uses := _uses("associated by", Product.objects.filter(pk__in=links.values("product_id"))):
            found.append(_stands_against(variant.sku, variant.sku, uses))
    return found


def _stands_against(sku: str, name: str, uses: Sequence[Use]) -> ChangeError:
    remedy = "Take it out there first." if sku else "Take it out there first, or DELETE the product with force=true."
    return ChangeError("trashed", "in_use", f"{InUse(name, uses)} {remedy}", sku=sku, value="true")


def trash_product(*, product: Product, force: bool = False) -> WriteResult:
    """Raises InUse, unless forced. Call it inside `acting(…)`."""
    if not force and (uses := uses_of_product(product)):
        raise InUse(product.code, uses)
    return write_product(ProductChange(code=product.code, trashed=True))


def restore_product(*, product: Product) -> WriteResult:
    return write_product(ProductChange(code=product.code, trashed=False))


def trash_option(option: AttributeOption, *, force: bool = False) -> None:
    """Products keep the code as their value; it just cannot be chosen any more. Raises InUse, unless forced."""
    if not force and (uses := _uses("value of", choosing(option.attribute, [option.code]))):
        raise InUse(option.label(), uses)
    AttributeOption.everything.filter(pk=option.pk).update(trashed_at=timezone.now())


def restore_option(option: AttributeOption) -> None:
    AttributeOption.everything.filter(pk=option.pk).update(trashed_at=None)


def trash_category(category: Category, *, force: bool = False) -> int:
    """With the categories below it; how many. Products stay in it, so that a restore brings them back."""
    with transaction.atomic():
        nodes = Category.objects.filter(path__startswith=category.path, trashed_at__isnull=True)
        # A scope without its tree shows nothing of it, so no force takes that away.
        if scopes := list(Scope.objects.filter(category_tree__in=nodes).values_list("code", flat=True)):
            raise InUse(category.label(), [Use("category tree of the scope", scopes[0], len(scopes))])
        through = Product.categories.through.objects.filter(category__in=nodes)
        products = Product.objects.filter(pk__in=through.values("product_id"))
        if not force and (uses := _uses("category of", products)):
            raise InUse(category.label(), uses)
        return int(nodes.update(trashed_at=timezone.now()))


def restore_category(category: Category) -> int:
    """With what went to the trash at the same moment, and with the categories above it."""
    with transaction.atomic():
        below = Category.objects.filter(path__startswith=category.path, trashed_at=category.trashed_at)
        count = below.update(trashed_at=None)
        above = [category.path[:n] for n in range(Category.steplen, len(category.path), Category.steplen)]
        return int(count + Category.objects.filter(path__in=above, trashed_at__isnull=False).update(trashed_at=None))


def trash_media(asset: MediaAsset) -> None:
    """Raises InUse while a product shows it; the bytes stay until the trash is emptied."""
    links = MediaLink.objects.filter(asset=asset)
    uses = _uses("picture of", Product.everything.filter(pk__in=links.values("product_id")))
    for attribute in Attribute.objects.filter(type=Media.name):
        uses += _uses(f"{attribute.label()} of", choosing(attribute, {asset.key, asset.identity}))
    if uses:
        raise InUse(asset.title or asset.key[:20], uses)
    MediaAsset.objects.filter(pk=asset.pk).update(trashed_at=timezone.now())


def restore_media(asset: MediaAsset) -> None:
    MediaAsset.objects.filter(pk=asset.pk).update(trashed_at=None)
