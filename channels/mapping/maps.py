"""Tables from our categories and options to a channel's words, kept in the rules of a mapping as the step “map”.

So they are versions of the mapping: tried on all products, and put in force by a second person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from catalog.access.reach import seen
from catalog.models import Attribute, AttributeOption, Category, Product, User, Variant
from channels.connectors.base import Connector, TargetField
from channels.mapping import versions
from channels.mapping.suggest import Suggestion, Term, suggestions
from channels.mapping.tables import Rule, table_of, with_table
from channels.mapping.vocabularies import known_elsewhere, shipped, vocabulary
from channels.models import Channel, MappingVersion

CATEGORY = "$category"
SELECTS = ("select", "multiselect")


@dataclass(frozen=True, slots=True)
class Row:
    """One value of ours: with how many products of the channel have it, and what it is there."""

    code: str
    label: str
    products: int
    mapped: str
    suggestions: tuple[Suggestion, ...] = ()
    # It needs no word: the channel knows it by the name it has, or takes any.
    goes_as_it_is: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """A table, filled or yet to be: from the values of `source` to words of the channel's field."""

    field: TargetField
    source: str
    source_label: str
    rows: tuple[Row, ...]
    terms: tuple[Term, ...] = ()

    @property
    def address(self) -> str:
        """The source's name in addresses."""
        return "category" if self.source == CATEGORY else self.source

    @property
    def unmapped(self) -> list[Row]:
        return [row for row in self.rows if not row.mapped and not row.goes_as_it_is]

    @property
    def products_unmapped(self) -> int:
        """With a value that has no word there; one with two such values counts twice."""
        return sum(row.products for row in self.unmapped)


def base(channel: Channel) -> MappingVersion | None:
    """What the next version starts from: one that was kept and not put in force yet, else the one in force."""
    newest = MappingVersion.objects.filter(channel=channel).order_by("-number").first()
    if newest is None or channel.mapping is None or newest.number <= channel.mapping.number:
        return channel.mapping
    return channel.mapping if newest.activations.exists() else newest


def source_of(name: str) -> str:
    """A source by its name in addresses."""
    return CATEGORY if name == "category" else name


def propose(
    *, channel: Channel, field: TargetField, source: str, table: Mapping[str, str], user: User | None
) -> MappingVersion:
    """The next version of the mapping, with this table. Nothing is in force by that."""
    start = base(channel)
    rules = dict(start.rules) if start else {}
    had = table_of(rules.get(field.code), source)
    rules[field.code] = with_table(rules.get(field.code), source, table)
    changed = sum(had.get(code) != table.get(code) for code in had.keys() | table.keys())
    note = f"{field.label}: {changed} {'word' if changed == 1 else 'words'} of the table"
    return versions.propose(channel=channel, rules=rules, user=user, note=note)


def places(channel: Channel, connector: Connector, rules: Mapping[str, Rule]) -> list[tuple[TargetField, str]]:
    """Where a table may stand: (field, source). Fields with a tree of categories, and fields that options fill."""
    found: list[tuple[TargetField, str]] = []
    selects = set(Attribute.objects.filter(type__in=SELECTS).values_list("code", flat=True))
    for field in connector.target_fields:
        if field.taxonomy:
            found.append((field, CATEGORY))
        sources = (rules.get(field.code) or {}).get("from", [])
        found += [(field, s) for s in ([sources] if isinstance(sources, str) else sources) if s in selects]
    return found


def read(
    channel: Channel, connector: Connector, rules: Mapping[str, Rule], field: TargetField, source: str, *, suggest: bool
) -> Map:
    """The table with the products that each value concerns; unmapped first, then what most products have."""
    table = table_of(rules.get(field.code), source)
    used = _categories(channel) if source == CATEGORY else _options(channel, source)
    # The trees of categories are large, and of no use to who only counts.
    terms = tuple(vocabulary(channel, connector, field)) if suggest or not field.taxonomy else ()
    known = {text.casefold() for term in terms for text in (term.value, term.label)}
    values = {code: each.labels for code, each in used.items()}
    hints: dict[str, list[Suggestion]] = {}
    if suggest and source == CATEGORY:
        hints = shipped(channel, field, list(used), terms)
    if suggest:
        for code, more in known_elsewhere(channel, field, source, list(used), terms).items():
            hints.setdefault(code, []).extend(more)
    parents = {code: each.parent for code, each in used.items()}
    offered = suggestions(values, parents, table, terms, hints) if suggest else {}
    rows = [
        Row(
            code,
            each.path,
            each.products,
            table.get(code, ""),
            tuple(offered.get(code, ())),
            goes_as_it_is=source != CATEGORY and (not terms or not known.isdisjoint(map(str.casefold, each.labels))),
        )
        for code, each in used.items()
    ]
    rows.sort(key=lambda row: (bool(row.mapped) or row.goes_as_it_is, -row.products, row.label))
    name = "Categories" if source == CATEGORY else Attribute.objects.get(code=source).label()
    return Map(field, source, name, tuple(rows), terms)


@dataclass(frozen=True, slots=True)
class _Used:
    labels: tuple[str, ...]  # in all languages
    path: str
    parent: str
    products: int


def _placed(channel: Channel) -> QuerySet[Product]:
    """Those that whoever asks may see."""
    return seen(Product.objects.filter(placements__channel=channel)).order_by()


def _categories(channel: Channel) -> dict[str, _Used]:
    rows = Category.objects.filter(products__in=_placed(channel), trashed_at=None)
    counted = list(rows.annotate(n=Count("products", distinct=True)).order_by("path"))
    step = Category.steplen
    above = {row.path[:end] for row in counted for end in range(step, len(row.path), step)}
    names = {c.path: c.label() for c in Category.objects.filter(path__in=above)}
    found = {}
    for row in counted:
        steps = [names.get(row.path[:end], "") for end in range(2 * step, len(row.path), step)]
        path = " > ".join([*filter(None, steps), row.label()])
        found[row.code] = _Used(tuple(row.labels.values()), path, row.path[:-step], row.n)
    return found


def _options(channel: Channel, attribute: str) -> dict[str, _Used]:
    counts: dict[str, int] = {}
    key = f"values__{attribute}"
    placed = _placed(channel)
    variants = Variant.objects.filter(product__in=placed)
    for rows, counted in ((placed, Count("pk", distinct=True)), (variants, Count("product", distinct=True))):
        for value, n in rows.values_list(key).annotate(n=counted).order_by():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    counts[one] = counts.get(one, 0) + n
    labels: dict[str, dict[str, str]] = {}
    codes = sorted(counts)
    for start in range(0, len(codes), 500):
        held = AttributeOption.objects.filter(attribute__code=attribute, code__in=codes[start : start + 500])
        labels |= {option.code: option.labels for option in held}
    return {
        code: _Used(
            (code, *labels.get(code, {}).values()),
            labels.get(code, {}).get("en_US") or next(iter(labels.get(code, {}).values()), code),
            "",
            counts[code],
        )
        for code in codes
    }
