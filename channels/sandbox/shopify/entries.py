"""Single entries of lists: tags and metafields that are added and taken away one by one.

Rules: shopify.dev tagsAdd, tagsRemove, metafieldsSet (25 at once, all or none), metafieldsDelete.
"""

from __future__ import annotations

from typing import Any

from channels.sandbox.shopify.graph import Arguments, Context, Info, Refused, mutation, unsupported, user_error
from channels.sandbox.shopify.metafields import namespace_of, write_metafields
from channels.sandbox.shopify.product_fields import kept_tags
from channels.sandbox.shopify.product_set import save_product
from channels.sandbox.store import Document

_MOST_METAFIELDS = 25


def _product(context: Context, id: str) -> Document:
    found = context.store.get("product", id)
    if found is None:
        raise Refused(user_error(["id"], "Product does not exist"))
    return found


@mutation("tagsAdd", "node")
def tags_add(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    old = _product(context, args["id"])
    # The spelling that is there wins.
    product = dict(old) | {"tags": kept_tags([*old["tags"], *args["tags"]])}
    return {"node": save_product(context, product, old), "userErrors": []}


@mutation("tagsRemove", "node")
def tags_remove(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    old = _product(context, args["id"])
    gone = {tag.strip().casefold() for tag in args["tags"]}
    product = dict(old) | {"tags": [tag for tag in old["tags"] if tag.casefold() not in gone]}
    return {"node": save_product(context, product, old), "userErrors": []}


@mutation("metafieldsSet", "metafields")
def metafields_set(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    rows = args["metafields"]
    if len(rows) > _MOST_METAFIELDS:
        message = f"Exceeded the maximum metafields input limit of {_MOST_METAFIELDS}."
        raise Refused(user_error(["metafields"], message, "LESS_THAN_OR_EQUAL_TO") | {"elementIndex": None})
    written: list[Document] = []
    try:
        with context.store.transaction():
            for index, row in enumerate(rows):
                written.append(_set(context, row, index))
    except Refused as refused:
        return {"metafields": [], "userErrors": refused.errors}
    return {"metafields": written, "userErrors": []}


def _set(context: Context, row: Arguments, index: int) -> Document:
    """The metafield as it is after this row. Raises Refused with the errors of the mutation."""
    place = (namespace_of(row.get("namespace")), row["key"])
    if row.get("compareDigest") is not None:
        if "/Product/" not in row["ownerId"] or any(_at(m) == place for m in _metafields(context, row["ownerId"])):
            raise unsupported("MetafieldsSetInput.compareDigest of a metafield that is there")
        message = "Invalid `compareDigest` value."
        where = ["metafields", str(index)]
        raise Refused(user_error(where, message, "INVALID_COMPARE_DIGEST") | {"elementIndex": None})
    try:
        _change(context, row["ownerId"], set_row=row)
    except Refused as refused:
        named = str((refused.errors[0]["field"] or ["value"])[-1])
        code = "BLANK" if "blank" in str(refused) else "INVALID_VALUE" if named == "value" else "INVALID_TYPE"
        error = user_error(["metafields", index, named], str(refused), code)
        raise Refused(error | {"elementIndex": None}) from refused
    return next(m for m in _metafields(context, row["ownerId"]) if _at(m) == place)


def _metafields(context: Context, owner: str) -> list[Document]:
    found = context.store.get("product" if "/Product/" in owner else "variant", owner)
    return list(found["_metafields"]) if found else []


def _at(metafield: Document) -> tuple[str, str]:
    return metafield["namespace"], metafield["key"]


@mutation("metafieldsDelete", "deletedMetafields")
def metafields_delete(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    for row in args["metafields"]:
        _change(context, row["ownerId"], delete=(namespace_of(row["namespace"]), row["key"]))
    deleted = [{"ownerId": r["ownerId"], "namespace": r["namespace"], "key": r["key"]} for r in args["metafields"]]
    return {"deletedMetafields": deleted, "userErrors": []}


def _change(
    context: Context, owner: str, *, set_row: Arguments | None = None, delete: tuple[str, str] | None = None
) -> None:
    """Change one metafield of a product or a variant. Raises Refused."""
    if not owner.startswith(("gid://shopify/Product/", "gid://shopify/ProductVariant/")):
        raise unsupported(f"metafields of {owner.removeprefix('gid://shopify/').partition('/')[0]}")
    kind = "product" if "/Product/" in owner else "variant"
    old = context.store.get(kind, owner)
    if old is None:
        raise Refused(user_error(["ownerId"], "Owner does not exist."))
    held = [m for m in old["_metafields"] if (m["namespace"], m["key"]) != delete]
    if set_row is not None:
        of = "PRODUCT" if kind == "product" else "PRODUCTVARIANT"
        held = write_metafields(context, held, [set_row], owner=of, field=["metafields"], replace=False)
    changed = dict(old) | {"_metafields": held}
    if kind == "product":
        save_product(context, changed, old)
    elif changed != old:
        context.store.put("variant", owner, changed, parent=old["_product"])
        context.record.effect("variant.updated", owner)
