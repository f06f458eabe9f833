"""Which products a plan is about: a filter and words, looked at on the server, however many they are."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from catalog.models import Product
from catalog.models.codes import code_key
from catalog.plans.kinds.base import BadPlan
from catalog.search import filters
from catalog.search.select import select
from pimhub.foundation.jsonvalue import JSON

PARTS = frozenset({"filter", "text", "codes"})


def check_selection(given: JSON) -> None:
    """Raises BadPlan."""
    if not isinstance(given, Mapping) or not given or set(given) - PARTS:
        raise BadPlan("select", f"Say which products: an object of {', '.join(sorted(PARTS))}.")
    codes = given.get("codes", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes) or len(codes) > 10_000:
        raise BadPlan("select.codes", "codes is a list of at most 10,000 product codes.")
    if not isinstance(given.get("text", ""), str):
        raise BadPlan("select.text", "text is text.")
    selected(given)


def selected(given: Mapping[str, JSON]) -> QuerySet[Product]:
    """The products. Raises BadPlan."""
    conditions = [given["filter"]] if given.get("filter") else []
    try:
        query = select(conditions, str(given.get("text", "")))
    except filters.BadFilter as error:
        raise BadPlan("select.filter", str(error), error.code) from error
    if "codes" in given:
        query = query.filter(code_key__in=[code_key(code) for code in given["codes"]])
    return query
