"""Products by the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

from catalog.api import bulk, params
from catalog.api.problems import told
from catalog.products.changes import ProductChange
from catalog.products.reference import load_reference
from catalog.products.wire import read_product
from catalog.products.write import WriteResult, write_products

REJECT_ALL, REJECT_ROWS, REJECT_VALUES = POLICIES = ("reject_all", "reject_rows", "reject_values")


class Products(bulk.Work[ProductChange]):
    """Lines that are products. `?on_error=reject_all | reject_rows | reject_values`, `?dry_run=true`."""

    def __init__(self, request: Request) -> None:
        policy = params.choice(request, "on_error", POLICIES, REJECT_ROWS)
        self.all_or_nothing = policy == REJECT_ALL
        self.drop_values = policy == REJECT_VALUES
        self.dry_run = params.flag(request, "dry_run") is True
        self.reference = load_reference()

    def read(self, given: Any) -> ProductChange:
        return read_product(given)

    def write(self, items: Sequence[ProductChange]) -> list[dict[str, Any]]:
        results = write_products(items, drop_values=self.drop_values, dry_run=self.dry_run, reference=self.reference)
        return [result_of(result) for result in results]


def result_of(result: WriteResult) -> dict[str, Any]:
    if result.status == "rejected":
        return bulk.failed(result.code, result.errors)
    found: dict[str, Any] = {
        "code": result.code,
        "status": 201 if result.status == "created" else 200,
        "result": result.status,
        "errors": [told(e) for e in result.dropped],
    }
    if result.version:
        found["version"] = result.version
    if result.held:
        found["held"] = [{"sku": s, "key": k, "reason": r} for s, k, r in result.held]
    return found
