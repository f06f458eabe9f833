"""Smaller writes on a product: `productUpdate`, `productDelete`, `productVariantsBulkUpdate`.

Rules: shopify.dev pages of these mutations. Unlike productSet, an update merges metafields.
"""

from __future__ import annotations

from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    UserError,
    mutation,
    refuse_unsupported,
    unsupported,
    user_error,
    words,
)
from channels.sandbox.shopify.metafields import index_custom_ids
from channels.sandbox.shopify.operations import new_operation
from channels.sandbox.shopify.options import combination_of
from channels.sandbox.shopify.product_fields import write_fields
from channels.sandbox.shopify.product_set import find_product, save_product
from channels.sandbox.shopify.variants import apply_item, apply_variant, remove_variant, save
from channels.sandbox.store import Document

_UPDATE_INPUTS = words(
    "id title descriptionHtml vendor productType handle redirectNewHandle status tags seo category "
    "metafields collectionsToJoin collectionsToLeave "
    "templateSuffix requiresSellingPlan deleteConflictingConstrainedMetafields"
)
_BULK_INPUTS = words(
    "id barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem "
    "inventoryQuantities mediaId metafields optionValues unitPriceMeasurement showUnitPrice requiresComponents"
)


@mutation("productUpdate", "product")
def product_update(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    refuse_unsupported(args, frozenset({"product", "identifier"}), "productUpdate")
    given = args.get("product") or {}
    refuse_unsupported(given, _UPDATE_INPUTS, "ProductUpdateInput")
    identifier = args.get("identifier") or {"id": given.get("id") or ""}
    old = find_product(context, identifier)
    if old is None:
        raise Refused(user_error(["id"], "Product does not exist"))
    product = dict(old)
    write_fields(context, product, given, replace=False)
    return {"product": save_product(context, product, old), "userErrors": []}


@mutation("productDelete", "deletedProductId", "productDeleteOperation")
def product_delete(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    id = args["input"]["id"]
    product = context.store.get("product", id)
    if product is None:
        raise Refused(user_error(["id"], "Product does not exist"))
    delete_product(context, product)
    answer: Document = {"deletedProductId": id, "productDeleteOperation": None, "shop": {}, "userErrors": []}
    if not args.get("synchronous", True):
        operation = new_operation(context, "ProductDeleteOperation", product=id, errors=[])
        answer |= {"deletedProductId": None, "productDeleteOperation": operation}
    return answer


def delete_product(context: Context, product: Document) -> None:
    """The product with its variants and stock; its images stay among the shop's files."""
    for variant in context.store.children("variant", product["id"]):
        remove_variant(context, variant)
    index_custom_ids(context, product, None)
    context.store.delete("handle", product["handle"])
    context.store.delete("product", product["id"])
    context.record.effect("product.deleted", product["id"])


@mutation("productVariantsBulkUpdate", "product", "productVariants")
def bulk_update(_: Any, info: Info, args: Arguments) -> Document:
    """All rows or none, unless allowPartialUpdates: then every good row is written."""
    context: Context = info.context
    if args.get("media") is not None:
        raise unsupported("productVariantsBulkUpdate.media")
    product = context.store.get("product", args["productId"])
    if product is None:
        raise Refused(user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST"))
    before = list(context.record.effects)
    try:
        with context.store.transaction():
            variants, errors = _update_variants(context, product, args)
    except Refused as refused:
        context.record.effects = before
        return {"product": product, "productVariants": None, "userErrors": refused.errors}
    if any(effect.startswith(("variant.", "item.")) for effect in context.record.effects):
        product["updatedAt"] = context.stamp
        context.store.put("product", product["id"], product)
    return {"product": product, "productVariants": variants, "userErrors": errors}


def _update_variants(context: Context, product: Document, args: Arguments) -> tuple[list[Document], list[UserError]]:
    """Raises Refused where a bad row spoils the others."""
    variants: list[Document] = []
    errors: list[UserError] = []
    for index, given in enumerate(args["variants"]):
        refuse_unsupported(given, _BULK_INPUTS, "ProductVariantsBulkInput")
        effects = list(context.record.effects)
        try:
            with context.store.transaction():
                variants.append(_update_variant(context, product, given, ["variants", str(index)]))
        except Refused as refused:
            context.record.effects = effects
            errors += refused.errors
    if errors and not args["allowPartialUpdates"]:
        raise Refused(*errors)
    return variants, errors


def _update_variant(context: Context, product: Document, given: Arguments, where: list[str]) -> Document:
    if given.get("id") is None:
        message = "Product variant is missing ID attribute"
        raise Refused(user_error([*where, "id"], message, "PRODUCT_VARIANT_ID_MISSING"))
    old = context.store.get("variant", given["id"])
    if old is None or old["_product"] != product["id"]:
        message = "Product variant does not exist"
        raise Refused(user_error([*where, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
    if given.get("inventoryQuantities") is not None:
        message = (
            "Inventory quantities can only be provided during create. To update inventory for existing variants, use "
            "inventoryAdjustQuantities."
        )
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        raise Refused(user_error([*where, "inventoryQuantities"], message, code))
    variant = dict(old)
    if given.get("optionValues") is not None:
        _move(context, product, variant, given, where)
    if given.get("mediaId") is not None:
        if given["mediaId"] not in product["_files"]:
            message = "The media is not attached to the product"
            raise Refused(user_error([*where, "mediaId"], message, "INVALID_INPUT"))
        variant["_media"] = [given["mediaId"]]
    apply_variant(context, variant, given, where, replace=False)
    item = context.store.get("item", variant["_item"])
    assert item is not None
    apply_item(item, given.get("inventoryItem") or {}, where)
    save(context, variant, item, old)
    return variant


def _move(context: Context, product: Document, variant: Document, given: Arguments, where: list[str]) -> None:
    """Give the variant other option values, unless a sister has them."""
    combination = [list(pair) for pair in combination_of(product["_options"], given["optionValues"], where)]
    for sister in context.store.children("variant", product["id"]):
        if sister["id"] != variant["id"] and sister["_options"] == combination:
            message = "The variant already exists. Please change at least one option value."
            raise Refused(user_error(where, message, "VARIANT_ALREADY_EXISTS"))
    variant["_options"] = combination
