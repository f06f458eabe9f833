"""Asynchronous work (`synchronous: false`): done at once, but seen and told only after some polling."""

from __future__ import annotations

from channels.sandbox.shopify.graph import Arguments, Context, Info, UserError, answers
from channels.sandbox.store import Document


def new_operation(
    context: Context, kind: str, *, product: str | None, errors: list[UserError], makes: bool = False
) -> Document:
    """An operation that says CREATED now and COMPLETE after `operation_polls` reads; whether it makes the product."""
    operation: Document = {
        "__typename": kind,
        "id": context.new_id(kind),
        "_polls": 0,
        "_product": product,
        "_errors": errors,
        "_makes": makes,
    }
    context.store.put("operation", operation["id"], operation)
    context.record.effect("operation.created", operation["id"])
    return operation


def _is_complete(context: Context, operation: Document) -> bool:
    return bool(operation["_polls"] >= context.setting("operation_polls"))


def being_made(context: Context, product: Document) -> bool:
    """Whether an operation is still at work on making it: nobody sees it before that is done."""
    mine = (x for x in context.store.all("operation") if x["_product"] == product["id"])
    return any(x.get("_makes") and not _is_complete(context, x) for x in mine)


@answers("QueryRoot", "productOperation")
def product_operation(_: object, info: Info, args: Arguments) -> Document | None:
    context: Context = info.context
    operation = context.store.get("operation", args["id"])
    if operation is not None:
        operation["_polls"] += 1
        context.store.put("operation", operation["id"], operation)
    return operation


@answers("ProductSetOperation", "status")
@answers("ProductDeleteOperation", "status")
def status(source: Document, info: Info, args: Arguments) -> str:
    if source["_polls"] == 0:
        return "CREATED"
    return "COMPLETE" if _is_complete(info.context, source) else "ACTIVE"


@answers("ProductSetOperation", "product")
@answers("ProductDeleteOperation", "product")
def product(source: Document, info: Info, args: Arguments) -> Document | None:
    if source["_product"] is None or not _is_complete(info.context, source):
        return None
    found: Document | None = info.context.store.get("product", source["_product"])
    return found


@answers("ProductDeleteOperation", "deletedProductId")
def deleted_product_id(source: Document, info: Info, args: Arguments) -> str | None:
    return source["_product"] if _is_complete(info.context, source) else None


@answers("ProductSetOperation", "userErrors")
@answers("ProductDeleteOperation", "userErrors")
def user_errors(source: Document, info: Info, args: Arguments) -> list[UserError]:
    return source["_errors"] if _is_complete(info.context, source) else []
