"""Which products a plan is about: a filter and words, looked at on the server, however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from catalog.access.reach import seen
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
    check_codes(codes, Product.everything.all(), "select.codes", "There is no product “{}”.")


def check_codes(codes: Sequence[str], products: QuerySet[Product], key: str, message: str) -> None:
    """Each code names one of the products, where the person acting reaches it. Raises BadPlan."""
    wanted = {code_key(code): code for code in codes}
    known = set(seen(products.filter(code_key__in=list(wanted))).values_list("code_key", flat=True)) if wanted else ()
    if lost := [code for name, code in wanted.items() if name not in known]:
        more = f" There are {len(lost) - 1} more such codes." if len(lost) > 1 else ""
        raise BadPlan(key, message.format(lost[0]) + more, "unknown_product")


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
