"""Bundles: variants that hold other variants, whose stock is what their components allow.

Rules: shopify.dev productVariantRelationshipBulkUpdate, "Add a variant fixed bundle" and the error codes of the schema.
"""

from __future__ import annotations

from typing import Any, NoReturn

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    connection,
    mutation,
    refuse_unsupported,
    user_error,
    words,
)
from channels.sandbox.store import Document, Store

MOST = 30
_INPUTS = words(
    "parentProductVariantId productVariantRelationshipsToCreate productVariantRelationshipsToUpdate "
    "productVariantRelationshipsToRemove removeAllProductVariantRelationships"
)
_CREATE, _UPDATE, _REMOVE = (f"productVariantRelationshipsTo{word}" for word in ("Create", "Update", "Remove"))


def components_of(store: Store, variant: Document) -> dict[str, int]:
    """{id: how many}; what was deleted is in no bundle any more."""
    return {id: many for id, many in variant.get("_components", {}).items() if store.get("variant", id) is not None}


@answers("ProductVariant", "productVariantComponents")
def components(source: Document, info: Info, args: Arguments) -> Document:
    store = info.context.store
    found = [
        {
            "__typename": "ProductVariantComponent",
            "id": f"{source['id'].replace('/ProductVariant/', '/ProductVariantComponent/')}-{id.rpartition('/')[2]}",
            "quantity": many,
            "productVariant": store.get("variant", id),
        }
        for id, many in components_of(store, source).items()
    ]
    return connection(found, args)


@mutation("productVariantRelationshipBulkUpdate", "parentProductVariants")
def relationship_bulk_update(_: Any, info: Info, args: Arguments) -> Document:
    """All rows or none."""
    context: Context = info.context
    parents = [_change(context, given, ["input", str(index)]) for index, given in enumerate(args["input"])]
    return {"parentProductVariants": parents, "userErrors": []}


def _change(context: Context, given: Arguments, where: list[str]) -> Document:
    refuse_unsupported(
        {name: value for name, value in given.items() if value is not None}, _INPUTS, "ProductVariantRelationshipUpdate"
    )
    store = context.store
    if given.get("parentProductVariantId") is None:
        raise Refused(
            user_error(where, "A parent product variant ID or product ID must be provided.", "PARENT_REQUIRED")
        )
    parent = store.get("variant", given["parentProductVariantId"])
    if parent is None:
        _refuse(
            [*where, "parentProductVariantId"], "The product variants were not found.", "PRODUCT_VARIANTS_NOT_FOUND"
        )
    before = components_of(store, parent)
    held = {} if given.get("removeAllProductVariantRelationships") else dict(before)
    for id in given.get(_REMOVE) or ():
        if held.pop(id, None) is None:
            _refuse([*where, _REMOVE], "Some of the variants are no components.", "PRODUCT_VARIANTS_NOT_COMPONENTS")
    for row in given.get(_UPDATE) or ():
        if row["id"] not in held:
            _refuse([*where, _UPDATE], "Some of the variants are no components.", "PRODUCT_VARIANTS_NOT_COMPONENTS")
        held[row["id"]] = _quantity(row, [*where, _UPDATE])
    for row in given.get(_CREATE) or ():
        _may_hold(store, parent, row["id"], held, [*where, _CREATE])
        held[row["id"]] = _quantity(row, [*where, _CREATE])
    if len(held) > MOST:
        message = "Exceeded the maximum allowable product variant relationships in a parent product variant."
        _refuse(where, message, "EXCEEDED_PRODUCT_VARIANT_RELATIONSHIP_LIMIT")
    if held != before:
        changed = parent | {"_components": held, "updatedAt": context.stamp}
        store.put("variant", parent["id"], changed, parent=parent["_product"])
        context.record.effect("bundle.changed", parent["id"])
        return changed
    return parent


def _may_hold(store: Store, parent: Document, id: str, held: dict[str, int], where: list[str]) -> None:
    child = store.get("variant", id)
    if child is None:
        _refuse(where, "The product variants were not found.", "PRODUCT_VARIANTS_NOT_FOUND")
    if id == parent["id"]:
        _refuse(where, "A parent product variant cannot contain itself as a component.", "CIRCULAR_REFERENCE")
    if id in held:
        message = "A parent product variant must not contain duplicate product variant relationships."
        _refuse(where, message, "DUPLICATE_PRODUCT_VARIANT_RELATIONSHIP")
    if components_of(store, child) or any(parent["id"] in components_of(store, each) for each in store.all("variant")):
        _refuse(where, "Nested parent product variants aren't supported.", "NESTED_PARENT_PRODUCT_VARIANT")


def _quantity(row: Arguments, where: list[str]) -> int:
    if row["quantity"] < 1:
        _refuse(where, "Product variant relationships must have a quantity greater than 0.", "INVALID_QUANTITY")
    return int(row["quantity"])


def _refuse(where: list[str], message: str, code: str) -> NoReturn:
    raise Refused(user_error(where, message, code))
