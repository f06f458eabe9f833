"""The single calls: each with its variables, what it carries, and what `interpret` needs of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from urllib.parse import quote

from channels.connectors.base import Connection, Facet, Known, Operation
from channels.connectors.shopify import metafields, settings, wire
from channels.connectors.shopify.settings import NO_ID, OPERATION, PRODUCT
from pimhub.foundation.jsonvalue import JSON, canonical

# Most nodes one page of a connection may ask for.
PAGE = 250

_KEYS = uuid.UUID("5d1f3b6e-30c5-4a56-9d7e-2b8f5a0c7d41")


def definition(connection: Connection) -> Operation:
    wanted = {
        "name": "PIMHub product",
        "description": "The product's code in PIMHub. Ties this product to its master record.",
        "namespace": settings.NAMESPACE,
        "key": settings.ID_KEY,
        "type": "id",
        "ownerType": "PRODUCT",
    }
    return Operation(
        name="metafieldDefinitionCreate",
        request=wire.graphql("metafieldDefinitionCreate", {"definition": wanted}, connection),
        carries=(),
    )


def metafield_definition(place: str, kind: str, owner: str, connection: Connection) -> Operation:
    """So that the shop's people see the metafield by its name. `owner` is PRODUCT or PRODUCTVARIANT."""
    namespace, key = metafields.place(place)
    wanted = {
        "name": key.replace("_", " ").replace("-", " ").capitalize(),
        "namespace": namespace,
        "key": key,
        "type": kind,
        "ownerType": owner,
    }
    return Operation(
        name="metafieldDefinitionCreate",
        request=wire.graphql("metafieldDefinitionCreate", {"definition": wanted}, connection),
        carries=(),
        context={"defines": settings.definition_link(owner, place)},
    )


def custom_id(metafield: Mapping[str, JSON], known: Known, connection: Connection) -> Operation:
    """Say on the product itself which of ours it is."""
    rows: list[JSON] = [{"ownerId": known.links[PRODUCT], **metafield}]
    return Operation(
        name="metafieldsSet",
        request=wire.graphql("metafieldsSet", {"metafields": rows}, connection),
        carries=(("", Facet.METAFIELDS),),
        partial=True,
        context={"links": product_links(known), "ended": [NO_ID]},
    )


def set_quantities(
    product: str, rows: list[str], quantities: list[JSON], known: Known, connection: Connection
) -> Operation:
    variables = {
        "input": {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://pimhub/Product/{quote(product, safe='')}",
            "quantities": quantities,
        },
        "key": str(uuid.uuid5(_KEYS, canonical([product, known.number, quantities]).hex())),
    }
    return Operation(
        name="inventorySetQuantities",
        request=wire.graphql("inventorySetQuantities", variables, connection),
        carries=tuple((sku, Facet.STOCK) for sku in dict.fromkeys(rows)),
        context={"skus": rows, "links": product_links(known)},
    )


def product_operation(known: Known, connection: Connection) -> Operation:
    variables = {"id": known.links[OPERATION], "variants": PAGE, "files": PAGE}
    return Operation(
        name="productOperation",
        request=wire.graphql("productOperation", variables, connection),
        carries=(),
        then=("send what still differs once Shopify is done",),
        context={"links": product_links(known)},
        settles=True,
    )


def publishable(
    name: str, publications: list[str], known: Known, connection: Connection, *, destructive: bool = False
) -> Operation:
    variables = {
        "id": known.links[PRODUCT],
        "input": [{"publicationId": publication} for publication in publications],
    }
    return Operation(
        name=name,
        request=wire.graphql(name, variables, connection),
        carries=(("", Facet.PUBLICATION),),
        destructive=destructive,
        context={"publications": publications, "links": product_links(known)},
    )


def update_status(status: str, known: Known, connection: Connection, *, destructive: bool = False) -> Operation:
    variables = {"product": {"id": known.links[PRODUCT], "status": status}}
    return Operation(
        name="productUpdate",
        request=wire.graphql("productUpdate", variables, connection),
        carries=(("", Facet.PUBLICATION),),
        destructive=destructive,
        context={"links": product_links(known)},
    )


def product_links(known: Known) -> list[str]:
    """Every link that dies with the product."""
    return sorted(key for key in known.links if not key.startswith(("definition:", "channel:")))
