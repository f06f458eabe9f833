"""Sockets of the pages: higher floors add panels to the product page and entries to the navigation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from pimhub.foundation.counting import counts
from pimhub.foundation.registry import Registry

MOST = 999  # waiting in one place: more need no number


@dataclass(frozen=True, slots=True)
class Panel:
    """One box beside a product. `template` gets `context`."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 0


# (request, product) → its panel, or None when there is nothing to show to this person.
panels: Registry[Callable[[Any, Any], Panel | None]] = Registry("panel")
# (request) → what `entry` makes, or None for who may not go there.
nav: Registry[Callable[[Any], dict[str, Any] | None]] = Registry("navigation entry")

# (ids of products) → {id: workflow state}, for lists of products: one query for all rows.
states: Registry[Callable[[Any], dict[int, str]]] = Registry("source of product states")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that concerns the person on whatever page they are, until they put it away."""

    text: str
    url: str  # where it leads
    label: str  # of that link
    seen_url: str  # is posted to where they put it away


# (request) → what there is to tell this person, or None.
notices: Registry[Callable[[Any], Notice | None]] = Registry("notice")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do with products selected in the grid. Its page reads the selection from the address."""

    url: str
    label: str  # of the button for what is selected
    label_all: str  # … and for all that match; their number follows


# (request) → what this person may do with many products, or None.
deeds: Registry[Callable[[Any], Deed | None]] = Registry("deed with selected products")

# (request, product, key of a value that this person may not write) → (address, words) of what they can do instead.
instead: Registry[Callable[[Any, Any, str], tuple[str, str] | None]] = Registry("way out of a locked field")


def entry(
    request: Any,
    *,
    label: str,
    url: str,
    icon: str,
    order: int,
    count: QuerySet[Any] | None = None,
    needs: QuerySet[Any] | None = None,
) -> dict[str, Any]:
    """A navigation entry; it is active on its own pages. `count`: what waits there; `needs`: without any, there is no
    entry. Neither is asked before the menu is drawn, and then all of them at once."""
    active = request.path.startswith(url)
    return {"label": label, "url": url, "icon": icon, "order": order, "active": active, "count": count, "needs": needs}


def menu(request: Any) -> list[dict[str, Any]]:
    """The navigation as this person has it, each entry with the number of what waits there as text, if anything."""
    entries = [found for make in nav if (found := make(request))]
    asked = [(each, name) for each in entries for name in ("count", "needs") if each[name] is not None]
    for (each, name), number in zip(asked, counts([each[name] for each, name in asked], most=MOST), strict=True):
        each[name] = number
    shown = sorted((each for each in entries if each["needs"] != 0), key=lambda e: e["order"])
    return [each | {"count": f"{MOST}+" if (each["count"] or 0) > MOST else each["count"]} for each in shown]
