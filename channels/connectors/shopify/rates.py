"""How fast a shop may be called: points from a leaky bucket of the app in the shop, told in every answer.

Source: shopify.dev "Rate limits" (2,000 points and 100 a second on a standard plan, more on larger ones), and the
costs of inputs in the descriptions of the official schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.connectors.abilities import Budget, Rate
from channels.connectors.shopify import wire
from pimhub.foundation.http import Request, Response

# Until the first answer tells those of the shop's plan.
MAXIMUM, RESTORED = 2000.0, 100.0
MUTATION = 10.0
# What the selections of our questions are estimated at; the answer corrects it.
QUESTIONS: Mapping[str, float] = {
    "productRead": 60.0,
    "productFind": 10.0,
    "productOperation": 15.0,
    "variantList": 40.0,
}
OTHER_QUESTION = 5.0


def rate(request: Request) -> Rate | None:
    """The points of a call; None of fetching a token and of uploads."""
    if not request.url.endswith("/graphql.json"):
        return None
    body = wire.sent(request)
    query, name = str(body.get("query", "")).lstrip(), str(body.get("operationName", ""))
    if not query.startswith("mutation"):
        return Rate("points", RESTORED, MAXIMUM, cost=QUESTIONS.get(name, OTHER_QUESTION))
    return Rate("points", RESTORED, MAXIMUM, cost=MUTATION + _inputs(body.get("variables") or {}))


def _inputs(variables: Mapping[str, Any]) -> float:
    """Of a productSet: 0.2 for a variant, 1.9 a file, 0.4 a metafield, 0.6 a variant's file."""
    given = variables.get("input")
    if not isinstance(given, dict):
        return 0.0
    variants = given.get("variants") or []
    return (
        0.2 * len(variants)
        + 1.9 * len(given.get("files") or [])
        + 0.4 * len(given.get("metafields") or [])
        + sum(0.6 * bool(one.get("file")) + 0.4 * len(one.get("metafields") or []) for one in variants)
    )


def told(response: Response) -> Budget | None:
    """`extensions.cost` of an answer; None where it has none."""
    cost = ((wire.decode(response) or {}).get("extensions") or {}).get("cost")
    bucket = cost.get("throttleStatus") if isinstance(cost, dict) else None
    if not isinstance(bucket, dict):
        return None
    try:
        assert isinstance(cost, dict)
        found = Budget(
            available=float(bucket["currentlyAvailable"]),
            maximum=float(bucket["maximumAvailable"]),
            per_second=float(bucket["restoreRate"]),
            # Refused for want of points, it took none.
            cost=float(cost.get("actualQueryCost") or 0),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.maximum > 0 and found.per_second > 0 else None
