"""Where a product under review is shown: the floor above says which channels there are, and what each shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q

from pimhub.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Place:
    """`products`: which products it shows, or would show once they are approved."""

    code: str
    label: str
    products: Q


# The places that the person acting reaches.
sources: Registry[Callable[[], Iterable[Place]]] = Registry("source of places that products are shown in")


def places() -> list[Place]:
    return [place for source in sources for place in source()]
