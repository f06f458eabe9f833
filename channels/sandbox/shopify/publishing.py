"""Where a product is sold: publishing to and withdrawing from publications.

Rules: shopify.dev publishablePublish, publishableUnpublish (channelId is deprecated).
"""

from __future__ import annotations

from typing import Any

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    answers,
    connection,
    mutation,
    unsupported,
    user_error,
)
from channels.sandbox.store import Document
from channels.sandbox.world import PUBLICATIONS


@mutation("publishablePublish", "publishable")
def publish(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    dates = _dates(args["input"], context.stamp)
    product = _product(context, args["id"])
    published = dict(product["_publications"])
    for id, date in dates.items():
        # Publishing again does not move the date.
        published.setdefault(id, date)
    return _save(context, product, published, "product.published")


@mutation("publishableUnpublish", "publishable")
def unpublish(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    gone = _dates(args["input"], context.stamp)
    product = _product(context, args["id"])
    published = {id: date for id, date in product["_publications"].items() if id not in gone}
    return _save(context, product, published, "product.unpublished")


def _product(context: Context, id: str) -> Document:
    product = context.store.get("product", id)
    if product is None:
        raise Refused(user_error(["id"], "Resource does not exist"))
    return product


def _dates(inputs: list[Arguments], now: str) -> dict[str, str]:
    dates: dict[str, str] = {}
    for index, given in enumerate(inputs):
        if given.get("channelId") is not None:
            raise unsupported("PublicationInput.channelId")
        if given.get("publicationId") not in PUBLICATIONS:
            message = "Publication does not exist or is not publishable"
            raise Refused(user_error(["input", index, "publicationId"], message))
        dates[given["publicationId"]] = given.get("publishDate") or now
    return dates


def _save(context: Context, product: Document, published: dict[str, str], effect: str) -> Document:
    if published != product["_publications"]:
        product |= {"_publications": published, "updatedAt": context.stamp}
        context.store.put("product", product["id"], product)
        context.record.effect(effect, product["id"])
    context.record.touch(product["id"])
    return {"publishable": product, "shop": {}, "userErrors": []}


def publication(id: str) -> Document:
    return {
        "__typename": "Publication",
        "id": id,
        "name": PUBLICATIONS[id],
        "autoPublish": False,
        "supportsFuturePublishing": True,
        "catalog": None,
    }


def _entries(product: Document, args: Arguments, now: str) -> list[Document]:
    entries = [
        {
            "id": id,
            "publication": publication(id),
            "publishDate": date,
            "isPublished": date <= now,
            "publishable": product,
        }
        for id, date in sorted(product["_publications"].items())
    ]
    return [entry for entry in entries if entry["isPublished"] or not args.get("onlyPublished", True)]


@answers("Product", "resourcePublications")
@answers("Product", "resourcePublicationsV2")
def resource_publications(source: Document, info: Info, args: Arguments) -> Document:
    return connection(_entries(source, args, info.context.stamp), args)


@answers("Product", "resourcePublicationsCount")
@answers("Product", "availablePublicationsCount")
def publications_count(source: Document, info: Info, args: Arguments) -> Document:
    return {"count": len(_entries(source, args, info.context.stamp)), "precision": "EXACT"}


@answers("Product", "publishedOnPublication")
def published_on(source: Document, info: Info, args: Arguments) -> bool:
    if args["publicationId"] not in PUBLICATIONS:
        return False
    date = source["_publications"].get(args["publicationId"])
    return date is not None and date <= info.context.stamp


@answers("Product", "publishedAt")
def published_at(source: Document, info: Info, args: Arguments) -> str | None:
    return min(source["_publications"].values(), default=None)
