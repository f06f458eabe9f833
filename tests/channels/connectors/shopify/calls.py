"""One planned call of each kind, and a shop that refuses it."""

from __future__ import annotations

from tests.channels.connectors.shopify.builders import (
    CONNECTION,
    answered,
    merge,
    publish,
    rendered,
    shopify,
    tee,
    variant,
    with_fields,
    yes,
)

KNOWN, CALLS = publish(tee())
BY_NAME = {call.name: call for call in CALLS}
CREATE, PUBLISH, DEFINE = (
    BY_NAME["productSet"],
    BY_NAME["publishablePublish"],
    BY_NAME["metafieldDefinitionCreate"],
)


def only(product, known=KNOWN):
    """The one call that a change takes, after the look at what others put there."""
    [call] = shopify.plan(rendered(product), known, CONNECTION)
    if call.name == "productRead":
        known = merge(known, call, shopify.interpret(call, yes(call, known)), rendered(product))
        [call] = shopify.plan(rendered(product), known, CONNECTION)
    return call


UPDATE = only(with_fields(tee(), title="New"))
STOCK = only(tee(variants=(variant("TEE-S", "S", stock={"main": 4}), variant("TEE-M", "M", stock={"main": 3}))))
STATUS = only(with_fields(tee(), status="DRAFT"))


def refused(operation, **error):
    return answered(
        {"data": {operation.name: {"product": None, "userErrors": [{"field": None, "code": None, **error}]}}}
    )
