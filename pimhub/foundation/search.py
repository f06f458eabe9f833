"""The socket of the global search: every floor adds what can be found on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: `label` as people call it, `hint` why it was found, `url` where it is."""

    kind: str  # heading, such as "Products"
    label: str
    url: str
    hint: str = ""
    icon: str = "search"
    exact: bool = False  # the text is its very code: Enter leads there


# (request, text, limit) → hits this person may see, best first.
sources: Registry[Callable[[Any, str, int], list[Hit]]] = Registry("search source")


def search(request: Any, text: str, *, limit: int) -> list[Hit]:
    """What all floors find, at most `limit` of each kind; nothing for no text."""
    text = text.strip()
    return [hit for source in sources for hit in source(request, text, limit)] if text else []
