"""The questions a shop answers at its root: one product, pages of them, places, and the shop itself.

Search terms: shopify.dev "Search syntax" and the `query` argument of products.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    api_error,
    connection,
    number_of,
    unsupported,
    words,
)
from channels.sandbox.shopify.inventory import location
from channels.sandbox.shopify.operations import being_made, product_operation
from channels.sandbox.shopify.product_set import find_product
from channels.sandbox.shopify.publishing import publication
from channels.sandbox.store import Document
from channels.sandbox.world import CURRENCY, LOCATIONS, OPENED, PUBLICATIONS, SHOPIFY_VERSION

_STORED = {
    "Product": "product",
    "ProductVariant": "variant",
    "InventoryItem": "item",
    "MediaImage": "media",
    "ExternalVideo": "media",
    "Video": "media",
    "Model3d": "media",
}
_TERM = re.compile(r"""(?P<name>\w+):(?P<sign><=|>=|<|>)?(?P<value>'[^']*'|"(?:[^"\\]|\\.)*"|\S+)""")
_SORTS = {
    "ID": lambda product: int(number_of(product["id"])),
    "UPDATED_AT": lambda product: product["updatedAt"],
    "CREATED_AT": lambda product: product["createdAt"],
    "TITLE": lambda product: product["title"].casefold(),
}
SCOPES = words(
    "read_products write_products read_inventory write_inventory read_locations read_publications "
    "write_publications read_files write_files read_translations write_translations read_locales"
)


def node_of(context: Context, info: Info, id: str) -> Any:
    kind = id.removeprefix("gid://shopify/").partition("/")[0]
    if kind in _STORED:
        return context.store.get(_STORED[kind], id)
    if kind == "Location":
        return location(id) if id in LOCATIONS else None
    if kind == "Publication":
        return publication(id) if id in PUBLICATIONS else None
    if kind in ("ProductSetOperation", "ProductDeleteOperation"):
        return product_operation(None, info, {"id": id})
    if kind == "Shop":
        return shop(None, info, {})
    raise unsupported(f"nodes of type {kind}")


@answers("QueryRoot", "node")
@answers("QueryRoot", "product")
@answers("QueryRoot", "productVariant")
@answers("QueryRoot", "inventoryItem")
@answers("QueryRoot", "location")
@answers("QueryRoot", "publication")
def node(_: Any, info: Info, args: Arguments) -> Any:
    found = node_of(info.context, info, args.get("id") or next(iter(LOCATIONS)))
    expected = info.field_name[0].upper() + info.field_name[1:]
    # A field of one type does not answer with a thing of another.
    return found if found is None or expected in ("Node", found["__typename"]) else None


@answers("QueryRoot", "nodes")
def nodes(_: Any, info: Info, args: Arguments) -> list[Any]:
    return [node_of(info.context, info, id) for id in args["ids"]]


@answers("QueryRoot", "productByIdentifier")
def product_by_identifier(_: Any, info: Info, args: Arguments) -> Document | None:
    try:
        found = find_product(info.context, args["identifier"])
    except Refused as refused:
        raise api_error(str(refused), "NOT_FOUND") from refused
    return None if found is None or being_made(info.context, found) else found


@answers("QueryRoot", "productByHandle")
def product_by_handle(_: Any, info: Info, args: Arguments) -> Document | None:
    return find_product(info.context, {"handle": args["handle"]})


@answers("QueryRoot", "products")
def products(_: Any, info: Info, args: Arguments) -> Document:
    if args.get("savedSearchId") is not None:
        raise unsupported("products.savedSearchId")
    if args["sortKey"] not in _SORTS:
        raise unsupported(f"products sorted by {args['sortKey']}")
    return connection(sorted(_matching(info.context, args.get("query")), key=_SORTS[args["sortKey"]]), args)


@answers("QueryRoot", "productsCount")
def products_count(_: Any, info: Info, args: Arguments) -> Document:
    return {"count": len(_matching(info.context, args.get("query"))), "precision": "EXACT"}


@answers("QueryRoot", "productVariants")
def product_variants(_: Any, info: Info, args: Arguments) -> Document:
    terms = _terms(args.get("query"), joined="OR")
    if any(name != "sku" or sign for name, sign, _ in terms):
        raise unsupported("productVariants searched by anything but sku")
    store, wanted = info.context.store, {value.casefold() for _, _, value in terms}
    if not terms:
        return connection(store.all("variant"), args)
    items = {item["id"] for item in store.all("item") if str(item.get("sku") or "").casefold() in wanted}
    return connection([variant for variant in store.all("variant") if variant["_item"] in items], args)


