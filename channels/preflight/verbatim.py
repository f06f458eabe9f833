"""Verbatim blocks: warnings, allergens, addresses. They go out letter by letter, or the product does not go out.

Looked for in what is about to be sent, not in the mapping: whatever a transform, a template or a connector did to one
shows here. A channel's own form counts as the same: escaped where it takes HTML, words only where it takes none.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from channels.connectors.base import Rendered
from channels.connectors.outcome import Issue
from channels.rendering.source import Source
from pimhub.foundation.html import to_text
from pimhub.foundation.jsonvalue import JSON


def verbatim_blocks(source: Source, rendered: Rendered) -> Iterator[Issue]:
    """An error for each block that is not sent as it was approved, or that must be there and is not."""
    if not source.blocks:
        return
    leaves = set(_texts([body for facets in rendered.bodies.values() for body in facets.values()]))
    for block in source.blocks:
        if not block.text:
            message = f"{block.label} must go out, and nothing is approved for it. Enter it, and have it approved."
            yield Issue(code="verbatim_missing", message=message, severity="error", field=block.key, sku=block.sku)
        elif not any(_holds(leaf, block.text) for leaf in leaves):
            message = (
                f"{block.label} is not sent letter by letter as it was approved. Map it to a field that takes it "
                "whole, without transforms that change it."
            )
            yield Issue(code="verbatim_changed", message=message, severity="error", field=block.field, sku=block.sku)


def _holds(leaf: str, text: str) -> bool:
    forms = (leaf, html.unescape(leaf), to_text(leaf)) if "<" in leaf or "&" in leaf else (leaf,)
    wanted = (text, to_text(text)) if "<" in text else (text,)
    return any(one in form for one in wanted for form in forms)


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
