"""The operators of the filter language, and the spellings people know from other systems."""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import Q

EQUAL, UNEQUAL = "=", "!="
LESS, LESS_EQUAL, MORE, MORE_EQUAL = "<", "<=", ">", ">="
IN, NOT_IN = "in", "not in"
STARTS, CONTAINS, LACKS = "starts with", "contains", "does not contain"
EMPTY, NOT_EMPTY = "empty", "not empty"
BETWEEN, NOT_BETWEEN, LAST_DAYS = "between", "not between", "since last n days"
IN_CHILDREN, NOT_IN_CHILDREN = "in children", "not in children"
IN_OR_NONE, UNCLASSIFIED = "in or unclassified", "unclassified"

ORDER = {LESS: "lt", LESS_EQUAL: "lte", MORE: "gt", MORE_EQUAL: "gte"}
# The opposite of an operator, for those that say what must not be.
OPPOSITE = {NOT_IN: IN, LACKS: CONTAINS, NOT_BETWEEN: BETWEEN, NOT_IN_CHILDREN: IN_CHILDREN}
NEEDS_NO_VALUE = frozenset({EMPTY, NOT_EMPTY, UNCLASSIFIED})

EVERY = frozenset(
    {
        *(EQUAL, UNEQUAL, LESS, LESS_EQUAL, MORE, MORE_EQUAL, IN, NOT_IN, STARTS, CONTAINS, LACKS, EMPTY, NOT_EMPTY),
        *(BETWEEN, NOT_BETWEEN, LAST_DAYS, IN_CHILDREN, NOT_IN_CHILDREN, IN_OR_NONE, UNCLASSIFIED),
    }
)


def worded(column: str, how: str, word: str) -> Q:
    """A column of texts that begin with, or hold, a word; case does not count, in any alphabet."""
    if connection.vendor == "sqlite" and not word.isascii():  # whose LIKE knows the case of A to Z only
        begin = "^" if how == STARTS else ""
        return Q(**{f"{column}__iregex": f"{begin}{re.escape(word)}"})
    return Q(**{f"{column}__{'istartswith' if how == STARTS else 'icontains'}": word})


_SPELLINGS = {"==": EQUAL, "<>": UNEQUAL, "is empty": EMPTY, "is not empty": NOT_EMPTY, "not_in": NOT_IN}


def normal(text: str) -> str:
    """An operator in its one spelling: "STARTS WITH", "starts_with" and "starts with" are the same."""
    words = " ".join(text.replace("_", " ").split()).casefold()
    return _SPELLINGS.get(words, words)
