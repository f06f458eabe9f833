"""The trash: what is moved there keeps all that hangs on it, and comes back with it. What is in use stays."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from catalog.attributes.types.media import Media
from catalog.models import Attribute, AttributeOption, Category, MediaAsset, MediaLink, Product, Scope
from catalog.products.changes import ProductChange
from catalog.products.holders import choosing
from catalog.products.uses import InUse, Use, uses_by, uses_of_product
from catalog.products.write import WriteResult, write_product


def trash_product(*, product: Product, force: bool = False) -> WriteResult:
    """Raises InUse, unless forced. Call it inside `acting(…)`."""
    if not force and (uses := uses_of_product(product)):
        raise InUse(product.code, uses)
    return write_product(ProductChange(code=product.code, trashed=True, force=True))


def restore_product(*, product: Product) -> WriteResult:
    return write_product(ProductChange(code=product.code, trashed=False))


def trash_option(option: AttributeOption, *, force: bool = False) -> None:
    """Products keep the code as their value; it just cannot be chosen any more. Raises InUse, unless forced."""
    if not force and (uses := uses_by("value of", choosing(option.attribute, [option.code]))):
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
        if not force and (uses := uses_by("category of", products)):
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
    uses = uses_by("picture of", Product.everything.filter(pk__in=links.values("product_id")))
    for attribute in Attribute.objects.filter(type=Media.name):
        uses += uses_by(f"{attribute.label()} of", choosing(attribute, {asset.key, asset.identity}))
    if uses:
        raise InUse(asset.title or asset.key[:20], uses)
    MediaAsset.objects.filter(pk=asset.pk).update(trashed_at=timezone.now())


def restore_media(asset: MediaAsset) -> None:
    MediaAsset.objects.filter(pk=asset.pk).update(trashed_at=None)
