"""Reading products and variants back: the fields that are not a plain key of the document."""

from __future__ import annotations

import hashlib
import html
import json
import re
from decimal import Decimal
from typing import Any

from channels.sandbox.shopify.collections import collection
from channels.sandbox.shopify.graph import Arguments, Info, answers, connection, number_of, unsupported
from channels.sandbox.shopify.metafields import namespace_of
from channels.sandbox.shopify.options import names_of
from channels.sandbox.store import Document, Store
from channels.sandbox.world import CURRENCY, PUBLICATIONS

_MOST_VARIANTS_PER_PAGE = 2_000


def variants_of(store: Store, product: Document) -> list[Document]:
    return sorted(store.children("variant", product["id"]), key=lambda variant: variant["position"])


def media_of(store: Store, ids: list[str]) -> list[Document]:
    return [media for id in ids if (media := store.get("media", id)) is not None]


def stock_of(store: Store, variant: Document) -> int:
    item = store.get("item", variant["_item"])
    return sum(item["_levels"].values()) if item else 0


@answers("Product", "variants")
def variants(source: Document, info: Info, args: Arguments) -> Document:
    # Each knows its product, so that two thousand variants do not read it two thousand times.
    found = [variant | {"_parent": source} for variant in variants_of(info.context.store, source)]
    return connection(found, args, largest=_MOST_VARIANTS_PER_PAGE)


@answers("Product", "variantsCount")
def variants_count(source: Document, info: Info, args: Arguments) -> Document:
    return {"count": len(info.context.store.children("variant", source["id"])), "precision": "EXACT"}


@answers("Product", "options")
def options(source: Document, info: Info, args: Arguments) -> list[Document]:
    used = {
        value for variant in info.context.store.children("variant", source["id"]) for _, value in variant["_options"]
    }
    return [
        {
            "__typename": "ProductOption",
            "id": option["id"],
            "name": option["name"],
            "position": option["position"],
            "linkedMetafield": None,
            "values": [value["name"] for value in option["values"] if value["id"] in used],
            "optionValues": [_value(value, used=value["id"] in used) for value in option["values"]],
        }
        for option in source["_options"][: args.get("first")]
    ]


def _value(value: Document, *, used: bool) -> Document:
    return {
        "__typename": "ProductOptionValue",
        "id": value["id"],
        "name": value["name"],
        "hasVariants": used,
        "linkedMetafieldValue": None,
        "swatch": None,
    }


@answers("Product", "media")
@answers("ProductVariant", "media")
def media(source: Document, info: Info, args: Arguments) -> Document:
    if "_files" in source:
        return connection(media_of(info.context.store, source["_files"]), args)
    # An image that left the product has left its variants too.
    attached = variant_product(source, info, args)["_files"]
    ids = [id for id in source["_media"] if id in attached]
    return connection(media_of(info.context.store, ids), args)


@answers("Product", "mediaCount")
def media_count(source: Document, info: Info, args: Arguments) -> Document:
    return {"count": len(source["_files"]), "precision": "EXACT"}


@answers("Product", "featuredMedia")
def featured_media(source: Document, info: Info, args: Arguments) -> Document | None:
    return next(iter(media_of(info.context.store, source["_files"][:1])), None)


@answers("Product", "metafields")
@answers("ProductVariant", "metafields")
def metafields(source: Document, info: Info, args: Arguments) -> Document:
    found = source["_metafields"]
    if args.get("namespace") is not None:
        found = [item for item in found if item["namespace"] == namespace_of(args["namespace"])]
    if args.get("keys") is not None:
        wanted = [key.rpartition(".") for key in args["keys"]]
        places = {(namespace_of(space or args.get("namespace")), key) for space, _, key in wanted}
        found = [item for item in found if (item["namespace"], item["key"]) in places]
    return connection(found, args)


@answers("Product", "metafield")
@answers("ProductVariant", "metafield")
def metafield(source: Document, info: Info, args: Arguments) -> Document | None:
    place = (namespace_of(args.get("namespace")), args["key"])
    return next((m for m in source["_metafields"] if (m["namespace"], m["key"]) == place), None)


@answers("Metafield", "jsonValue")
def metafield_json(source: Document, info: Info, args: Arguments) -> Any:
    kind = source["type"]
    plain = kind.endswith("_field") and kind != "rich_text_field"
    if plain or kind in ("id", "url", "date", "date_time", "color") or kind.endswith("_reference"):
        return source["value"]
    return source["value"] if kind == "number_decimal" else json.loads(source["value"])


