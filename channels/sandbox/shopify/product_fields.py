"""A product's own fields: what they may hold, and how the shop keeps what it is given.

Rules: shopify.dev ProductSetInput and ProductUpdateInput; the shop trims titles, sorts tags and
makes handles from titles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from channels.sandbox.shopify.graph import Arguments, Context, Refused, user_error
from channels.sandbox.shopify.metafields import write_metafields
from channels.sandbox.shopify.options import default_options
from channels.sandbox.store import Document
from channels.sandbox.world import COLLECTIONS, SMART_COLLECTIONS

_LONGEST = 255


def new_product(context: Context, given: Arguments) -> Document:
    if not (given.get("title") or "").strip():
        raise Refused(user_error(["input", "title"], "Title can't be blank"))
    return {
        "__typename": "Product",
        "id": context.new_id("Product"),
        "title": given["title"],
        "descriptionHtml": "",
        "vendor": "sandbox",
        "productType": "",
        "handle": "",
        "status": "ACTIVE",
        "tags": [],
        "seo": {"title": None, "description": None},
        "templateSuffix": None,
        "requiresSellingPlan": False,
        "isGiftCard": bool(given.get("giftCard")),
        "createdAt": context.stamp,
        "updatedAt": context.stamp,
        "_category": None,
        "_collections": [],
        "_metafields": [],
        "_files": [],
        "_options": default_options(context),
        "_publications": {},
    }


def write_fields(context: Context, product: Document, given: Arguments, *, replace: bool) -> None:
    """The product's own fields, tags, collections and metafields (`replace`: exactly those listed)."""
    if "title" in given and not (given["title"] or "").strip():
        raise Refused(user_error(["input", "title"], "Title can't be blank"))
    for name in ("title", "descriptionHtml", "vendor", "productType", "status"):
        if given.get(name) is not None:
            product[name] = given[name].strip() if name == "title" else given[name]
    for name in ("templateSuffix", "requiresSellingPlan"):
        if name in given:
            product[name] = given[name] or (False if name == "requiresSellingPlan" else None)
    if "seo" in given:
        seo = given["seo"] or {}
        product["seo"] = {key: seo.get(key, product["seo"][key]) or None for key in ("title", "description")}
    if given.get("giftCard") is not None and given["giftCard"] != product["isGiftCard"]:
        message = "The product gift_card attribute cannot be changed after creation."
        raise Refused(user_error(["input", "giftCard"], message, "GIFT_CARD_ATTRIBUTE_CANNOT_BE_CHANGED"))
    _check_lengths(product)
    _write_handle(context, product, given.get("handle"))
    if given.get("tags") is not None:
        product["tags"] = kept_tags(given["tags"])
    if "category" in given:
        product["_category"] = _category(given["category"])
    if given.get("collections") is not None:
        product["_collections"] = _collections(given["collections"])
    leave = _collections(given.get("collectionsToLeave") or [], "collectionsToLeave")
    join = _collections(given.get("collectionsToJoin") or [], "collectionsToJoin")
    product["_collections"] = list(dict.fromkeys([*(x for x in product["_collections"] if x not in leave), *join]))
    if given.get("metafields") is not None:
        product["_metafields"] = write_metafields(
            context,
            product["_metafields"],
            given["metafields"],
            owner="PRODUCT",
            field=["input", "metafields"],
            replace=replace,
        )


def _check_lengths(product: Document) -> None:
    if len(product["title"]) > _LONGEST:
        found = [user_error(["input", "title"], f"is too long (maximum is {_LONGEST} characters)")]
        if len(handle_from(product["title"])) > _LONGEST and not product.get("handle"):
            found.append(user_error(["input"], f"Handle is too long (maximum is {_LONGEST} characters)"))
        raise Refused(*found)
    for name, label in (("vendor", "Vendor"), ("productType", "Product type")):
        if len(product[name]) > _LONGEST:
            words = [label, *(["Custom product type"] if name == "productType" else [])]
            raise Refused(
                *(user_error(["input"], f"{each} is too long (maximum is {_LONGEST} characters)") for each in words)
            )


def _write_handle(context: Context, product: Document, wished: str | None) -> None:
    if wished:
        handle = handle_from(wished)
        if len(handle) > _LONGEST:
            message = f"Handle is too long (maximum is {_LONGEST} characters)"
            raise Refused(user_error(["input"], message))
        held = context.store.get("handle", handle)
        if held is not None and held["product"] != product["id"]:
            message = f"Handle '{handle}' already in use. Please provide a new handle."
            raise Refused(user_error(["input", "handle"], message, "HANDLE_NOT_UNIQUE"))
        product["handle"] = handle
    elif not product["handle"]:
        base = handle_from(product["title"]) or "product"
        handle, suffix = base, 0
        while context.store.get("handle", handle) is not None:
            suffix += 1
            handle = f"{base}-{suffix}"
        product["handle"] = handle


def handle_from(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", "-", plain.replace("ß", "ss")).strip("-")


def kept_tags(tags: Sequence[str]) -> list[str]:
    """As the shop keeps them: trimmed, each once whatever its case, in alphabetical order."""
    kept: dict[str, str] = {}
    for tag in tags:
        if len(tag) > _LONGEST:
            message = f"Tag is too long (maximum is {_LONGEST} characters)"
            raise Refused(user_error(["input", "tags"], message))
        if tag.strip():
            kept.setdefault(tag.strip().casefold(), tag.strip())
    return sorted(kept.values(), key=str.casefold)


def _category(id: str | None) -> str | None:
    if id is not None and not re.fullmatch(r"gid://shopify/TaxonomyCategory/[a-z]{2}(-\d+)*", id):
        message = "The category does not exist in the product taxonomy"
        raise Refused(user_error(["input", "category"], message, "INVALID_INPUT"))
    return id


def _collections(ids: Sequence[str], name: str = "collections") -> list[str]:
    for index, id in enumerate(ids):
        if id not in COLLECTIONS:
            raise Refused(user_error(["input", name, index], "Collection does not exist", "INVALID_INPUT"))
        if id in SMART_COLLECTIONS:
            message = "Products cannot be added to or removed from a smart collection"
            raise Refused(user_error(["input", name, index], message, "INVALID_INPUT"))
    return list(ids)
