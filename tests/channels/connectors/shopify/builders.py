"""Products to publish, and a shop that says yes: what a plan would be after every call went well."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from channels.connectors.base import Connection, Known, MappedProduct, MappedVariant, Medium, Operation, Price, Rendered
from channels.connectors.outcome import Outcome, Verdict
from channels.connectors.shopify.connector import ShopifyConnector
from pimhub.foundation.http import Response

shopify = ShopifyConnector()

CONNECTION = Connection(
    code="shop",
    base_url="https://shop.test",
    settings={
        "locations": {"main": "gid://shopify/Location/1"},
        "publications": ["gid://shopify/Publication/1"],
        "currency": "EUR",
    },
    credentials={"access_token": "secret"},
)

FRONT = Medium(key="sha256:aa", url="https://pim.test/media/aa.jpg", alt="Front")
SIDE = Medium(key="sha256:bb", url="https://pim.test/media/bb.jpg", alt="Side", sku="TEE-S")
BACK = Medium(key="sha256:cc", url="https://pim.test/media/cc.jpg", alt="Back")


def variant(sku: str, size: str, **more: Any) -> MappedVariant:
    given: dict[str, Any] = {
        "gtin": "",
        "fields": {"weight": {"amount": "0.200", "unit": "kg"}, "taxable": True, "inventory_policy": "DENY"},
        "options": (("Size", size),),
        "price": Price(currency="EUR", price=Decimal("19.9"), cost=Decimal("7.5")),
        "stock": {"main": 5},
    }
    return MappedVariant(sku=sku, **{**given, **more})


def tee(**more: Any) -> MappedProduct:
    given: dict[str, Any] = {
        "code": "TEE",
        "revision": 1,
        "locale": "en_US",
        "fields": {
            "title": "Tee",
            "description_html": "<p>Soft.</p>",
            "vendor": "Acme",
            "handle": "TEE",
            "tags": ["new", "Cotton"],
            "seo_title": "A soft tee",
            "status": "ACTIVE",
        },
        "variants": (variant("TEE-S", "S"), variant("TEE-M", "M")),
        "media": (FRONT, SIDE),
    }
    return MappedProduct(**{**given, **more})


def with_fields(product: MappedProduct, **fields: Any) -> MappedProduct:
    said = {name: value for name, value in {**product.fields, **fields}.items() if value is not None}
    return replace(product, fields=said)


def rendered(product: MappedProduct, connection: Connection = CONNECTION) -> Rendered:
    return shopify.render(product, connection)


def sent(operation: Operation) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(operation.request.body)
    return body


def variables(operation: Operation) -> dict[str, Any]:
    given: dict[str, Any] = sent(operation)["variables"]
    return given


def answered(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, headers=headers or {}, body=json.dumps(body).encode())


def yes(operation: Operation, known: Known | None = None) -> Response:
    """The answer of a shop that takes the call; new ids are made of SKU or source address."""
    given = variables(operation)
    if operation.name == "productRead":
        media = [gid for key, gid in (known or Known()).links.items() if key.startswith("media:")]
        nodes = [{"id": gid, "alt": ""} for gid in media]
        variants = [
            {
                "id": f"gid://shopify/ProductVariant/{sku}",
                "sku": sku,
                "inventoryItem": {"id": f"gid://shopify/InventoryItem/{sku}"},
            }
            for sku in operation.context["skus"]
        ]
        product = {
            "tags": [],
            "media": {"nodes": nodes},
            "collections": {"nodes": []},
            "variants": {"nodes": variants},
        }
        return answered({"data": {"productByIdentifier": product}})
    if operation.name == "collectionRead":
        handle = given["identifier"]["handle"]
        found = {"id": f"gid://shopify/Collection/{handle}", "title": handle, "sources": []}
        return answered({"data": {"collectionByIdentifier": found}})
    payload: dict[str, Any] = {"userErrors": []}
    if operation.name == "productSet":
        asked = given["input"]
        payload["product"] = {
            "id": "gid://shopify/Product/1",
            "media": {
                "nodes": [
                    {"id": file.get("id", f"gid://shopify/MediaImage/{file.get('originalSource')}")}
                    for file in asked.get("files", [])
                ]
            },
            "variants": {
                "nodes": [
                    {
                        "id": one.get("id", f"gid://shopify/ProductVariant/{one['sku']}"),
                        "sku": one["sku"],
                        "inventoryItem": {"id": f"gid://shopify/InventoryItem/{one['sku']}"},
                    }
                    for one in asked["variants"][: given["variants"]]
                ]
            },
        }
    if operation.name == "metafieldDefinitionCreate":
        payload["createdDefinition"] = {"id": "gid://shopify/MetafieldDefinition/1"}
    return answered({"data": {operation.name: payload}})


def merge(known: Known, operation: Operation, outcome: Outcome, wanted: Rendered) -> Known:
    """What the publisher knows after an accepted call, or after one that the shop is still working on."""
    assert outcome.verdict in (Verdict.ACCEPTED, Verdict.WORKING), outcome
    links = {**known.links, **operation.claims, **outcome.links}
    links = {k: v for k, v in links.items() if k not in outcome.dropped_links}
    accepted = {row: dict(bodies) for row, bodies in known.accepted.items() if row in wanted.bodies}
    settled = outcome.verdict is Verdict.ACCEPTED and not operation.partial
    for row, facet in operation.carries if settled else ():
        if facet.value in wanted.bodies[row]:
            accepted.setdefault(row, {})[facet.value] = wanted.bodies[row][facet.value]
        else:
            accepted.get(row, {}).pop(facet.value, None)
    return Known(links=links, accepted=accepted, number=known.number + 1)


def publish(
    product: MappedProduct, known: Known | None = None, connection: Connection = CONNECTION
) -> tuple[Known, list[Operation]]:
    """Plan, send, merge until nothing is left. All calls that it took, in order."""
    wanted, known, done = rendered(product, connection), known or Known(), list[Operation]()
    for _ in range(25):
        calls = shopify.plan(wanted, known, connection)
        if not calls:
            return known, done
        known = merge(known, calls[0], shopify.interpret(calls[0], yes(calls[0], known)), wanted)
        done.append(calls[0])
    raise AssertionError(f"no end after {[call.name for call in done]}")


def writes(calls: Sequence[Operation]) -> list[Operation]:
    """Without the looks at what others put there."""
    return [call for call in calls if call.name != "productRead"]


def remote(links: Mapping[str, str]) -> dict[str, str]:
    """Links that are ids of the shop's things, without the record of what we put there."""
    ours = ("definition:", "tag:", "looked", "sending:")
    return {key: gid for key, gid in links.items() if not key.startswith(ours)}


def names(calls: Sequence[Operation]) -> list[str]:
    return [call.name for call in calls]
