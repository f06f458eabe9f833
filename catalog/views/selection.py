"""What was selected in the grid, as it comes with the address of a page that does something with many products."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet

from catalog.models import Product, User
from catalog.plans import run
from catalog.plans.kinds.selection import check_selection, selected
from pimhub.foundation.jsonvalue import JSON


def selection_of(given: Any) -> dict[str, JSON]:
    """{"codes"} of the ticked rows, or {"text", "filter", "view"} of all that match; empty without any.

    Raises ValueError or RecursionError for what cannot be read.
    """
    if given.get("select"):
        found = json.loads(given["select"])
        return found if isinstance(found, dict) else {}
    if given.get("do") != "all":
        codes = given.getlist("code")
        return {"codes": codes} if codes else {}
    select: dict[str, JSON] = {"text": given.get("q", "")}
    conditions = [json.loads(given["filter"])] if given.get("filter") else []
    if given.get("family"):
        conditions.append({"field": "family", "op": "=", "value": given["family"]})
    if conditions:
        select["filter"] = conditions[0] if len(conditions) == 1 else conditions
    if given.get("view", "").isdigit():
        select["view"] = int(given["view"])
    return select


def products_of(select: dict[str, JSON], user: User) -> QuerySet[Product]:
    """The products that this person may see of a selection. Raises BadPlan."""
    found = run.without_view({"select": select}, user)["select"]
    check_selection(found)
    return selected(found)
