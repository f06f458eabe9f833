"""Variants and their inventory items, as productSet and productVariantsBulkUpdate write them.

Rules: shopify.dev ProductVariantSetInput, ProductVariantsBulkInput, InventoryItemInput.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Refused,
    UserError,
    refuse_unsupported,
    unsupported,
    user_error,
    words,
)
from channels.sandbox.shopify.metafields import write_metafields
from channels.sandbox.shopify.options import Combination, combination_of, names_of
from channels.sandbox.store import Document
from channels.sandbox.world import HOME_LOCATION, LOCATIONS

_MOST_QUANTITIES = 50_000
_TOO_DEAR = Decimal(10) ** 18
_SET_INPUTS = words(
    "optionValues id sku barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem "
    "inventoryQuantities metafields file position unitPriceMeasurement showUnitPrice requiresComponents"
)
_ITEM_INPUTS = words(
    "sku tracked cost requiresShipping countryCodeOfOrigin provinceCodeOfOrigin harmonizedSystemCode measurement"
)
_PLAIN = ("barcode", "taxable", "taxCode", "inventoryPolicy", "showUnitPrice", "requiresComponents")


def set_variants(context: Context, product: Document, options: Sequence[Document], inputs: Sequence[Arguments]) -> None:
    """Make the product's variants those listed: others are deleted, listed ones kept by id or options."""
    if sum(len(row.get("inventoryQuantities") or ()) for row in inputs) > _MOST_QUANTITIES:
        message = f"Inventory quantity input exceeds the limit of {_MOST_QUANTITIES}."
        raise Refused(user_error(["input", "variants"], message, "INVENTORY_QUANTITIES_LIMIT_EXCEEDED"))
    before = context.store.children("variant", product["id"])
    by_id = {variant["id"]: variant for variant in before}
    by_options = {_combination(variant): variant for variant in before}
    seen: set[Combination] = set()
    doubled: list[UserError] = []
    pairs: list[tuple[Arguments, Combination, Document | None]] = []
    for index, given in enumerate(inputs):
        where = ["input", "variants", str(index)]
        refuse_unsupported(given, _SET_INPUTS, "ProductVariantSetInput")
        combination = combination_of(options, given["optionValues"], where)
        if combination in seen:
            title = " / ".join(value["name"] for _, value in names_of(options, combination))
            message = f"The variant '{title}' already exists. Please change at least one option value."
            doubled.append(user_error(where, message))
            continue
        seen.add(combination)
        if given.get("id") is not None and given["id"] not in by_id:
            message = "Product variant does not exist"
            raise Refused(user_error([*where, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
        old = by_id[given["id"]] if given.get("id") is not None else by_options.get(combination)
        pairs.append((given, combination, old))
    if doubled:
        raise Refused(*doubled)
    _assert_distinct(pairs)
    kept = {old["id"] for _, _, old in pairs if old is not None}
    for variant in before:
        if variant["id"] not in kept:
            remove_variant(context, variant)
    for index, (given, combination, old) in enumerate(pairs):
        _set_variant(context, product, given, combination, old, index)


def _assert_distinct(pairs: Sequence[tuple[Arguments, Combination, Document | None]]) -> None:
    taken: set[str] = set()
    for index, (_, _, old) in enumerate(pairs):
        if old is not None and old["id"] in taken:
            raise Refused(
                user_error(["input", "variants", index], f"Variant {old['id']} is listed twice", "INVALID_VARIANT")
            )
        if old is not None:
            taken.add(old["id"])


def _set_variant(
    context: Context,
    product: Document,
    given: Arguments,
    combination: Combination,
    old: Document | None,
    index: int,
) -> None:
    where = ["input", "variants", str(index)]
    created = old is None
    variant = dict(old) if old else new_variant(context, product)
    variant["_options"] = [list(pair) for pair in combination]
    variant["position"] = given.get("position") or index + 1
    if "file" in given:
        held = given["file"]
        variant["_media"] = [] if held is None else [_variant_file(context, product, held, where)]
    apply_variant(context, variant, given, where, replace=True)
    item = context.store.get("item", variant["_item"]) or new_item(context, variant)
    apply_item(item, {"sku": given["sku"]} if "sku" in given else {}, where)
    apply_item(item, given.get("inventoryItem") or {}, where)
    for row, quantity in enumerate(given.get("inventoryQuantities") or ()):
        _set_level(item, quantity, [*where, "inventoryQuantities", str(row)], created=created)
    save(context, variant, item, old)


def new_variant(context: Context, product: Document) -> Document:
    return {
        "__typename": "ProductVariant",
        "id": context.new_id("ProductVariant"),
        "position": 1,
        "barcode": None,
        "price": "0.00",
        "compareAtPrice": None,
        "taxable": True,
        "taxCode": None,
        "inventoryPolicy": "DENY",
        "showUnitPrice": False,
        "unitPriceMeasurement": None,
        "requiresComponents": False,
        "_components": {},
        "createdAt": context.stamp,
        "updatedAt": context.stamp,
        "_product": product["id"],
        "_item": context.new_id("InventoryItem"),
        "_options": [],
        "_media": [],
        "_metafields": [],
    }


def new_item(context: Context, variant: Document) -> Document:
    return {
        "__typename": "InventoryItem",
        "id": variant["_item"],
        "sku": None,
        "tracked": False,
        "requiresShipping": True,
        "countryCodeOfOrigin": None,
        "provinceCodeOfOrigin": None,
        "harmonizedSystemCode": None,
        "createdAt": context.stamp,
        "updatedAt": context.stamp,
        "_variant": variant["id"],
        "_cost": None,
        "_weight": None,
        "_levels": {HOME_LOCATION: 0},
    }


def apply_variant(
    context: Context, variant: Document, given: Arguments, where: Sequence[str], *, replace: bool
) -> None:
    """Write the given keys onto the variant. `replace`: its metafields become those listed."""
    if "price" in given:
        variant["price"] = _money(given["price"] if given["price"] is not None else "0", [*where, "price"])
    if "compareAtPrice" in given:
        dear = given["compareAtPrice"]
        variant["compareAtPrice"] = None if dear is None else _money(dear, [*where, "compareAtPrice"])
    for name in _PLAIN:
        if name in given:
            variant[name] = given[name]
    if "unitPriceMeasurement" in given:
        variant["unitPriceMeasurement"] = _unit_price(given["unitPriceMeasurement"], where)
    if len(variant["barcode"] or "") > 255:
        raise Refused(user_error([*where, "barcode"], "Barcode is too long (maximum is 255 characters)"))
    for name in ("taxable", "inventoryPolicy"):
        if variant[name] is None:
            raise Refused(user_error([*where, name], f"{name} can't be blank", "INVALID_INPUT"))
    if given.get("metafields") is not None:
        variant["_metafields"] = write_metafields(
            context,
            variant["_metafields"],
            given["metafields"],
            owner="PRODUCTVARIANT",
            field=[*where, "metafields"],
            replace=replace,
        )


def _unit_price(given: Arguments | None, where: Sequence[str]) -> Document | None:
    if given is None:
        return None
    if not given.get("quantityUnit") or not given.get("referenceUnit"):
        message = "Unit price measurement needs a quantity unit and a reference unit"
        raise Refused(user_error([*where, "unitPriceMeasurement"], message, "INVALID_INPUT"))
    return {"measuredType": None, **given}


def apply_item(item: Document, given: Arguments, where: Sequence[str]) -> None:
    refuse_unsupported(given, _ITEM_INPUTS, "InventoryItemInput")
    place = [*where, "inventoryItem"]
    for name in ("sku", "tracked", "requiresShipping", "countryCodeOfOrigin", "provinceCodeOfOrigin"):
        if name in given:
            item[name] = given[name]
    if len(item["sku"] or "") > 255:
        raise Refused(user_error([*place, "sku"], "SKU is too long (maximum is 255 characters)"))
    if "cost" in given:
        item["_cost"] = None if given["cost"] is None else _cost(given["cost"], [*place, "cost"])
    if "harmonizedSystemCode" in given:
        code = (given["harmonizedSystemCode"] or "").replace(".", "").replace(" ", "")
        if code and not re.fullmatch(r"\d{6,13}", code):
            message = "Harmonized System Code must be 6 to 13 digits"
            raise Refused(user_error([*place, "harmonizedSystemCode"], message, "INVALID_INPUT"))
        item["harmonizedSystemCode"] = code or None
    if given.get("measurement") is not None:
        if given["measurement"].get("shippingPackageId") is not None:
            raise unsupported("InventoryItemMeasurementInput.shippingPackageId")
        weight = given["measurement"].get("weight")
        if weight is not None and weight["value"] < 0:
            message = "Weight must be greater than or equal to 0"
            raise Refused(user_error([*place, "measurement", "weight"], message, "INVALID_INPUT"))
        item["_weight"] = weight and {"value": float(weight["value"]), "unit": weight["unit"]}


def save(context: Context, variant: Document, item: Document, old: Document | None) -> None:
    """Write variant and item where they differ from what the shop holds."""
    store = context.store
    if old is None:
        context.record.effect("variant.created", variant["id"])
    elif variant != old:
        variant["updatedAt"] = context.stamp
        context.record.effect("variant.updated", variant["id"])
    if variant != old:
        store.put("variant", variant["id"], variant, parent=variant["_product"])
    held = store.get("item", item["id"])
    if item != held:
        if held is not None:
            item["updatedAt"] = context.stamp
            context.record.effect("item.updated", item["id"])
        store.put("item", item["id"], item, parent=variant["id"])


def remove_variant(context: Context, variant: Document) -> None:
    context.store.delete("variant", variant["id"])
    context.store.delete("item", variant["_item"])
    context.record.effect("variant.deleted", variant["id"])


def _combination(variant: Document) -> Combination:
    return tuple((option, value) for option, value in variant["_options"])


def _variant_file(context: Context, product: Document, given: Arguments, where: Sequence[str]) -> str:
    """A variant's image must be among the product's files, by id or by the same source."""
    kept = context.store.get("media", given["id"]) if given.get("id") else None
    kind = kept["mediaContentType"] if kept else given.get("contentType", "IMAGE")
    if kind != "IMAGE":
        raise Refused(user_error([*where, "file"], "Only images can be associated with variants", "INVALID_VARIANT"))
    for id in product["_files"]:
        media = context.store.get("media", id)
        if media is not None and (
            given.get("id") == id if given.get("id") else media["_source"] == given.get("originalSource")
        ):
            return str(id)
    message = "Any file of a variant must also be among the files of the product"
    raise Refused(user_error([*where, "file"], message, "INVALID_VARIANT"))


def _set_level(item: Document, given: Arguments, where: Sequence[str], *, created: bool) -> None:
    location, quantity = given["locationId"], given["quantity"]
    if given["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        raise Refused(user_error([*where, "name"], message, "INVALID_NAME"))
    if location not in LOCATIONS:
        message = "The specified location could not be found."
        raise Refused(user_error([*where, "locationId"], message, "INVALID_INPUT"))
    if not created and location not in item["_levels"]:
        message = f"The variant is not stocked at {location}; use inventorySetQuantities"
        raise Refused(user_error([*where, "locationId"], message, "INVALID_INPUT"))
    if not 0 <= quantity <= 1_000_000_000:
        message = "The quantity must be between 0 and 1,000,000,000."
        raise Refused(user_error([*where, "quantity"], message, "INVALID_INPUT"))
    item["_levels"][location] = quantity


def _money(value: object, where: Sequence[str]) -> str:
    """A price as the shop shows it: two decimals, whatever was sent."""
    amount = Decimal(str(value))
    if amount < 0:
        message = "Price must be greater than or equal to 0"
        raise Refused(user_error(where, message, "GREATER_THAN_OR_EQUAL_TO" if where[0] == "variants" else None))
    if amount >= _TOO_DEAR:
        message = "must be less than 1000000000000000000"
        raise Refused(user_error(where, message, "INVALID_INPUT"))
    return str(amount.quantize(Decimal("0.01")))


def _cost(value: object, where: Sequence[str]) -> str:
    """A unit cost as MoneyV2 shows it: at least one decimal, no trailing zeros (7.50 → 7.5)."""
    if Decimal(str(value)) >= _TOO_DEAR:
        raise Refused(user_error(where, f"Cost per item must be less than {_TOO_DEAR}", "INVALID_INPUT"))
    if Decimal(str(value)) < 0:
        message = "Cost per item must be greater than or equal to 0"
        raise Refused(user_error(where, message, "GREATER_THAN_OR_EQUAL_TO" if where[0] == "variants" else None))
    text = format(Decimal(str(value)).quantize(Decimal("0.01")), "f").rstrip("0")
    return text + "0" if text.endswith(".") else text
