"""The shop's collections: some are filled by hand, some fill themselves by conditions.

Rules: shopify.dev Collection (`sources` in place of `ruleSet`), collectionByIdentifier, ProductUpdateInput.
"""

from __future__ import annotations

from typing import Any

from channels.sandbox.shopify.graph import Arguments, Info, answers, connection, refuse_unsupported, unsupported
from channels.sandbox.shopify.product_fields import handle_from
from channels.sandbox.store import Document
from channels.sandbox.world import COLLECTIONS, SMART_COLLECTIONS


def collection(id: str) -> Document:
    title = COLLECTIONS[id]
    conditions: list[Document] = []
    if id in SMART_COLLECTIONS:
        kind = "CollectionSourceInclusionConditionVariantCompareAtPrice"
        conditions = [{"__typename": kind, "id": f"{id}/1"}]
    source = {
        "__typename": "CollectionConditionsSource",
        "id": f"{id}/source",
        "title": title,
        "inclusion": {"conditions": conditions},
    }
    return {"__typename": "Collection", "id": id, "title": title, "handle": handle_from(title), "sources": [source]}


@answers("QueryRoot", "collectionByIdentifier")
def collection_by_identifier(_: Any, info: Info, args: Arguments) -> Document | None:
    given = args["identifier"]
    if given.get("customId") is not None:
        raise unsupported("collections by custom id")
    found = (collection(id) for id in COLLECTIONS)
    return next((c for c in found if given.get("id") == c["id"] or given.get("handle") == c["handle"]), None)


@answers("QueryRoot", "collections")
def collections(_: Any, info: Info, args: Arguments) -> Document:
    refuse_unsupported(args, frozenset({"first", "last", "after", "before", "reverse", "sortKey"}), "collections")
    return connection([collection(id) for id in COLLECTIONS], args)
