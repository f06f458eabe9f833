"""The register of systems, the rules, and the matrix that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog.models import Attribute, ExternalSystem, Family, Location, PriceList
from governance.models import OwnershipRule
from governance.ownership.publication import PUBLICATION
from governance.ownership.rules import Rules, load_rules, owner_words
from pimhub.foundation.documents import documents, table

SYSTEM = ("System", "Answers for it", "Contact", "Creates", "Reads", "Updates", "Publishes", "Last seen")


def ownership() -> str:
    """Markdown: who is registered, which rules there are, and for every attribute and part who owns it where."""
    parts = ["# Ownership\n", "## Systems\n", _systems(), "## Rules\n", _rules(), "## Who owns what\n", _matrix()]
    return "\n".join(parts)


def _systems() -> str:
    rows = [
        (
            f"{s.label or s.code} ({s.code})",
            *(s.owner, s.contact, s.creates, s.reads, s.updates, s.publishes),
            s.last_seen.strftime("%Y-%m-%d %H:%M UTC") if s.last_seen else "never",
        )
        for s in ExternalSystem.objects.all()
    ]
    return table(SYSTEM, rows) if rows else "No other system is registered.\n"


def _rules() -> str:
    rules = OwnershipRule.objects.select_related("owner", "attribute", "group", "family", "scope", "locale")
    rows = [(r.code, about(r), owner_words(r), r.reason) for r in rules.select_related("location", "price_list")]
    return table(("Rule", "About", "Owner", "Reason"), rows) if rows else "There is none: anybody may write anything.\n"


def about(rule: OwnershipRule) -> str:
    """What a rule is about, in words."""
    group = f"group {rule.group}" if rule.group else ""
    thing = rule.attribute or group or (rule.get_part_display() if rule.part else "everything")
    places = (rule.scope, rule.locale, rule.location, rule.price_list, rule.family)
    where = ", ".join(str(place) for place in places if place is not None)
    return f"{thing} ({where})" if where else str(thing)


def _matrix() -> str:
    rules = load_rules()
    if rules is None:
        return "Anybody may write anything.\n"
    families = list(Family.objects.values_list("code", flat=True))
    head = ("Value or part", *families)
    rows = [(words, *(_owner(rules, key, family) for family in families)) for words, key in keys(rules.rules)]
    return table(head, rows)


def _owner(rules: Rules, key: str, family: str) -> str:
    rule = rules.of(key, family=family)
    return f"{owner_words(rule)} ({rule.code})" if rule else "anybody"


def keys(rules: Iterable[OwnershipRule]) -> Iterator[tuple[str, str]]:
    """Every attribute, in every scope and language that some rule tells apart; then the parts."""
    rules = list(rules)
    scopes = sorted({r.scope.code for r in rules if r.scope})
    locales = sorted({r.locale.code for r in rules if r.locale})
    for attribute in Attribute.objects.all():
        for locale in ["", *locales] if attribute.localizable else [""]:
            for scope in ["", *scopes] if attribute.scopable else [""]:
                key = attribute.code + (f"@{locale}" if locale else "") + (f"#{scope}" if scope else "")
                yield f"{attribute.label()}, `{key}`", key
    for words, key in (("Pictures", "media"), ("Categories", "categories"), ("Family and axes", "family")):
        yield words, key
    yield "Which variants there are", ""
    yield "Barcode", "gtin"
    yield "Associations", "associations.any"
    yield "Publishing by hand, archiving and reopening", PUBLICATION
    for price_list in PriceList.objects.all():
        yield f"Prices in {price_list.code}", f"offers.{price_list.code}.price"
        yield f"Sales in {price_list.code}", f"offers.{price_list.code}.sale_price"
    for location in Location.objects.all():
        yield f"Stock at {location.code}", f"stock.{location.code}.available"


def plug_in() -> None:
    documents.add("ownership", ownership)
