"""What would be sent for a product, byte for byte, secrets redacted. Changes nothing."""

from __future__ import annotations

from typing import TypedDict

from catalog.models import Product
from channels.connectors.outcome import Issue
from channels.models import Channel, Placement
from channels.publishing.desire import Desired, desire
from channels.publishing.known import known
from governance.models import Standing


class PreflightEntry(TypedDict):
    key: str
    sku: str
    code: str
    severity: str
    message: str


class Preview(TypedDict):
    preflight: list[PreflightEntry]
    requests: list[dict[str, object]]
    blocked: bool
    then: list[str]


def preview(channel: Channel, product: Product) -> Preview:
    """Preflight, and the calls that the next publishing would make, exactly as it would make them."""
    standing = Standing.objects.select_related("live", "product").get(product=product)
    desired = desire(channel, standing)
    if isinstance(desired, Issue):
        return {"preflight": [_entry(desired, "")], "requests": [], "blocked": True, "then": []}
    found: Preview = {
        "preflight": [_entry(i, desired.key(i)) for i in desired.issues],
        "requests": [],
        "blocked": desired.blocked,
        "then": [],
    }
    if not desired.blocked:
        _plan(channel, product, desired, found)
    return found


def _plan(channel: Channel, product: Product, desired: Desired, found: Preview) -> None:
    placement = Placement.objects.filter(channel=channel, product=product).first()
    facts = known(placement or Placement(channel=channel, product=product))
    for operation in desired.connector.plan(desired.rendered, facts, desired.connection):
        found["requests"].append(operation.request.redacted())
        found["then"] += operation.then


def _entry(issue: Issue, key: str) -> PreflightEntry:
    return {"key": key, "sku": issue.sku, "code": issue.code, "severity": issue.severity, "message": issue.message}