def _terms(query: str | None, *, joined: str = "AND") -> list[tuple[str, str, str]]:
    """`status:active AND updated_at:>'2026-01-01'` → [(name, sign, value), …], joined by one word."""
    rest = [word for word in _TERM.sub("", query or "").split() if word != joined]
    if rest:
        raise unsupported(f"the search term {rest[0]!r}")
    found = (match for match in _TERM.finditer(query or "") if match["name"])
    return [(m["name"], m["sign"] or "", _unquoted(m["value"])) for m in found]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] in ("'", '"') else value


def _matching(context: Context, query: str | None) -> list[Document]:
    tests = [_test(context, *term) for term in _terms(query)]
    return [product for product in context.store.all("product") if all(test(product) for test in tests)]


def _test(context: Context, name: str, sign: str, value: str) -> Callable[[Document], bool]:
    fields = {"updated_at": "updatedAt", "created_at": "createdAt"}
    if name in fields:
        field = fields[name]
        compare: dict[str, Callable[[str, str], bool]] = {
            ">": str.__gt__,
            ">=": str.__ge__,
            "<": str.__lt__,
            "<=": str.__le__,
            "": str.__eq__,
        }
        return lambda product: compare[sign](product[field], value)
    if sign:
        raise unsupported(f"the search {name}:{sign}")
    if name == "sku":
        return lambda product: any(
            (context.store.get("item", variant["_item"]) or {}).get("sku") == value
            for variant in context.store.children("variant", product["id"])
        )
    if name == "tag":
        return lambda product: value.casefold() in (tag.casefold() for tag in product["tags"])
    if name == "id":
        return lambda product: number_of(product["id"]) == value
    plain = {"handle": "handle", "title": "title", "status": "status", "vendor": "vendor"}
    plain["product_type"] = "productType"
    if name not in plain:
        raise unsupported(f"the search by {name}")
    return lambda product: product[plain[name]].casefold() == value.casefold()


@answers("QueryRoot", "locations")
def locations(_: Any, info: Info, args: Arguments) -> Document:
    return connection([location(id) for id in LOCATIONS], args)


@answers("QueryRoot", "publications")
def publications(_: Any, info: Info, args: Arguments) -> Document:
    return connection([publication(id) for id in PUBLICATIONS], args)


@answers("QueryRoot", "shop")
@answers("PublishablePublishPayload", "shop")
@answers("PublishableUnpublishPayload", "shop")
@answers("ProductDeletePayload", "shop")
def shop(_: Any, info: Info, args: Arguments) -> Document:
    return {
        "__typename": "Shop",
        "id": "gid://shopify/Shop/1",
        "name": "sandbox",
        "email": "owner@sandbox.example",
        "contactEmail": "owner@sandbox.example",
        "myshopifyDomain": "sandbox.myshopify.com",
        "primaryDomain": {"host": "sandbox.example", "url": info.context.origin, "sslEnabled": False},
        "url": info.context.origin,
        "currencyCode": CURRENCY,
        "enabledPresentmentCurrencies": [CURRENCY],
        "weightUnit": "KILOGRAMS",
        "unitSystem": "METRIC_SYSTEM",
        "ianaTimezone": "Europe/Berlin",
        "taxesIncluded": True,
        "createdAt": OPENED,
        "updatedAt": OPENED,
        "plan": {"displayName": "Basic", "publicDisplayName": "Basic", "partnerDevelopment": True},
    }


@answers("QueryRoot", "publicApiVersions")
def public_api_versions(_: Any, info: Info, args: Arguments) -> list[Document]:
    return [{"handle": SHOPIFY_VERSION, "displayName": f"{SHOPIFY_VERSION} (Latest)", "supported": True}]


@answers("QueryRoot", "currentAppInstallation")
def current_app_installation(_: Any, info: Info, args: Arguments) -> Document:
    granted = [scope for scope in SCOPES if scope not in info.context.setting("scopes_denied")]
    return {
        "__typename": "AppInstallation",
        "id": "gid://shopify/AppInstallation/1",
        "accessScopes": [{"handle": scope, "description": scope.replace("_", " ")} for scope in granted],
    }
