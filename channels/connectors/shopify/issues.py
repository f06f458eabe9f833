"""Short forms for the two kinds of preflight issue."""

from __future__ import annotations

from channels.connectors.outcome import Issue


def error(code: str, field: str, message: str, sku: str = "") -> Issue:
    return Issue(code=code, message=message, field=field, sku=sku)


def warning(code: str, field: str, message: str, sku: str = "") -> Issue:
    return Issue(code=code, message=message, field=field, sku=sku, severity="warning")