@answers("Metafield", "compareDigest")
def metafield_digest(source: Document, info: Info, args: Arguments) -> str:
    return hashlib.sha256(f"{source['type']}:{source['value']}".encode()).hexdigest()


@answers("Product", "category")
def category(source: Document, info: Info, args: Arguments) -> Document | None:
    return {"__typename": "TaxonomyCategory", "id": source["_category"]} if source["_category"] else None


@answers("Product", "collections")
def collections(source: Document, info: Info, args: Arguments) -> Document:
    return connection([collection(id) for id in sorted(source["_collections"])], args)


@answers("Product", "description")
def description(source: Document, info: Info, args: Arguments) -> str:
    text = html.unescape(re.sub(r"<[^>]*>", " ", source["descriptionHtml"]))
    return " ".join(text.split())[: args.get("truncateAt")]


@answers("Product", "priceRangeV2")
def price_range(source: Document, info: Info, args: Arguments) -> Document:
    prices = [Decimal(variant["price"]) for variant in info.context.store.children("variant", source["id"])]
    return {
        "minVariantPrice": {"amount": str(min(prices)), "currencyCode": CURRENCY},
        "maxVariantPrice": {"amount": str(max(prices)), "currencyCode": CURRENCY},
    }


@answers("Product", "totalInventory")
def total_inventory(source: Document, info: Info, args: Arguments) -> int:
    store = info.context.store
    return sum(stock_of(store, variant) for variant in store.children("variant", source["id"]))


@answers("Product", "tracksInventory")
def tracks_inventory(source: Document, info: Info, args: Arguments) -> bool:
    store = info.context.store
    items = (store.get("item", variant["_item"]) for variant in store.children("variant", source["id"]))
    return any(item["tracked"] for item in items if item is not None)


@answers("Product", "hasOnlyDefaultVariant")
def has_only_default_variant(source: Document, info: Info, args: Arguments) -> bool:
    names = [(o["name"], [v["name"] for v in o["values"]]) for o in source["_options"]]
    return names == [("Title", ["Default Title"])]


@answers("Product", "onlineStoreUrl")
def online_store_url(source: Document, info: Info, args: Arguments) -> str | None:
    shown = next(iter(PUBLICATIONS)) in source["_publications"] and source["status"] in ("ACTIVE", "UNLISTED")
    return f"{info.context.origin}/#{source['handle']}" if shown else None


@answers("Product", "legacyResourceId")
@answers("ProductVariant", "legacyResourceId")
def legacy_resource_id(source: Document, info: Info, args: Arguments) -> str:
    return number_of(source["id"])


# ---- variants ------------------------------------------------------------------------------------


@answers("ProductVariant", "product")
def variant_product(source: Document, info: Info, args: Arguments) -> Document:
    product: Document | None = source.get("_parent") or info.context.store.get("product", source["_product"])
    if product is None:
        raise unsupported("a variant without its product")
    return product


@answers("ProductVariant", "inventoryItem")
def variant_item(source: Document, info: Info, args: Arguments) -> Document | None:
    item: Document | None = info.context.store.get("item", source["_item"])
    return item


@answers("ProductVariant", "sku")
def variant_sku(source: Document, info: Info, args: Arguments) -> str | None:
    item = variant_item(source, info, args)
    return item["sku"] if item else None


@answers("ProductVariant", "inventoryQuantity")
@answers("ProductVariant", "sellableOnlineQuantity")
def inventory_quantity(source: Document, info: Info, args: Arguments) -> int:
    return stock_of(info.context.store, source)


@answers("ProductVariant", "selectedOptions")
def selected_options(source: Document, info: Info, args: Arguments) -> list[Document]:
    product = variant_product(source, info, args)
    chosen = tuple((option, value) for option, value in source["_options"])
    return [
        {"name": option["name"], "value": value["name"], "optionValue": _value(value, used=True)}
        for option, value in names_of(product["_options"], chosen)
    ]


@answers("ProductVariant", "title")
def variant_title(source: Document, info: Info, args: Arguments) -> str:
    return " / ".join(option["value"] for option in selected_options(source, info, args))


@answers("ProductVariant", "displayName")
def variant_display_name(source: Document, info: Info, args: Arguments) -> str:
    return f"{variant_product(source, info, args)['title']} - {variant_title(source, info, args)}"


@answers("ProductVariant", "availableForSale")
def available_for_sale(source: Document, info: Info, args: Arguments) -> bool:
    item = variant_item(source, info, args)
    untracked = item is None or not item["tracked"] or source["inventoryPolicy"] == "CONTINUE"
    return untracked or stock_of(info.context.store, source) > 0
