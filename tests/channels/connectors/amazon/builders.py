"""A shirt to publish, and an Amazon that says yes."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from channels.connectors.amazon.connector import AmazonConnector
from channels.connectors.base import Connection, Known, MappedProduct, MappedVariant, Medium, Operation, Price, Rendered
from channels.connectors.outcome import Issue
from channels.sandbox.amazon.types import definition
from pimhub.foundation.http import Response

amazon = AmazonConnector()
DE = "A1PA6795UKMFR9"
SETTINGS = {"seller": "A2SANDBOXSELLER", "marketplace": DE, "language": "en_GB"}
CONNECTION = Connection(
    code="amazon",
    base_url="https://sellingpartnerapi-eu.amazon.com",
    settings=SETTINGS,
    credentials={"access_token": "secret"},
    definitions={"SHIRT": definition("SHIRT")},
)
FRONT = Medium(key="sha256:aa", url="https://pim.example.com/aa.jpg", mime="image/jpeg", width=1200, height=1200)
BLACK = Medium(key="sha256:bb", url="https://pim.example.com/bb.jpg", sku="TEE-BLK-M", width=1200, height=1200)

FIELDS: dict[str, Any] = {
    "item_name": "Acme Tee",
    "product_description": "Soft organic tee.",
    "bullet_point": ["Organic cotton"],
    "brand": "Acme",
    "fabric_type": "100% cotton",
    "country_of_origin": "PT",
    "item_type_keyword": "fashion-t-shirts",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "condition_type": "new_new",
}
GTINS = ("9506000134352", "9506000134369")
DATE = "Sun, 22 Nov 2026 10:00:00 GMT"


def connection(**more: Any) -> Connection:
    return replace(CONNECTION, settings={**SETTINGS, **more})


def variant(size: str = "S", color: str = "Black", **more: Any) -> MappedVariant:
    index = "SM".find(size)
    given: dict[str, Any] = {
        "sku": f"TEE-{color[:3].upper()}-{size}",
        "gtin": GTINS[index],
        "fields": dict(FIELDS),
        "options": (("Colour", color), ("Size", size)),
        "price": Price(currency="EUR", price=Decimal("19.99")),
        "stock": {"main": 5},
    }
    return MappedVariant(**{**given, **more})


def tee(**more: Any) -> MappedProduct:
    given: dict[str, Any] = {
        "code": "TEE",
        "revision": 1,
        "locale": "en_US",
        "fields": {**FIELDS, "product_type": "SHIRT"},
        "variants": (variant("S"), variant("M")),
        "media": (FRONT, BLACK),
        "axes": ("color", "size"),
    }
    return MappedProduct(**{**given, **more})


def single(**more: Any) -> MappedProduct:
    return tee(variants=(variant("S", **more),))


def rendered(product: MappedProduct, at: Connection = CONNECTION) -> Rendered:
    return amazon.render(product, at)


def issues(product: MappedProduct, at: Connection = CONNECTION) -> list[Issue]:
    return amazon.validate(product, amazon.render(product, at), at)


def codes(product: MappedProduct, at: Connection = CONNECTION) -> set[tuple[str, str, str]]:
    return {(issue.sku, issue.field, issue.code) for issue in issues(product, at)}


def plan(product: MappedProduct, known: Known | None = None, at: Connection = CONNECTION) -> list[Operation]:
    return amazon.plan(amazon.render(product, at), known or Known(), at)


def body(call: Operation) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(call.request.body)
    return held


def answer(http: int = 200, /, date: str = DATE, **held: Any) -> Response:
    return Response(http, {"date": date, "x-amzn-requestid": "r-1"}, json.dumps(held).encode())


def accepted(sku: str, number: str = "1", date: str = DATE) -> Response:
    return answer(sku=sku, status="ACCEPTED", submissionId=number, issues=[], date=date)


def known_after(product: MappedProduct, at: Connection = CONNECTION) -> Known:
    """What we know once every item was taken and seen."""
    bodies = rendered(product, at).bodies
    links = {}
    for row, held in bodies.items():
        sku = held["content"]["sku"]
        links |= {f"item:{row}": sku, f"seen:{row}": sku, f"sent:{row}": f"{DATE}|1", f"done:{row}": f"{DATE}|1"}
    return Known(links=links, accepted=bodies)
