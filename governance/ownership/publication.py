"""Whether a product is sold: a system may own that too, such as the one that plans the assortment."""

from __future__ import annotations

from collections.abc import Collection

from catalog.models import Product
from catalog.products import parts
from governance.ownership.rules import load_rules, owner_words

PUBLICATION = f"{parts.PUBLICATION}.channels"  # the key that rules are asked about


def is_owned() -> bool:
    """Whether any rule speaks of publication."""
    rules = load_rules()
    return rules is not None and any(rule.part == parts.PUBLICATION for rule in rules.rules)


def barred(ids: Collection[int], *, system: str) -> dict[int, str]:
    """Of these products those that this system ("": people) may not publish, archive or reopen, each with why."""
    rules = load_rules()
    if rules is None or not is_owned():
        return {}
    found = {}
    for pk, family in Product.everything.filter(pk__in=ids).values_list("pk", "family__code"):
        rule = rules.of(PUBLICATION, family=family)
        if rule is not None and (rule.owner.code if rule.owner else "") != system:
            why = f" {rule.reason}" if rule.reason else ""
            found[pk] = f"Whether it is sold belongs to {owner_words(rule)} (rule {rule.code}).{why}"
    return found
