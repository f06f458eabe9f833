"""What the rules come to: who may write a value and why, and what another rule would change about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.models import ExternalSystem
from governance.models import OwnershipRule
from governance.ownership.document import keys
from governance.ownership.guard import Verdict, verdict
from governance.ownership.rules import Rules, load_rules, others_words, owner_words

PEOPLE = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Of one value or part: the rule that decides, those that fit but count less, and what each writer may."""

    rule: OwnershipRule | None
    less: list[OwnershipRule]
    writers: list[tuple[str, Verdict, str]]  # who, what becomes of it, in words

    @property
    def owner(self) -> str:
        return owner_words(self.rule) if self.rule else "anybody"


@dataclass(frozen=True, slots=True)
class Line:
    """One value or part whose owner changes, in which families."""

    what: str
    families: str
    was: str
    becomes: str


def ask(key: str, *, family: str) -> Told:
    """Raises BadKey."""
    rules = load_rules()
    fitting = rules.fitting(key, family=family) if rules else []
    rule = fitting[0] if fitting else None
    systems = ExternalSystem.objects.order_by("code")
    named = [(PEOPLE, "People"), *((system.code, system.label or system.code) for system in systems)]
    said = [(who, verdict(rule, key, code)) for code, who in named]
    return Told(rule, fitting[1:], [(who, each, _words(rule, each)) for who, each in said])


def _words(rule: OwnershipRule | None, said: Verdict) -> str:
    return others_words(rule) if rule is not None and said is Verdict.HELD else str(said)


def compare(before: Rules | None, after: Rules | None) -> list[Line]:
    """Every value and part that is decided otherwise after than before."""
    all_rules = [rule for rules in (before, after) if rules for rule in rules.rules]
    # Families that no rule names are all alike: "" stands for them.
    named = sorted({rule.family.code for rule in all_rules if rule.family})
    found: list[Line] = []
    for what, key in keys(all_rules):
        pairs = {family: (_decided(before, key, family), _decided(after, key, family)) for family in ("", *named)}
        for pair in dict.fromkeys(pairs.values()):
            if pair[0] != pair[1]:
                where = [family for family in pairs if pairs[family] == pair]
                found.append(Line(what.replace("`", ""), _families(where, named), *pair))
    return found


def without(rule: OwnershipRule) -> list[Line]:
    """What would change if the rule ended: all that it decides now, unless another one says the same."""
    rules = load_rules()
    if rules is None:
        return []
    rest = [each for each in rules.rules if each.pk != rule.pk]
    return compare(rules, Rules(rest, rules.groups) if rest else None)


def _decided(rules: Rules | None, key: str, family: str) -> str:
    rule = rules.of(key, family=family) if rules else None
    return f"{owner_words(rule)}; what others write {others_words(rule)}" if rule else "anybody"


def _families(where: list[str], named: list[str]) -> str:
    return ", ".join(_family(code, named) for code in [*(c for c in where if c), *(c for c in where if not c)])


def _family(code: str, named: list[str]) -> str:
    return code or ("all others" if named else "all")


def known_keys() -> Iterator[tuple[str, str]]:
    """Words and keys that there is something to ask about."""
    rules = load_rules()
    return ((words.partition(", `")[0], key) for words, key in keys(rules.rules if rules else ()) if key)
