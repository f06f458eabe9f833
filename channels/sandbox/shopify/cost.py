"""What a request costs, and the leaky bucket that pays for it.

The costs of inputs are those in the descriptions of the official schema (0.2 per variant, 1.9
per file, 0.4 per metafield, 0.6 per variant file). What a selection costs is not published; it
is estimated (one point per object field, two per connection) and refused by nothing.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from graphql import FieldNode
from graphql.language import SelectionSetNode

from channels.sandbox.shopify.wall import Request, Root

DEAREST_REQUEST = 1000


def requested_cost(request: Request) -> int:
    """Points of the whole request, rounded up."""
    return math.ceil(sum(_of_root(request.mutates, root) for root in request.roots)) or 1


def input_cost(args: dict[str, Any]) -> float:
    """Points of the inputs of a productSet alone, beyond its base of 10."""
    given = args.get("input")
    if not isinstance(given, dict):
        return 0.0
    variants = given.get("variants") or []
    return (
        0.2 * len(variants)
        + 1.9 * len(given.get("files") or [])
        + 0.4 * len(given.get("metafields") or [])
        + sum(0.6 * bool(row.get("file")) + 0.4 * len(row.get("metafields") or []) for row in variants)
    )


def _of_root(mutates: bool, root: Root) -> float:
    if mutates:
        return 10 + (input_cost(root.args) if root.name == "productSet" else 0.0)
    return float(_selection(root.node))


def _selection(node: FieldNode) -> int:
    inner: SelectionSetNode | None = node.selection_set
    if inner is None:
        return 0
    connected = any(argument.name.value in ("first", "last") for argument in node.arguments or ())
    return (2 if connected else 1) + sum(
        _selection(child) for child in inner.selections if isinstance(child, FieldNode)
    )


class Bucket:
    """Points of one app in one shop. In memory: a restarted shop starts with a full bucket."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent = 0.0
        self._at = time.monotonic()

    def available(self, *, maximum: int, rate: int) -> float:
        with self._lock:
            return self._level(maximum, rate)

    def take(self, points: int, *, maximum: int, rate: int) -> bool:
        """Spend `points`; False, and nothing spent, when there are not enough."""
        with self._lock:
            if points > self._level(maximum, rate):
                return False
            self._spent += points
            return True

    def _level(self, maximum: int, rate: int) -> float:
        now = time.monotonic()
        self._spent = max(0.0, self._spent - (now - self._at) * rate)
        self._at = now
        return maximum - self._spent


def cost_extension(requested: int, actual: int | None, available: float, *, maximum: int, rate: int) -> dict[str, Any]:
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": maximum,
                "currentlyAvailable": int(available),
                "restoreRate": rate,
            },
        }
    }
