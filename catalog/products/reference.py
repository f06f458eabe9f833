"""What a write needs to know of the catalogue's configuration: one picture of it for a whole call."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from catalog import stamp
from catalog.attributes.spec import AttributeSpec
from catalog.attributes.types import type_of
from catalog.attributes.types.base import PRODUCTS
from catalog.models import (
    AssociationType,
    Attribute,
    AttributeOption,
    Category,
    ExternalSystem,
    Family,
    FamilyAttribute,
    Locale,
    Location,
    MediaAsset,
    PriceList,
    Product,
    ReferenceRecord,
    Scope,
)


@dataclass(slots=True)
class FamilyRules:
    row: Family
    attributes: set[str] = field(default_factory=set)
    on_variant: set[str] = field(default_factory=set)
    required: dict[str, set[str]] = field(default_factory=dict)  # scope code → attribute codes

    @property
    def needed(self) -> set[str]:
        """What any scope requires."""
        return set().union(*self.required.values())

    def copy(self) -> FamilyRules:
        required = {scope: set(codes) for scope, codes in self.required.items()}
        return FamilyRules(self.row, set(self.attributes), set(self.on_variant), required)


@dataclass(slots=True)
class Reference:
    """Configuration by code: read-only, but for what a batch mentions (`learn_…`), which grows with it."""

    attributes: dict[str, Attribute]
    specs: dict[str, AttributeSpec]
    families: dict[str, FamilyRules]
    locales: set[str]
    scopes: dict[str, list[str]]  # scope code → its locale codes
    scope_ids: dict[str, int]
    price_lists: dict[str, PriceList]
    locations: dict[str, Location]
    categories: set[str]  # grows with those that a batch mentions: a taxonomy has ten thousand
    association_types: dict[str, AssociationType] = field(default_factory=dict)
    systems: dict[str, ExternalSystem] = field(default_factory=dict)
    searchable: set[str] = field(default_factory=set)  # attributes whose text the search box finds
    indexed: dict[str, int] = field(default_factory=dict)  # attributes whose values filters find, with their ids
    options: dict[str, set[str]] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)  # by SHA-256, of those that a batch mentions

    def for_one_call(self) -> Reference:
        """The same to add to, without the others seeing it. Rows are shared: nobody changes them."""
        return replace(
            self,
            attributes=dict(self.attributes),
            specs=dict(self.specs),
            searchable=set(self.searchable),
            indexed=dict(self.indexed),
            families={code: rules.copy() for code, rules in self.families.items()},
            categories=set(),
            options={},
            pictures=set(),
        )

    def add(self, attribute: Attribute) -> None:
        """An attribute that is made on the way."""
        self.attributes[attribute.code], self.specs[attribute.code] = attribute, attribute.spec()
        if attribute.searchable:
            self.searchable.add(attribute.code)
        if attribute.filterable or attribute.unique or type_of(attribute.type).points:
            self.indexed[attribute.code] = attribute.pk

    def learn_categories(self, mentioned: set[str]) -> None:
        """Look up which of the mentioned categories there are."""
        unknown = mentioned - self.categories
        if unknown:
            found = Category.objects.filter(trashed_at__isnull=True, code__in=unknown)
            self.categories.update(found.values_list("code", flat=True))

    def learn_pictures(self, mentioned: set[str]) -> None:
        """Look up which of the mentioned uploads are held here."""
        found = MediaAsset.objects.filter(sha256__in=mentioned - self.pictures, url_digest__isnull=True)
        self.pictures.update(found.values_list("sha256", flat=True))

    def learn_options(self, mentioned: dict[str, set[str]]) -> None:
        """Look up which of the mentioned option codes exist; the full lists may be huge."""
        unknown = {a: codes - self.options.get(a, set()) for a, codes in mentioned.items()}
        for attribute, codes in unknown.items():
            found = AttributeOption.objects.filter(
                attribute_id=self.attributes[attribute].pk, code__in=codes
            ).values_list("code", flat=True)
            self.options.setdefault(attribute, set()).update(found)

    def learn_targets(self, mentioned: dict[str, set[tuple[str, str]]], *, coming: set[str]) -> None:
        """Look up which of the codes that values point to exist; `coming` are products of this very batch."""
        for attribute, targets in mentioned.items():
            known = self.options.setdefault(attribute, set())
            for to in {to for to, _ in targets}:
                codes = {code for where, code in targets if where == to} - known
                if to == PRODUCTS:
                    known |= set(Product.objects.filter(code__in=codes).values_list("code", flat=True))
                    known |= codes & coming
                else:
                    records = ReferenceRecord.objects.filter(entity__code=to, code__in=codes)
                    known |= set(records.values_list("code", flat=True))

    def reload(self) -> None:
        """Look at the configuration afresh."""
        now = load_reference()
        for each in fields(self):
            setattr(self, each.name, getattr(now, each.name))


def load_reference() -> Reference:
    """The configuration as this transaction sees it. Read from the database only after it changed."""
    return _kept().for_one_call()


def _read() -> Reference:
    families = {f.code: FamilyRules(row=f) for f in Family.objects.all()}
    by_id = {rules.row.pk: rules for rules in families.values()}
    for item in FamilyAttribute.objects.select_related("attribute").prefetch_related("required_for"):
        rules = by_id[item.family_id]
        rules.attributes.add(item.attribute.code)
        if item.on_variant:
            rules.on_variant.add(item.attribute.code)
        for scope in item.required_for.all():
            rules.required.setdefault(scope.code, set()).add(item.attribute.code)
    scopes = list(Scope.objects.prefetch_related("locales"))
    found = Reference(
        attributes={},
        specs={},
        families=families,
        locales=set(Locale.objects.values_list("code", flat=True)),
        scopes={s.code: [x.code for x in s.locales.all()] for s in scopes},
        scope_ids={s.code: s.pk for s in scopes},
        price_lists={p.code: p for p in PriceList.objects.select_related("currency")},
        locations={x.code: x for x in Location.objects.all()},
        categories=set(),
        association_types={a.code: a for a in AssociationType.objects.all()},
        systems={s.code: s for s in ExternalSystem.objects.all()},
    )
    for attribute in Attribute.objects.all():
        found.add(attribute)
    return found


_kept = stamp.Kept(_read)


def attribute_of(code: str) -> Attribute | None:
    """One attribute as this transaction sees it, kept like all of the configuration."""
    return _kept().attributes.get(code)
