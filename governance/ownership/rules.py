"""Which rule decides of a value or a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog import stamp
from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import Attribute
from catalog.products.parts import PUBLICATION, STOCK, NoPart, part_of
from catalog.products.state import is_part
from governance.models import OwnershipRule


class BadKey(ValueError):
    """No value key, and no part of a product."""


@dataclass(frozen=True, slots=True)
class About:
    """What a key is, as far as rules ask."""

    attribute: str = ""
    group: str = ""
    part: str = ""
    family: str = ""
    scope: str = ""
    locale: str = ""
    location: str = ""
    price_list: str = ""


class Rules:
    """All rules, ready to be asked."""

    def __init__(self, rules: Sequence[OwnershipRule], groups: Mapping[str, str]) -> None:
        self.rules = sorted(rules, key=_weight, reverse=True)
        self.groups = groups  # attribute → its group

    def of(self, key: str, *, family: str) -> OwnershipRule | None:
        """The rule that decides of a value key or part, the most specific first; None: anybody may write it.

        Raises BadKey.
        """
        about = self._about(key, family)
        return next((rule for rule in self.rules if about is not None and _fits(rule, about)), None)

    def fitting(self, key: str, *, family: str) -> list[OwnershipRule]:
        """All rules that fit, the one that decides first. Raises BadKey."""
        about = self._about(key, family)
        return [rule for rule in self.rules if about is not None and _fits(rule, about)]

    def _about(self, key: str, family: str) -> About | None:
        if key and not is_part(key):
            try:
                parsed = ValueKey.parse(key)
            except ValueProblem as error:
                raise BadKey(str(error)) from error
            group = self.groups.get(parsed.attribute, "")
            return About(parsed.attribute, group, "", family, parsed.scope or "", parsed.locale or "")
        try:
            part, place = part_of(key)
        except NoPart as error:
            raise BadKey(str(error)) from error
        if not part:
            return None  # what a system calls a thing, it says itself
        where = {"location": place} if part == STOCK else {"price_list": place}
        return About(part=part, family=family, **where)


def load_rules() -> Rules | None:
    """None when there are none. Read from the database only after they, or what they name, changed."""
    return _kept()


def read_rules() -> Rules | None:
    """As they are in the database now, in the transaction under way."""
    names = ("owner", "attribute", "group", "family", "scope", "locale", "location", "price_list")
    rules = list(OwnershipRule.objects.select_related(*names))
    if not rules:
        return None
    groups = dict(Attribute.objects.values_list("code", "group__code")) if any(r.group_id for r in rules) else {}
    return Rules(rules, groups)


_kept = stamp.Kept(read_rules)


def _fits(rule: OwnershipRule, about: About) -> bool:
    if rule.part and rule.part != about.part:
        return False
    if about.part == PUBLICATION and not rule.part:
        return False  # who owns all that is said of a product does not yet say where it is sold
    return all(
        getattr(rule, f"{name}_id") is None or getattr(rule, name).code == getattr(about, name)
        for name in ("attribute", "group", "family", "scope", "locale", "location", "price_list")
    )


def _weight(rule: OwnershipRule) -> tuple[int, ...]:
    """What counts more comes first: the thing itself, then where, then for which kind of product."""
    thing = 3 if rule.attribute_id else 2 if rule.group_id or rule.part else 0
    place = bool(rule.location_id) + bool(rule.price_list_id)
    return (thing, bool(rule.scope_id) + place, bool(rule.locale_id), bool(rule.family_id), -rule.pk)


def owner_words(rule: OwnershipRule) -> str:
    """The owner, for people."""
    if rule.owner is None:
        return "people"
    return str(rule.owner.label or rule.owner.code)


def others_words(rule: OwnershipRule) -> str:
    """What becomes of what others write, for people."""
    if rule.otherwise != OwnershipRule.Otherwise.OVERRIDE:
        return str(rule.get_otherwise_display())
    return f"holds for {rule.override_days} day{'' if rule.override_days == 1 else 's'}"
