"""Offers to publish, and a Google that says yes: what a plan would be after every call went well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from channels.connectors.base import Connection, Known, MappedProduct, MappedVariant, Medium, Operation, Price, Rendered
from channels.connectors.google.connector import GoogleConnector
from channels.connectors.outcome import Outcome, Verdict
from pimhub.foundation.http import Response

google = GoogleConnector()

SETTINGS = {
    "account": "1001",
    "data_source": "accounts/1001/dataSources/2001",
    "content_language": "en",
    "feed_label": "US",
    "product_url": "https://shop.example.com/p/{handle}",
}
CONNECTION = Connection(
    code="google",
    base_url="https://merchant.test",
    settings=SETTINGS,
    credentials={"access_token": "secret"},
)

FRONT = Medium(key="sha256:aa", url="https://pim.example.com/media/aa.jpg", alt="Front", mime="image/jpeg")
BLACK = Medium(key="sha256:bb", url="https://pim.example.com/media/bb.jpg", alt="Black", sku="TEE-BLK-M")
BACK = Medium(key="sha256:cc", url="https://pim.example.com/media/cc.jpg", alt="Back")

FIELDS: dict[str, Any] = {
    "title": "Acme Tee",
    "description": "Soft organic tee.\nMade to last.",
    "brand": "Acme",
    "condition": "new",
    "google_product_category": "212",
    "product_type": ["Apparel > T-Shirts"],
    "gender": "unisex",
    "age_group": "adult",
    "shipping_weight": {"amount": "0.200", "unit": "kg"},
    "custom_label_0": "summer",
}
GTINS = ("9506000134352", "9506000134369")


def connection(**more: Any) -> Connection:
    return replace(CONNECTION, settings={**SETTINGS, **more})


def variant(sku: str = "TEE-BLK-S", size: str = "S", **more: Any) -> MappedVariant:
    given: dict[str, Any] = {
        "gtin": GTINS[0],
        "fields": {**FIELDS, "color": "Black", "size": size},
        "options": (("Color", "Black"), ("Size", size)),
        "price": Price(currency="USD", price=Decimal("24.99")),
        "stock": {"main": 5},
    }
    return MappedVariant(sku=sku, **{**given, **more})


def speaking(**fields: Any) -> MappedVariant:
    """The one variant, with some fields changed; None takes a field away."""
    said = {**FIELDS, **fields}
    return variant(fields={name: value for name, value in said.items() if value is not None})


def single(*variants: MappedVariant, **more: Any) -> MappedProduct:
    given: dict[str, Any] = {
        "code": "TEE",
        "revision": 1,
        "locale": "en_US",
        "fields": {},
        "variants": variants or (speaking(),),
        "media": (FRONT, BACK),
        "url": "https://shop.example.com/p/TEE",
    }
    return MappedProduct(**{**given, **more})


def tee(**more: Any) -> MappedProduct:
    """Two variants, of which the second has its own picture and is on sale."""
    on_sale = Price(currency="USD", price=Decimal("24.99"), sale_price=Decimal("19.9"))
    second = variant("TEE-BLK-M", "M", gtin=GTINS[1], price=on_sale, stock={"main": 0})
    return single(variant(), second, **{"media": (FRONT, BLACK, BACK), **more})


def rendered(product: MappedProduct, connection: Connection = CONNECTION) -> Rendered:
    return google.render(product, connection)


def attributes(product: MappedProduct, sku: str = "TEE-BLK-S", connection: Connection = CONNECTION) -> Any:
    return rendered(product, connection).bodies[sku]["content"]["productAttributes"]


def problems(product: MappedProduct, connection: Connection = CONNECTION) -> list[tuple[str, str, str]]:
    """(code, field, severity) of every preflight issue."""
    found = google.validate(product, rendered(product, connection), connection)
    return [(issue.code, issue.field, issue.severity) for issue in found]


def sent(operation: Operation) -> Any:
    return json.loads(operation.request.body)


def answered(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(status=status, headers=headers, body=json.dumps(body).encode())


def refused(status: str, message: str = "", *, http: int = 400, reason: str = "", **more: Any) -> Response:
    """Google's error body; `fields` are (path, description)."""
    details: list[dict[str, Any]] = []
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
    if "fields" in more:
        violations = [{"field": path, "description": words} for path, words in more["fields"]]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    if "retry" in more:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": more["retry"]})
    return answered({"error": {"code": http, "message": message, "status": status, "details": details}}, http)


def yes(operation: Operation) -> Response:
    return answered({"name": "accounts/1001/productInputs/x"} if operation.request.body else {})


def merge(known: Known, operation: Operation, outcome: Outcome, wanted: Rendered) -> Known:
    """What the publisher knows after a call that went well."""
    assert outcome.verdict is Verdict.ACCEPTED, outcome
    links = {k: v for k, v in {**known.links, **outcome.links}.items() if k not in outcome.dropped_links}
    accepted = {row: dict(bodies) for row, bodies in known.accepted.items()}
    for row, facet in operation.carries:
        body = wanted.bodies.get(row, {}).get(facet)
        if body is not None:
            accepted.setdefault(row, {})[facet.value] = body
        else:
            accepted.get(row, {}).pop(facet.value, None)
    accepted = {row: bodies for row, bodies in accepted.items() if bodies}
    return Known(links=links, accepted=accepted, number=known.number + 1)


def publish(
    product: MappedProduct, known: Known | None = None, connection: Connection = CONNECTION
) -> tuple[Known, list[Operation]]:
    """Send the first planned call and plan again, until nothing is left. All calls, in order."""
    wanted, known, done = rendered(product, connection), known or Known(), []
    for _ in range(30):
        calls = google.plan(wanted, known, connection)
        if not calls:
            return known, done
        known = merge(known, calls[0], google.interpret(calls[0], yes(calls[0])), wanted)
        done.append(calls[0])
    raise AssertionError(f"no end after {[call.name for call in done]}")


def shown(product: MappedProduct, sku: str, *, version: int = 1, **attributes: Any) -> dict[str, Any]:
    """The processed product that Google makes of an offer; attributes given as None are missing."""
    bodies: Mapping[str, Any] = rendered(product).bodies[sku]
    held = {**bodies["content"]["productAttributes"], **bodies["offer"], **bodies["stock"], **attributes}
    if "shippingWeight" in held:
        held["shippingWeight"] = {**held["shippingWeight"], "value": float(held["shippingWeight"]["value"])}
    return {
        "name": f"accounts/1001/products/en~US~{sku}",
        **{k: v for k, v in bodies["content"].items() if k != "productAttributes"},
        "versionNumber": str(version),
        "productAttributes": {name: value for name, value in held.items() if value is not None},
        "productStatus": {"itemLevelIssues": []},
    }
