"""A person at work in the shop's own admin: edits that nobody told the product hub about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from channels.sandbox.google.names import read_offer
from channels.sandbox.journal import Record
from channels.sandbox.shopify.graph import Context, Refused
from channels.sandbox.shopify.product_change import delete_product
from channels.sandbox.shopify.product_fields import write_fields
from channels.sandbox.shopify.product_set import save_product
from channels.sandbox.shopify.variants import apply_item, apply_variant, save
from channels.sandbox.store import Document, Store

_VARIANT = frozenset({"price", "compareAtPrice", "barcode", "taxable", "inventoryPolicy"})
_ITEM = frozenset({"sku", "tracked", "cost", "requiresShipping", "countryCodeOfOrigin", "harmonizedSystemCode"})
_PRODUCT = frozenset(
    {"title", "descriptionHtml", "vendor", "productType", "handle", "status", "tags", "seo", "metafields"}
)


def edit(store: Store, given: dict[str, Any]) -> dict[str, Any]:
    """`{channel, product, field, value}`, with `sku` for a variant's field and `location` for `stock`.

    Field `delete` removes the product, `files` sets the list of its image ids. Raises ValueError.
    """
    channel, field = given.get("channel"), given.get("field")
    if not isinstance(field, str):
        raise ValueError("field is missing: name what to edit")
    with store.transaction():
        if channel == "shopify":
            return _edit_shop(store, given, field)
        if channel == "google":
            return _edit_account(store, given, field)
        if channel == "amazon":
            return _edit_item(store, given, field)
    raise ValueError(f"channel must be shopify, google or amazon, not {channel!r}")


def _edit_shop(store: Store, given: dict[str, Any], field: str) -> dict[str, Any]:
    context = Context(store, Record("shopify"), dt.datetime.now(dt.UTC), origin="")
    old = store.get("product", str(given.get("product")))
    if old is None:
        raise ValueError(f"product {given.get('product')!r} does not exist in the shop")
    product, value = dict(old), given.get("value")
    try:
        if field == "delete":
            delete_product(context, old)
            return {"effects": context.record.effects}
        if field in _VARIANT or field in _ITEM or field == "stock":
            _edit_variant(context, product, given, field)
        elif field == "files":
            product["_files"] = list(value or [])
        elif field in _PRODUCT:
            write_fields(context, product, {field: value}, replace=False)
        else:
            raise ValueError(f"field {field!r} cannot be edited")
        save_product(context, product, old)
    except Refused as refused:
        raise ValueError(str(refused)) from refused
    return {"effects": context.record.effects}


def _edit_variant(context: Context, product: Document, given: dict[str, Any], field: str) -> None:
    store = context.store
    for variant in store.children("variant", product["id"]):
        item = store.get("item", variant["_item"])
        assert item is not None
        if given.get("sku") not in (None, item["sku"]):
            continue
        changed = dict(variant)
        if field == "stock":
            item["_levels"][given.get("location") or next(iter(item["_levels"]))] = int(given["value"])
        elif field in _ITEM:
            apply_item(item, {field: given["value"]}, ["edit"])
        else:
            apply_variant(context, changed, {field: given["value"]}, ["edit"], replace=False)
        save(context, changed, item, variant)
        return
    raise ValueError(f"the product has no variant with SKU {given.get('sku')!r}")


def _edit_item(store: Store, given: dict[str, Any], field: str) -> dict[str, Any]:
    """An attribute of the item as shown is set to a list of entries (null: taken away)."""
    sku = str(given.get("product"))
    entry = store.get("listing", sku)
    if entry is None or entry["after"] is None:
        raise ValueError(f"item {sku!r} does not exist in the account")
    attributes = dict(entry["after"]["attributes"])
    if field == "delete":
        entry |= {"before": None, "after": None}
    elif given.get("value") is None:
        attributes.pop(field, None)
    else:
        attributes[field] = given["value"]
    if field != "delete":
        entry |= {"before": None, "after": entry["after"] | {"attributes": attributes}, "at": 0}
    store.put("listing", sku, entry)
    return {"effects": [f"item.edited {sku}"]}


def _edit_account(store: Store, given: dict[str, Any], field: str) -> dict[str, Any]:
    """Google's product as shown changes or vanishes; the input that was sent stays as it is."""
    offer = read_offer(str(given.get("product")).rpartition("/")[2])
    entry = store.get("offer", offer.plain)
    if entry is None or entry["after"] is None:
        raise ValueError(f"offer {offer.plain} does not exist in the account")
    shown = dict(entry["after"])
    attributes = dict(shown.get("productAttributes", {}))
    if field == "delete":
        entry |= {"before": None, "after": None}
    elif given.get("value") is None:
        attributes.pop(field, None)
    else:
        attributes[field] = given["value"]
    if field != "delete":
        entry |= {"before": None, "after": shown | {"productAttributes": attributes}, "at": 0}
    store.put("offer", offer.plain, entry)
    return {"effects": [f"offer.edited {offer.plain}"]}
