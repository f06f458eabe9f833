"""`productSet`: make a product exactly what is listed, found by id, handle or custom id.

Rules: shopify.dev productSet and the descriptions of ProductSetUserErrorCode.
"""

from __future__ import annotations

from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    UserError,
    blame,
    mutation,
    refuse_unsupported,
    user_error,
    words,
)
from channels.sandbox.shopify.media import write_files
from channels.sandbox.shopify.metafields import (
    check_unique,
    definition_of,
    find_by_metafield,
    index_custom_ids,
    namespace_of,
    write_metafields,
)
from channels.sandbox.shopify.operations import new_operation
from channels.sandbox.shopify.options import write_options
from channels.sandbox.shopify.product_fields import new_product, write_fields
from channels.sandbox.shopify.variants import new_item, new_variant, save, set_variants
from channels.sandbox.store import Document

_INPUTS = words(
    "id title descriptionHtml vendor productType handle redirectNewHandle status tags seo category "
    "collections metafields files productOptions variants templateSuffix requiresSellingPlan "
    "giftCard"
)
_MOST_VARIANTS = 2_048


@mutation("productSet", "product", "productSetOperation")
def product_set(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    if args.get("synchronous", True):
        product = set_product(context, args.get("identifier"), args["input"])
        return {"product": product, "productSetOperation": None, "userErrors": []}
    errors: list[UserError] = []
    id = None
    effects = list(context.record.effects)
    before = {product["id"] for product in context.store.all("product")}
    try:
        with context.store.transaction():
            id = set_product(context, args.get("identifier"), args["input"])["id"]
    except Refused as refused:
        if any(error["code"] == "ID_NOT_ALLOWED" for error in refused.errors):
            raise
        errors, context.record.effects = refused.errors, effects
        blame(context, "productSet", errors)
    makes = id is not None and id not in before
    operation = new_operation(context, "ProductSetOperation", product=id, errors=errors, makes=makes)
    return {"product": None, "productSetOperation": operation, "userErrors": []}


def set_product(context: Context, identifier: Arguments | None, given: Arguments) -> Document:
    """Create or update, and return the product as it is now. Raises Refused with nothing changed.

    1. Find the product the identifier or `input.id` means.
    2. Write its own fields, then metafields and files.
    3. Write options and variants, which come together or not at all.
    """
    refuse_unsupported(given, _INPUTS, "ProductSetInput")
    old, named = _find(context, identifier, given)
    product = dict(old) if old else new_product(context, given)
    write_fields(context, product, given, replace=True)
    if named is not None and given.get("metafields") is None and old is None:
        product["_metafields"] = write_metafields(
            context, [], [named], owner="PRODUCT", field=["identifier", "customId"], replace=True
        )
    if given.get("files") is not None:
        product["_files"] = write_files(context, given["files"])
    _write_variants(context, product, given, created=old is None)
    return save_product(context, product, old)


def _find(context: Context, identifier: Arguments | None, given: Arguments) -> tuple[Document | None, Arguments | None]:
    """The product meant, and the metafield of its custom id when that is how it was named."""
    if identifier is None:
        if given.get("id") is None:
            return None, None
        found = context.store.get("product", given["id"])
        if found is None:
            raise Refused(user_error(["input", "id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST"))
        return found, None
    if "id" in given:
        message = "The id field is not allowed if identifier is provided."
        raise Refused(user_error(["input", "id"], message, "ID_NOT_ALLOWED"))
    if identifier.get("handle") is not None:
        if given.get("handle") is None:
            message = "The input field corresponding to the identifier is required."
            raise Refused(user_error(["input", "handle"], message, "MISSING_FIELD_REQUIRED"))
        if given["handle"] != identifier["handle"]:
            message = "The identifier value does not match the value of the corresponding field in the input."
            raise Refused(user_error(["identifier", "handle"], message, "INPUT_MISMATCH"))
        return find_product(context, identifier), None
    found = find_product(context, identifier)
    if identifier.get("customId") is None:
        if found is None:
            message = "Resource matching the identifier was not found."
            raise Refused(user_error(["identifier", "id"], message, "NOT_FOUND"))
        return found, None
    return found, _named(context, identifier["customId"], given)


def _named(context: Context, custom: Arguments, given: Arguments) -> Arguments:
    place = (namespace_of(custom.get("namespace")), custom["key"])
    if given.get("metafields") is not None and not any(
        (namespace_of(item.get("namespace")), item.get("key"), item.get("value")) == (*place, custom["value"])
        for item in given["metafields"]
    ):
        message = "The input argument `metafields` (if present) must contain the `customId` value."
        raise Refused(user_error(["input", "metafields"], message, "METAFIELD_MISMATCH"))
    return {"namespace": place[0], "key": place[1], "value": custom["value"]}


def find_product(context: Context, identifier: Arguments) -> Document | None:
    """By id, handle or custom id; the latter needs a definition of type `id` (or raises Refused)."""
    if identifier.get("id") is not None:
        return context.store.get("product", identifier["id"])
    if identifier.get("handle") is not None:
        held = context.store.get("handle", identifier["handle"])
        return context.store.get("product", held["product"]) if held else None
    custom = identifier["customId"]
    namespace = namespace_of(custom.get("namespace"))
    definition = definition_of(context, "PRODUCT", namespace, custom["key"])
    if definition is None or not definition["_unique"] or definition["_type"] != "id":
        message = f"Metafield definition of type 'id' is required for {namespace}.{custom['key']}."
        raise Refused(user_error(["identifier", "customId"], message, "INVALID_METAFIELD"))
    return find_by_metafield(context, namespace, custom["key"], custom["value"])


def _write_variants(context: Context, product: Document, given: Arguments, *, created: bool) -> None:
    options, variants = given.get("productOptions"), given.get("variants")
    if options is None and variants is None:
        if created:
            _add_default_variant(context, product)
        return
    if not variants:
        message = "Variants input is required when updating product options"
        raise Refused(user_error(["input", "variants"], message, "VARIANTS_INPUT_MISSING"))
    if options is None:
        message = "Product options input is required when updating variants"
        raise Refused(user_error(["input", "productOptions"], message, "PRODUCT_OPTIONS_INPUT_MISSING"))
    if len(variants) > _MOST_VARIANTS:
        message = f"Number of product variants exceeds shop limit of {_MOST_VARIANTS}"
        raise Refused(user_error(["input", "variants"], message, "VARIANTS_OVER_LIMIT"))
    product["_options"] = write_options(context, [] if created else product["_options"], options)
    set_variants(context, product, product["_options"], variants)


def _add_default_variant(context: Context, product: Document) -> None:
    variant = new_variant(context, product)
    option = product["_options"][0]
    variant["_options"] = [[option["id"], option["values"][0]["id"]]]
    save(context, variant, new_item(context, variant), None)


def save_product(context: Context, product: Document, old: Document | None) -> Document:
    """Keep the product, its handle and its custom ids; a write that changes nothing leaves no trace."""
    check_unique(context, product)
    variants_changed = any(effect.startswith(("variant.", "item.")) for effect in context.record.effects)
    if product == old and not variants_changed:
        context.record.touch(product["id"])
        return product
    if old is not None:
        product["updatedAt"] = context.stamp
        context.store.delete("handle", old["handle"])
    index_custom_ids(context, old, product)
    context.store.put("handle", product["handle"], {"product": product["id"]})
    context.store.put("product", product["id"], product)
    context.record.effect("product.updated" if old else "product.created", product["id"])
    return product
