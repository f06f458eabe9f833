"""Stock: setting quantities with compare-and-swap, and idempotency that really remembers.

Rules: shopify.dev inventorySetQuantities, changelogs "Making idempotency mandatory" and
"Finalizing compare and swap" (2026-04), "ITEM_NOT_STOCKED_AT_LOCATION removed" (2026-10).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from channels.sandbox.shopify.bundles import components_of
from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    UserError,
    answers,
    api_error,
    connection,
    mutation,
    number_of,
    user_error,
    words,
)
from channels.sandbox.shopify.rules import idempotency_key
from channels.sandbox.shopify.variants import apply_item
from channels.sandbox.store import Document
from channels.sandbox.world import CURRENCY, LOCATIONS

_REASONS = words(
    "correction cycle_count_available damaged movement_canceled movement_created movement_received "
    "movement_updated other promotion quality_control received reservation_created "
    "reservation_deleted reservation_updated restock safety_stock shrinkage"
)
_NAMES = words("available on_hand committed incoming reserved damaged quality_control safety_stock")
_MOST = 1_000_000_000


@mutation("inventorySetQuantities", "inventoryAdjustmentGroup")
def set_quantities(_: Any, info: Info, args: Arguments) -> Document:
    """1. The directive. 2. The mandatory key of each row. 3. Replay or run, once per idempotency key."""
    context: Context = info.context
    key = idempotency_key(info)
    given = args["input"]
    if any("changeFromQuantity" not in row for row in given["quantities"]):
        raise api_error(
            "InventoryQuantityInput must include the following argument: changeFromQuantity.",
            "INVALID_FIELD_ARGUMENTS",
        )
    digest = hashlib.sha256(json.dumps([info.field_name, given], sort_keys=True).encode()).hexdigest()
    remembered = context.store.get("idempotency", key)
    if remembered is not None and remembered["digest"] != digest:
        message = "The same idempotency key cannot be used with different operation parameters."
        raise Refused(user_error(None, message, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"))
    if remembered is None:
        errors = _problems(context, given)
        group = None if errors else _apply(context, given)
        remembered = {"digest": digest, "group": group, "errors": errors}
        context.store.put("idempotency", key, remembered)
    return {"inventoryAdjustmentGroup": remembered["group"], "userErrors": remembered["errors"]}


def _problems(context: Context, given: Arguments) -> list[UserError]:
    errors = []
    if given["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        errors.append(user_error(["input", "name"], message, "INVALID_NAME"))
    if given["reason"] not in _REASONS:
        message = f"The specified reason is invalid. Valid values are: {', '.join(sorted(_REASONS))}."
        errors.append(user_error(["input", "reason"], message, "INVALID_REASON"))
    document = given.get("referenceDocumentUri")
    if document is not None and not re.fullmatch(r"[a-z][\w.+-]*://\S+", document):
        message = "The specified reference document is invalid."
        errors.append(user_error(["input", "referenceDocumentUri"], message, "INVALID_REFERENCE_DOCUMENT"))
    seen = set()
    for index, row in enumerate(given["quantities"]):
        where: list[str | int] = ["input", "quantities", index]
        pair = (row["inventoryItemId"], row["locationId"])
        if pair in seen:
            message = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            errors.append(user_error([*where, "locationId"], message, code))
        seen.add(pair)
        errors += _row_problems(context, row, where)
    return errors


def _row_problems(context: Context, row: Arguments, where: list[str | int]) -> list[UserError]:
    item = context.store.get("item", row["inventoryItemId"])
    if item is None:
        message = "The specified inventory item could not be found."
        return [user_error([*where, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM")]
    if components_of(context.store, context.store.get("variant", item["_variant"]) or {}):
        message = "The specified inventory item is not allowed to be adjusted via API."
        return [user_error([*where, "inventoryItemId"], message, "NON_MUTABLE_INVENTORY_ITEM")]
    if row["locationId"] not in LOCATIONS:
        message = "The specified location could not be found."
        return [user_error([*where, "locationId"], message, "INVALID_LOCATION")]
    if row["quantity"] < 0:
        message = "The quantity can't be negative."
        return [user_error([*where, "quantity"], message, "INVALID_QUANTITY_NEGATIVE")]
    if row["quantity"] > _MOST:
        message = "The quantity can't be higher than 1,000,000,000."
        return [user_error([*where, "quantity"], message, "INVALID_QUANTITY_TOO_HIGH")]
    held = item["_levels"].get(row["locationId"], 0)
    if row["changeFromQuantity"] is not None and row["changeFromQuantity"] != held:
        message = "The changeFromQuantity value does not match the persisted value."
        return [user_error([*where, "changeFromQuantity"], message, "CHANGE_FROM_QUANTITY_STALE")]
    return []


def _apply(context: Context, given: Arguments) -> Document | None:
    """Set the quantities; the group of changes, or None when nothing differed."""
    changes = []
    for row in given["quantities"]:
        item = context.store.get("item", row["inventoryItemId"])
        assert item is not None
        held = item["_levels"].get(row["locationId"])
        if held == row["quantity"]:
            context.record.touch(item["id"])
            continue
        item["_levels"][row["locationId"]] = row["quantity"]
        item["updatedAt"] = context.stamp
        context.store.put("item", item["id"], item)
        context.record.effect("stock.set", item["id"])
        changes += [
            {
                "name": name,
                "delta": row["quantity"] - (held or 0),
                "quantityAfterChange": None,  # as Shopify answers, whatever the name promises
                "ledgerDocumentUri": None,
                "_item": item["id"],
                "_location": row["locationId"],
            }
            for name in ("available", "on_hand")
        ]
    if not changes:
        return None
    return {
        "__typename": "InventoryAdjustmentGroup",
        "id": context.new_id("InventoryAdjustmentGroup"),
        "createdAt": context.stamp,
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "_changes": changes,
    }


@mutation("inventoryItemUpdate", "inventoryItem")
def item_update(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    item = context.store.get("item", args["id"])
    if item is None:
        message = "The product couldn't be updated because it does not exist."
        raise Refused(user_error(["id"], message))
    before = json.dumps(item)
    apply_item(item, args["input"], [])
    if json.dumps(item) != before:
        item["updatedAt"] = context.stamp
        context.store.put("item", item["id"], item)
        context.record.effect("item.updated", item["id"])
    return {"inventoryItem": item, "userErrors": []}


@answers("InventoryAdjustmentGroup", "changes")
def changes(source: Document, info: Info, args: Arguments) -> list[Document]:
    names, items = args.get("quantityNames"), args.get("inventoryItemIds")
    return [
        change
        for change in source["_changes"]
        if (names is None or change["name"] in names) and (items is None or change["_item"] in items)
    ]


@answers("InventoryChange", "item")
def change_item(source: Document, info: Info, args: Arguments) -> Document | None:
    found: Document | None = info.context.store.get("item", source["_item"])
    return found


@answers("InventoryChange", "location")
def change_location(source: Document, info: Info, args: Arguments) -> Document:
    return location(source["_location"])


def location(id: str) -> Document:
    return {
        "__typename": "Location",
        "id": id,
        "name": LOCATIONS[id],
        "isActive": True,
        "isPrimary": id.endswith("/1"),
        "fulfillsOnlineOrders": True,
        "shipsInventory": True,
        "legacyResourceId": number_of(id),
    }


def level(item: Document, place: str) -> Document:
    return {
        "__typename": "InventoryLevel",
        "id": f"gid://shopify/InventoryLevel/{number_of(place)}?inventory_item_id={number_of(item['id'])}",
        "isActive": True,
        "canDeactivate": True,
        "createdAt": item["createdAt"],
        "updatedAt": item["updatedAt"],
        "location": location(place),
        "item": item,
        "_quantity": item["_levels"][place],
    }


@answers("InventoryItem", "inventoryLevels")
def levels(source: Document, info: Info, args: Arguments) -> Document:
    return connection([level(source, place) for place in sorted(source["_levels"])], args)


@answers("InventoryItem", "inventoryLevel")
def one_level(source: Document, info: Info, args: Arguments) -> Document | None:
    return level(source, args["locationId"]) if args["locationId"] in source["_levels"] else None


@answers("InventoryLevel", "quantities")
def quantities(source: Document, info: Info, args: Arguments) -> list[Document]:
    """Nothing is ever ordered here, so all that is on hand is available."""
    for name in args["names"]:
        if name not in _NAMES:
            raise api_error(f"Quantity name {name!r} is not one of {', '.join(sorted(_NAMES))}", "BAD_REQUEST")
    number = number_of(source["id"])
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{number}&name={name}",
            "name": name,
            "quantity": source["_quantity"] if name in ("available", "on_hand") else 0,
            "updatedAt": source["updatedAt"],
        }
        for name in args["names"]
    ]


@answers("InventoryItem", "unitCost")
def unit_cost(source: Document, info: Info, args: Arguments) -> Document | None:
    return None if source["_cost"] is None else {"amount": source["_cost"], "currencyCode": CURRENCY}


@answers("InventoryItem", "measurement")
def measurement(source: Document, info: Info, args: Arguments) -> Document:
    number = number_of(source["id"])
    return {"id": f"gid://shopify/InventoryItemMeasurement/{number}", "weight": source["_weight"]}


@answers("InventoryItem", "variant")
def item_variant(source: Document, info: Info, args: Arguments) -> Document | None:
    found: Document | None = info.context.store.get("variant", source["_variant"])
    return found


@answers("InventoryItem", "legacyResourceId")
def item_number(source: Document, info: Info, args: Arguments) -> str:
    return number_of(source["id"])
