"""What became of a write, in words, for who just saved a page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest

from catalog.products.told import key_labels
from catalog.products.write import WriteResult


def tell(request: HttpRequest, result: WriteResult, *, locale: str) -> None:
    """Say what was saved, what is held, and what was left out. Not for one that was rejected."""
    saved = {key for row in result.changes.values() for key in row}
    words = key_labels(
        [*saved, *(part for _, part, _ in result.held), *(left.key for left in result.dropped)], locale=locale
    )
    for sku, part, reason in result.held:
        messages.warning(request, f"{words[part]} of {sku} is held: {reason} A second person must confirm it.")
    for left in result.dropped:
        messages.warning(request, f"{words[left.key]}: {left.message}")
    if saved:
        messages.success(request, f"Saved: {', '.join(sorted(words[key] for key in saved))}.")
    elif not result.held and not result.dropped:
        messages.info(request, "Nothing was changed, so nothing was saved.")
