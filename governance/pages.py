"""Pages of the configuration that governance adds."""

from __future__ import annotations

from catalog.views.structure_kinds import KINDS, Kind
from governance.api.ownership import OWN, RuleRow
from governance.models import OwnershipRule
from governance.ownership.rules import owner_words


def about(rule: OwnershipRule) -> str:
    """What a rule is about, in words."""
    thing = rule.attribute or rule.group or (rule.get_part_display() if rule.part else "everything")
    places = (rule.scope, rule.locale, rule.location, rule.price_list, rule.family)
    where = ", ".join(str(place) for place in places if place is not None)
    return f"{thing} ({where})" if where else str(thing)


def plug_in() -> None:
    KINDS["ownership"] = Kind(
        "ownership",
        "Ownership",
        "rule",
        RuleRow,
        "Which system, or people, may write which values. The most specific rule decides.",
        (("What", about), ("Owner", owner_words), ("Reason", "reason")),
        right=OWN,
    )
